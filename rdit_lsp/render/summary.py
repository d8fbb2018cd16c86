"""A result in one short line, for every client that has one line for it.

Pure: `View` in, text out. Marks and words both tell a fresh result from a stale, running or failed one,
so that it can be read without colour.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import decode, last_screen, printable, size_text
from rdit_lsp.render.look import look

if TYPE_CHECKING:
    from rdit_lsp.render.look import Look
    from rdit_lsp.results.snapshot import View

WIDTH = 100
"""Characters of a line at most. VS Code shows 43 of an inlay hint by default, others show all."""

MARKS: dict[Look, str] = {
    "fresh": "→",
    "restored": "↺",
    "stale": "~",
    "outOfOrder": "↷",
    "running": "⋯",
    "error": "✗",
    "stopped": "■",
    "notRun": "·",
}
"""What each line begins with."""

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of the rest of the line around."""

_BREAK = re.compile(r"[^\S ]")
"""Space that is not plain. Plain spaces stay as many as they are: a progress bar is filled up with them."""

_TITLE = 60
"""Characters of a picture's title."""

_TELLING = 60
"""Characters up to which the text of an array tells more than its shape."""

_POOR = re.compile(r"<[\w.]+( object)?( at 0x[0-9a-fA-F]+)?>")
_HEADING = re.compile(r"^#{1,6}\s+")
_BOLD = re.compile(r"(?<!\w)\*\*(?=\S)(.+?)(?<=\S)\*\*(?!\w)")
"""The marks of Markdown that are in the way on one line; powers, as in `2**8`, are not among them."""

_WARNING = re.compile(r"^[^\n:]+:\d+: (\w*Warning: .*)(?:\n  .*)?$", re.MULTILINE)
"""A warning as Python prints it: the place, what is said, and the line of code if there is one."""

_PLOTTED = re.compile(
    r"[\[(]?<(matplotlib|mpl_toolkits)\.|\(array\(.*<BarContainer object", re.DOTALL
)
"""What calls of matplotlib return that draw: artists, lists of them, and the numbers of a histogram."""

_IN_FILE = re.compile(r" \([^()]*\.py, line \d+\)$")
"""Where a SyntaxError is; its mark stands there."""

_SCANNED = 4000
"""Characters of a stream looked at: a summary never needs more than its end."""


def mark(view: View) -> str:
    """The sign for the look of a result."""
    return MARKS[look(view)]


def labelled(view: View) -> str:
    """Mark, summary, and in words what the mark says; empty where there is nothing to say.

    Why a result is stale is said where the cause is: said again at every line below, it would push the
    results out of sight.
    """
    text = summary(view)
    note = _note(view, text)
    if not text and view.stale_reason is None and view.status == "ok":
        return ""
    return " ".join(part for part in (mark(view), _short(text, WIDTH - len(note)), note) if part)


def _note(view: View, text: str) -> str:
    if look(view) == "outOfOrder" or view.out_of_order:
        return "(out of order)"
    words = ["restored"] if view.restored else []
    if view.stale_reason is not None:
        words += [f"stale: {view.stale_reason}"] if view.is_cause else []
    elif view.reused and text:
        words.append("reused")
    return f"({', '.join(words)})" if words else ""


def summary(view: View) -> str:
    """What the statement came to, without mark and without saying whether it is stale."""
    if view.status == "notRun":
        return "not run"
    if view.status == "running":
        said = _streams(view)
        return f"running: {said}" if said else "running"
    if view.note is not None and view.status == "crashed":
        return view.note
    words = {
        "interrupted": "interrupted",
        "timeout": "timed out",
        "exit": f"exit {view.exit_code or 0}",
    }
    parts = [words[view.status]] if view.status in words else []
    for output in reversed(view.outputs):
        if isinstance(output, Failure) and view.status == "error":
            parts.append(_failure(output))
            break
        if isinstance(output, Display) and not is_by_the_way(output) and not view.is_docstring:
            parts.append(_one_line(output))
            break
    streams = _streams(view)
    if view.assigned and not parts:
        parts.append(view.assigned)
    if streams:
        parts.append(streams)
    return _short(" · ".join(part for part in parts if part), WIDTH)


