"""Hover: the full output of the statement under the cursor, and how it came about.

Tables are Markdown tables, pictures `data:` images where the client can show them, else a caption. HTML
of user code never gets into it: clients differ in what they make of that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.features.summary import caption, has_poor_text
from rdit_lsp.markup import escaped, markdown_table, safe_markdown, text_of
from rdit_lsp.outputs import Display, Failure, Stream, last_screen, printable, size_text

if TYPE_CHECKING:
    from rdit_lsp.outputs import Output
    from rdit_lsp.snapshot import Snapshot, View

_LIMIT = 20_000
"""Characters of each output shown; editors lay out a hover before they show it."""
_PICTURE = 90_000
"""Characters of a picture in a hover: VS Code cuts what it renders at 100,000."""

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_FENCE = re.compile(r"`{3,}")


def hover(snapshot: Snapshot, line: int, *, images: bool = False) -> types.Hover | None:
    """The hover at `line`, which counts from 1, or None where nothing has run.

    `images`: the client shows `data:` images in Markdown.
    """
    views = snapshot.at(line)
    if not views:
        return None
    text = "\n\n---\n\n".join(_markdown(view, images=images) for view in views)
    start = types.Position(min(view.first for view in views) - 1, 0)
    end = types.Position(max(view.last for view in views), 0)
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, text), types.Range(start, end)
    )


def state_in_words(view: View) -> str:
    """One line: fresh or stale and why, how it ended, and how long it took."""
    ended = {
        "ok": "fresh",
        "error": "fresh, ended with an error",
        "exit": f"fresh, exited with code {view.exit_code or 0}",
        "interrupted": "interrupted before its end",
        "timeout": "stopped by the time limit",
        "crashed": "ended Python",
        "running": "running",
        "notRun": "not run",
    }[view.status]
    if view.stale_reason is not None:
        ended = f"stale: {view.stale_reason}"
    elif view.reused:
        ended = f"{ended}, reused from an earlier run"
    took = "" if view.seconds is None else f" · {_duration(view.seconds)}"
    return f"{ended}{took}"


def fenced(text: str, language: str) -> str:
    """A code block that no run of backquotes in `text` can end."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    body = printable(text.rstrip("\n"))
    return f"{fence}{language}\n{body}\n{fence}"


def _markdown(view: View, *, images: bool) -> str:
    room = _PICTURE if images else 0
    parts = []
    for output in view.outputs:
        part = _shown(output, room)
        room -= len(part)
        parts.append(part)
    if view.note:
        parts.append(view.note)
    parts.append(f"*rdit: {state_in_words(view)}*")
    return "\n\n".join(part for part in parts if part)


def _shown(output: Output, room: int) -> str:
    if isinstance(output, Stream):
        title = "" if output.name == "stdout" else "stderr:\n\n"
        return title + fenced(last_screen(output.text(_LIMIT)), "text")
    if isinstance(output, Failure):
        return fenced(output.text, "pytb")
    assert isinstance(output, Display)
    notes = [f"*{escaped(note)}*" for note in output.notes]
    return "\n\n".join([_display(output, room), *notes])


def _display(output: Display, room: int) -> str:
    data = output.data
    if "text/markdown" in data:
        return safe_markdown(_cut(str(data["text/markdown"])))
    picture = next((mime for mime in _PICTURES if mime in data), None)
    if picture is not None:
        return _picture(output, picture, room)
    html = str(data.get("text/html", ""))
    table = markdown_table(html) if html else None
    if table is not None:
        return printable(f"{escaped(caption(output))}\n\n{table}")
    if has_poor_text(output):
        text = str(data.get("text/latex", "")) or text_of(html)
        if text:
            return fenced(_cut(text), "latex" if "text/latex" in data else "text")
    return fenced(_cut(output.text), "python")


def _picture(output: Display, mime: str, room: int) -> str:
    """The picture itself where there is room for it, else what it is."""
    content = str(output.data[mime])
    if len(content) <= room:
        return f"![{escaped(caption(output))}](data:{mime};base64,{content})"
    size = size_text(len(content) * 3 // 4)
    return escaped(f"{caption(output)} ({mime.rpartition('/')[2].upper()}, {size})")


def _cut(text: str) -> str:
    if len(text) <= _LIMIT:
        return printable(text)
    half = _LIMIT // 2
    return printable(f"{text[:half]}\n… {len(text) - _LIMIT} characters left out …\n{text[-half:]}")


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
