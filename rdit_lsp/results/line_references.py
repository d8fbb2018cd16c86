"""Lines of the document that a result refers to, in tracebacks and warnings, and where they are now.

A fresh result stays true when comments above it come and go, but for the line numbers in it. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.outputs.failure import Frame
    from rdit_lsp.outputs.output import Output

_WARNING = re.compile(
    r"^(?P<file>[^\n:]+):(?P<line>\d+): (?P<kind>\w*Warning): (?P<text>.*)$", re.MULTILINE
)
_SCANNED = 20_000
"""Characters of a stream that are searched for warnings."""


@dataclass(frozen=True)
class LineReferences:
    """The lines that a result speaks of, and where they were when it ran."""

    path: str
    """The document's name in them."""
    places: Mapping[int, tuple[int, str, int]]
    """The line then → index and text of the statement it was in, and which of its lines, from 0."""

    def lines_in(self, document: Document) -> dict[int, int]:
        """The lines then → the same lines in `document`, whose statements must mean the same."""
        return {
            line: document.firsts[index] + _followed(text, document.statements[index].text, offset)
            for line, (index, text, offset) in self.places.items()
            if index < len(document.statements)
        }


def references_in(
    outputs: Sequence[Output], path: str, document: Document
) -> LineReferences | None:
    """The lines of `document`, which ran as the file `path`, that `outputs` speak of; None without any."""
    places = {}
    for line in {line for output in outputs for line in _lines(output, path)}:
        index = bisect_right(document.firsts, line) - 1
        if index >= 0:
            places[line] = index, document.statements[index].text, line - document.firsts[index]
    return LineReferences(path, places) if places else None


def warnings(stream: Stream) -> Iterator[re.Match[str]]:
    """What the `warnings` module printed: matches with file, line, kind and text."""
    return _WARNING.finditer(stream.text(_SCANNED))


def moved(output: Output, path: str, lines: Mapping[int, int]) -> Output:
    """A failure whose lines of the file `path` are given as they are now; anything else as it is."""
    if not isinstance(output, Failure):
        return output

    def now(match: re.Match[str]) -> str:
        line = int(match[2])
        return f"{match[1]}{lines.get(line, line)}"

    frames = tuple(_moved(f, lines) if f.file == path else f for f in output.frames)
    return replace(output, frames=frames, text=_in_text(path).sub(now, output.text))


@lru_cache(maxsize=256)
def _followed(old: str, new: str, offset: int) -> int:
    """Which line of `new` is line `offset` of `old`; a guess where that was laid out anew."""
    if old == new:
        return offset
    before, after = (["".join(line.split()) for line in text.split("\n")] for text in (old, new))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    alike = [(0, 0), *((b.a, b.b) for b in matcher.get_matching_blocks() if b.a <= offset)]
    return min(alike[-1][1] + offset - alike[-1][0], new.count("\n"))


def _moved(frame: Frame, lines: Mapping[int, int]) -> Frame:
    by = lines.get(frame.line, frame.line) - frame.line
    end_line = None if frame.end_line is None else frame.end_line + by
    return replace(frame, line=frame.line + by, end_line=end_line)


def _lines(output: Output, path: str) -> Iterator[int]:
    if isinstance(output, Failure):
        yield from (frame.line for frame in output.frames if frame.file == path)
        yield from (int(match[2]) for match in _in_text(path).finditer(output.text))
    elif isinstance(output, Stream) and output.name == "stderr":
        yield from (int(match["line"]) for match in warnings(output) if match["file"] == path)


def _in_text(path: str) -> re.Pattern[str]:
    """A frame's line in a traceback, also in the frame that is drawn around an exception group."""
    return re.compile(rf'^([ |+]*File "{re.escape(path)}", line )(\d+)', re.MULTILINE)