def is_by_the_way(output: Display) -> bool:
    """Whether a value is only what a call that draws returns: an axis, a text, lines of a plot.

    The figure is what is to be seen. Where a file shows its figures itself, each line that builds one up
    would have such a value beside it.
    """
    is_part_unshown = output.about.get("part") is False
    return not output.has_picture and (is_part_unshown or bool(_PLOTTED.match(output.text)))


def _streams(view: View) -> str:
    """The last line written, and how much more there is."""
    streams = [output for output in view.outputs if isinstance(output, Stream)]
    if not streams:
        return ""
    lines: list[str] = []
    size = 0
    for stream in streams:
        text, left = _what_is_left(stream)
        size += left
        if stream.name == "stderr":
            text = _WARNING.sub(r"\1", text)
        lines += [line for line in text.split("\n") if line.strip()]
    if not lines:
        return ""
    if size > _SCANNED:
        return f"{_short(lines[-1].strip(), 60)} (and {size_text(size)} more)"
    if len(lines) == 1:
        return lines[0].strip()
    if len(lines) <= 3:
        return " ⏎ ".join(line.strip() for line in lines)
    return f"{_short(lines[-1].strip(), 60)} (last of {len(lines)} lines)"


def _what_is_left(stream: Stream) -> tuple[str, int]:
    """What a terminal shows of a stream, at most about `_SCANNED` characters of it, and how much that is.

    The earlier states of a progress bar are long, and not wanted.
    """
    if stream.size > _SCANNED and stream.spill is None:
        whole = stream.head + stream.tail
        left = b"\n".join(line.rstrip(b"\r").rpartition(b"\r")[2] for line in whole.split(b"\n"))
        if len(left) <= _SCANNED:
            return last_screen(decode(left)), len(left)
    return last_screen(stream.text(_SCANNED)), stream.size


def _failure(failure: Failure) -> str:
    value = _IN_FILE.sub("", " ".join(failure.value.split()))
    return f"{failure.name}: {value}" if value else failure.name


def _one_line(output: Display) -> str:
    """A display in one line: its text if that is short and says something, else what it is."""
    text = output.text[: 4 * WIDTH].strip()
    about = output.about
    is_long = "\n" in text or len(text) > _TELLING
    if small := _small_array(output):
        return small
    if output.has_picture or (about.get("shape") and is_long):
        return caption(output)
    if has_poor_text(output):
        text = _better_text(output)[: 4 * WIDTH] or text
    elif _POOR.fullmatch(text) and isinstance(about.get("attributes"), str):
        text = about["attributes"]
    if text == str(output.data.get("text/markdown"))[: 4 * WIDTH].strip():
        text = _title_of(text)
    lines = [line.strip() for line in text.strip().split("\n")]
    if len(lines) > 1:
        return f"{_short(' '.join(line for line in lines if line), WIDTH - 12)}"
    return lines[0]


def _small_array(output: Display) -> str:
    """A small array or Series by what is in it; empty for anything else, and for what is too long."""
    about, text = output.about, output.text
    shape = _numbers(about.get("shape"))
    if output.has_picture or not shape or "\n" not in text:
        return ""
    rows = text.strip().split("\n")
    if len(shape) == 1 and str(about.get("type")).endswith("Series"):
        named = [re.split(r"\s{2,}", row.strip(), maxsplit=1) for row in rows]
        pairs = [f"{pair[0]}: {pair[1]}" for pair in named if len(pair) == 2]
        found = ", ".join(pairs) if len(pairs) == shape[0] else ""
    else:
        is_table = "text/html" in output.data
        found = "" if is_table else " ".join(" ".join(rows).split())
    return found if len(found) <= _TELLING else ""


def _title_of(markdown: str) -> str:
    """The first line of Markdown, since all of it on one line is neither prose nor a list."""
    first, more, _ = markdown.partition("\n")
    return _BOLD.sub(r"\1", _HEADING.sub("", first)) + (" …" if more else "")


