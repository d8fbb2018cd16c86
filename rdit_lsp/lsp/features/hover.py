"""Hover: the full output of the statement under the cursor, and how it came about.

Pure but for large pictures, which become files. Tables are Markdown tables, pictures are images where the
client can show them, else a caption. HTML of user code never gets into it: clients differ in how they
render that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.api.profile import ImageSupport
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.markup import escaped, fenced, markdown_table, safe_markdown, text_of
from rdit_lsp.outputs.pictures import picture_of
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import last_screen, printable, size_text
from rdit_lsp.render.summary import caption, has_poor_text, state_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.outputs.output import Output
    from rdit_lsp.outputs.pictures import Picture, PictureFiles
    from rdit_lsp.results.snapshot import Snapshot, View

_LIMIT = 20_000
"""Characters of each output shown; editors lay out a hover before they show it."""
_ROOM = 90_000
"""Characters of all outputs together, pictures included: VS Code cuts what it renders at 100,000."""

_HEIGHT = 200
"""Pixels of a picture's height: VS Code's hovers have 250, and there is text below the picture."""


@dataclass(frozen=True)
class Images:
    """How a client shows images in Markdown."""

    file: Callable[[Picture], str | None] | None = None
    """The address of a file with a picture that is too large for the text; None where it shows no files."""
    has_sizes: bool = False
    """It reads `|width=…` at the end of an address, as VS Code does."""
    has_tight_tables: bool = False
    """It leaves no room between the columns of a table, so that their heads touch, as VS Code does."""


def images_for(support: ImageSupport, files: PictureFiles) -> Images | None:
    """How a client with this support shows images; None where it does not. `files` holds large ones."""

    def address(picture: Picture) -> str | None:
        path = files.keep(picture)
        return path.as_uri() if path is not None else None

    if support is ImageSupport.NONE:
        return None
    return (
        Images(address, has_sizes=True, has_tight_tables=True)
        if support is ImageSupport.VSCODE
        else Images()
    )


def hover(
    snapshot: Snapshot, line: int, images: Images | None = None, *, is_titled: bool = False
) -> types.Hover | None:
    """The hover at `line`, which counts from 1, or None where nothing has run or there is only a status.

    `images`: how the client shows pictures; None where it does not. `is_titled`: what a table is stands
    above it already.
    """
    views = [view for view in snapshot.at(line) if _says_something(view)]
    if not views:
        return None
    text = "\n\n---\n\n".join(_markdown(view, images, is_titled=is_titled) for view in views)
    start = types.Position(min(view.first for view in views) - 1, 0)
    end = types.Position(max(view.last for view in views), 0)
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, text), types.Range(start, end)
    )


def value_at(snapshot: Snapshot, line: int) -> str:
    """The text of the value that the hover at `line` shows, empty where it shows none."""
    shown = [output for view in snapshot.at(line) for output in view.outputs]
    return shown[-1].text if shown and isinstance(shown[-1], Display) else ""


def _says_something(view: View) -> bool:
    """Whether there is more to say than that all is well: an assignment would open a window for that."""
    is_well = view.status in ("ok", "notRun") and view.stale_reason is None
    return not is_well or view.reused or view.note is not None or bool(view.outputs)


def _markdown(view: View, images: Images | None, *, is_titled: bool = False) -> str:
    room = _ROOM
    parts: list[str] = []
    for number, output in enumerate(view.outputs):
        part = _shown(output, images, room, is_titled=is_titled)
        if len(part) > room:
            left = len(view.outputs) - number
            parts.append(f"*… and {left} more output{'s' if left > 1 else ''}*")
            break
        room -= len(part)
        parts.append(part)
    if view.note:
        parts.append(view.note)
    parts.append(f"*rdit: {state_in_words(view)}*")
    return "\n\n".join(part for part in parts if part)


def _shown(output: Output, images: Images | None, room: int, *, is_titled: bool) -> str:
    if isinstance(output, Stream):
        text = last_screen(output.text(_LIMIT))
        title = "" if output.name == "stdout" else "stderr:\n\n"
        return title + fenced(text, "text") if text.strip() else ""
    if isinstance(output, Failure):
        return fenced(_cut(output.text), "pytb")
    assert isinstance(output, Display)
    notes = [f"({escaped(note)})" for note in output.notes]
    return "\n\n".join([_display(output, images, room, is_titled=is_titled), *notes])


def _display(output: Display, images: Images | None, room: int, *, is_titled: bool) -> str:
    data = output.data
    if "text/markdown" in data:
        return safe_markdown(_cut(str(data["text/markdown"])))
    picture = picture_of(output)
    if picture is not None:
        return _picture(output, picture, images, room)
    html = str(data.get("text/html", ""))
    table = markdown_table(html) if html else None
    if table is not None and len(table) < _ROOM // 2:
        if images is not None and images.has_tight_tables:
            table = _with_room(table)
        return printable(table if is_titled else f"{escaped(caption(output))}\n\n{table}")
    if output.pretty:
        return fenced(_cut(output.pretty), "text")
    if output.layout:
        return fenced(_cut(output.layout), "python")
    if has_poor_text(output):
        text = str(data.get("text/latex", "")) or text_of(html)
        if text:
            return fenced(_cut(text), "latex" if "text/latex" in data else "text")
    return fenced(_cut(output.text), "python")


def _with_room(table: str) -> str:
    """A Markdown table with spaces that stay between its heads."""
    head, _, rows = table.partition("\n")
    return head.replace(" | ", "\u00a0\u00a0 | ") + "\n" + rows


def _picture(output: Display, picture: Picture, images: Images | None, room: int) -> str:
    """The picture itself where it can be shown, else what it is."""
    where = _address(picture, images, room) if images is not None else None
    if where is not None and images is not None:
        size = _size(picture) if images.has_sizes else ""
        return f"![{escaped(caption(output))}]({where}{size})"
    what = picture.mime.rpartition("/")[2].partition("+")[0].upper()
    return escaped(f"{caption(output)} ({what}, {size_text(len(picture.raw))})")


def _size(picture: Picture) -> str:
    """The size at which to show it: its own, or less so that all of it is in view."""
    if not (picture.width and picture.height):
        return ""
    scale = min(_HEIGHT / picture.height, 1.0)
    return f"|width={round(picture.width * scale)},height={round(picture.height * scale)}"


def _address(picture: Picture, images: Images, room: int) -> str | None:
    if len(picture.raw) * 4 // 3 + 100 <= room:
        return picture.data_uri
    return images.file(picture) if images.file is not None else None


def _cut(text: str) -> str:
    if len(text) <= _LIMIT:
        return printable(text)
    half = _LIMIT // 2
    return printable(f"{text[:half]}\n… {len(text) - _LIMIT} characters left out …\n{text[-half:]}")
