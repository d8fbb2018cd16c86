"""A script with its results as comments below their statements.

Comments of an earlier export are replaced, so exporting an export changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.export.parts import is_prose
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import last_screen, printable
from rdit_lsp.render.summary import as_text, caveats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.snapshot import Snapshot, View

PREFIX = "#> "

_LINES = 200
"""Lines of one output at most."""
_LIMIT = 20_000


def script(snapshot: Snapshot) -> str:
    """The source with results."""
    document = snapshot.document
    inside = {n for placed in document.placed for n in range(placed.first, placed.last + 1)}
    after: dict[int, list[str]] = {}
    for view in snapshot.views:
        after.setdefault(view.last, []).extend(comments(view, document.lines))
    found: list[str] = []
    for number, line in enumerate(document.lines, 1):
        if number in inside or not (line.startswith(PREFIX) or line == PREFIX.rstrip()):
            found.append(line)
        found += after.pop(number, [])
    return "\n".join(found + [line for lines in after.values() for line in lines])


def comments(view: View, lines: Sequence[str]) -> list[str]:
    """The result of a statement of a document with these lines, as comment lines."""
    if is_prose(view, lines):
        return []
    texts = [_text(output) for output in view.outputs]
    if view.note:
        texts.append(view.note)
    if texts:
        texts += [f"({caveat})" for caveat in caveats(view)]
    found = [line for text in texts for line in _cut(text.rstrip("\n").split("\n"))]
    return [(PREFIX + _visible(line)).rstrip() for line in found]


def _text(output: Output) -> str:
    if isinstance(output, Stream):
        return last_screen(output.text(_LIMIT))
    if isinstance(output, Failure):
        return output.text
    assert isinstance(output, Display)
    return as_text(output)[:_LIMIT]


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= _LINES:
        return lines
    half = _LINES // 2
    return [*lines[:half], f"… {len(lines) - _LINES} lines left out …", *lines[-half:]]


def _visible(line: str) -> str:
    """The line without characters that end a comment or are not allowed in Python source."""
    line = printable(line)
    return "".join(c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}" for c in line if c != "\r")