def caption(output: Display) -> str:
    """What a value is: `DataFrame 1,204 × 8`, `Figure 640×480: Sales`, `ndarray 1,000 × 3 float64`."""
    about = output.about
    kind = str(about.get("type") or "")
    pixels, shape = _numbers(about.get("pixels")), _numbers(about.get("shape"))
    if output.has_picture:
        size = "×".join(map(str, pixels))
        title = _short(str(about.get("title") or ""), _TITLE)
        return f"{kind or 'Picture'} {size}".rstrip() + (f": {title}" if title else "")
    if shape:
        size = " × ".join(f"{number:,}" for number in shape)
        of = "of " if len(shape) == 1 else ""
        types = _types(about)
        return f"{kind} {of}{size} {f'({types})' if types and types[0] != '(' else types}".strip()
    return kind or "Display"


def as_text(output: Display) -> str:
    """A display where there is only text: pictures by what they are, and what could not be shown."""
    text = output.text
    if output.has_picture:
        text = f"[{caption(output)}]"
    elif has_poor_text(output):
        text = _better_text(output) or text
    return "\n".join([text, *(f"({note})" for note in output.notes)])


def has_poor_text(output: Display) -> bool:
    """Whether the plain text only says that there is an object, and something else says more."""
    text = output.text.strip()
    better = {"text/html", "text/latex", "text/markdown"} & output.data.keys()
    return bool(better) and (not text or _POOR.fullmatch(text) is not None)


def _better_text(output: Display) -> str:
    from rdit_lsp.outputs.markup import (
        text_of,  # It takes long to import, and most values need none.
    )

    for mime in ("text/latex", "text/markdown"):
        if text := str(output.data.get(mime, "")).strip():
            return text
    return text_of(str(output.data.get("text/html", "")))


def _types(about: dict[str, Any]) -> str:
    """The types of elements or columns, the most frequent first."""
    if isinstance(about.get("dtype"), str):
        return str(about["dtype"])
    found = about.get("dtypes")
    if not isinstance(found, list) or not found:
        return ""
    counted = Counter(map(str, found)).most_common(4)
    more = ", …" if len(set(map(str, found))) > len(counted) else ""
    return f"({', '.join(name for name, _ in counted)}{more})"


def _numbers(found: object) -> list[int]:
    if not isinstance(found, list):
        return []
    return [number for number in found if isinstance(number, int)]


def _short(text: str, width: int) -> str:
    """`text` on one line of at most `width` characters; a newline in a label breaks real editors."""
    parts = (part.strip() for part in _BREAK.split(last_screen(text)))
    text = _INVISIBLE.sub("", printable(" ".join(part for part in parts if part)))
    return text if len(text) <= width else text[: max(width - 1, 1)] + "…"


def state_in_words(view: View) -> str:
    """One line: fresh or stale and why, how it ended, and how long it took."""
    ended = {
        "ok": "fresh",
        "error": "failed, as a clean run does",
        "exit": f"exited with code {view.exit_code or 0}, as a clean run does",
        "interrupted": "interrupted before its end",
        "timeout": "stopped by the time limit",
        "crashed": "ended Python",
        "running": "running",
        "notRun": "not run",
    }[view.status]
    if view.stale_reason is not None:
        ended = "out of order" if view.out_of_order else "stale"
        ended = f"{ended}: {view.stale_reason}"
    if view.restored:
        is_right = view.stale_reason is None
        more = "; run to have its variables" if is_right and view.status == "ok" else f"; {ended}"
        ended = f"{_restored(view)}{more}"
    elif view.reused and view.stale_reason is None:
        ended = f"{ended}, reused from an earlier run"
    took = "" if view.seconds is None else f" · {duration(view.seconds)}"
    return f"{ended}{took}"


def caveats(view: View) -> list[str]:
    """What is to be said beside a result wherever it is shown: that it is of an earlier run, or stale."""
    found = [_restored(view)] if view.restored else []
    if view.stale_reason is not None:
        found.append(f"stale: {view.stale_reason}")
    return found


def as_sentence(caveat: str) -> str:
    """A caveat that stands by itself."""
    return f"{caveat[:1].upper()}{caveat[1:]}."


def _restored(view: View) -> str:
    """Which run a restored result is of."""
    when = datetime.fromtimestamp(view.ran_at or 0.0)
    return f"restored from a run at {when:%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """Seconds as a person would say them."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms" if seconds >= 0.0001 else "under 0.1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
