"""A document and its results cut into parts: some lines of code, and their results.

Pure: `Snapshot` in, parts out. Every format is written from these.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rdit_lsp.document.document import is_cell_marker
from rdit_lsp.outputs.display import Display

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.snapshot import Snapshot, View

_MARKER = re.compile(r"#\s*(?:%%+|In\[[^]]*\]:?)\s*(?P<title>.*?)\s*(?P<kind>\[\w+\])?\s*$")
_COMMENT = re.compile(r"# ?")


@dataclass(frozen=True)
class Part:
    """Consecutive lines of a document, and the results of the statements that end in them."""

    lines: Sequence[str]
    first: int
    """The first line's number, from 1."""
    views: Sequence[View] = ()
    prose: str | None = None
    """Markdown, where the lines are nothing but that."""
    begins_cell: bool = False
    title: str = ""
    """The title in the cell's marker."""

    @property
    def last(self) -> int:
        """The last line's number."""
        return self.first + len(self.lines) - 1

    @property
    def code(self) -> str:
        """The lines without the cell marker and the blank lines around them."""
        lines = list(self.lines[1:] if self.begins_cell else self.lines)
        while lines and not lines[-1].strip():
            lines.pop()
        while lines and not lines[0].strip():
            lines.pop(0)
        return "\n".join(lines)

    @property
    def first_of_code(self) -> int:
        """The number of the first line of `code`."""
        skipped = 1 if self.begins_cell else 0
        for line in self.lines[skipped:]:
            if line.strip():
                break
            skipped += 1
        return self.first + skipped

    @property
    def outputs(self) -> list[Output]:
        """The outputs of its statements."""
        return [output for view in self.views for output in view.outputs]


def parts(snapshot: Snapshot) -> list[Part]:
    """The document from its first line to its last; each statement with something to show ends a part."""
    lines = snapshot.document.lines
    found: list[Part] = []
    at = 1
    for first, last, views in _groups(snapshot):
        if first > at:
            found += _without_results(lines, at, first - 1)
        found.append(_part(lines, first, last, views))
        at = last + 1
    if at <= len(lines):
        found += _without_results(lines, at, len(lines))
    return list(_joined(found))


def without_unfinished_figures(snapshot: Snapshot) -> Snapshot:
    """The snapshot with each figure once, as the last of its statements has left it.

    In an editor every statement that adds to a figure shows the figure so far. On a page these would be
    the same picture again and again.
    """
    last = {
        output.figure: output
        for view in snapshot.views
        for output in view.outputs
        if isinstance(output, Display)
    }

    def is_finished(output: Output) -> bool:
        if not isinstance(output, Display) or not output.is_part:
            return True
        return output.figure is None or last[output.figure] is output

    def finished(view: View) -> View:
        outputs = [output for output in view.outputs if is_finished(output)]
        return view if len(outputs) == len(view.outputs) else replace(view, outputs=outputs)

    return replace(snapshot, views=[finished(view) for view in snapshot.views])


def cells(found: Sequence[Part]) -> list[Part]:
    """The parts as a notebook's cells: by the document's markers, or one each where it has none."""
    if not any(part.begins_cell for part in found):
        return [part for part in found if part.prose is not None or part.code or part.views]
    joined: list[Part] = []
    for part in found:
        previous = joined[-1] if joined else None
        apart = part.begins_cell or part.prose is not None or previous is None
        if apart or previous is None or previous.prose is not None:
            joined.append(part)
        else:
            joined[-1] = _both(previous, part)
    return [part for part in joined if part.prose is not None or part.code or part.views]


def is_prose(view: View, lines: Sequence[str]) -> bool:
    """Whether the statement, in a document with these lines, is text that stands for itself: Markdown.

    It has nothing that is worked out when it runs, and no other statement shares its lines.
    """
    if len(view.outputs) != 1 or not view.is_expr:
        return False
    (output,) = view.outputs
    return (
        isinstance(output, Display)
        and not output.about
        and output.data.get("text/markdown") == output.data.get("text/plain") is not None
        and _is_literal("\n".join(lines[view.first - 1 : view.last]))
    )


def _is_literal(source: str) -> bool:
    """Whether the source is one string without fields: an f-string's are code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # Perhaps right for a newer Python than this one: then it is no plain string.
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if isinstance(value, ast.JoinedStr):
        return all(isinstance(part, ast.Constant) for part in value.values)
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _groups(snapshot: Snapshot) -> Iterator[tuple[int, int, list[View]]]:
    """First line, last line and views of statements with something to show; one for shared lines."""
    limit = len(snapshot.document.lines)
    views = [view for view in snapshot.views if view.outputs or view.note or view.index < 0]
    views.sort(key=lambda view: (view.first, view.index))
    group: list[View] = []
    first = last = 0
    for view in views:
        if group and view.first > last:
            yield first, min(last, limit), group
            group = []
        if not group:
            first, last = view.first, view.last
        group.append(view)
        last = max(last, view.last)
    if group:
        yield first, min(last, limit), group


def _part(lines: Sequence[str], first: int, last: int, views: list[View]) -> Part:
    prose = None
    if len(views) == 1 and is_prose(views[0], lines):
        (output,) = views[0].outputs
        assert isinstance(output, Display)
        prose = str(output.data["text/markdown"])
    return Part(lines[first - 1 : last], first, views, prose)


def _without_results(lines: Sequence[str], first: int, last: int) -> Iterator[Part]:
    """Lines `first` to `last`, cut at cell markers."""
    begin = first
    for number in range(first, last + 1):
        if is_cell_marker(lines[number - 1]) and number > begin:
            yield _cell_part(lines[begin - 1 : number - 1], begin)
            begin = number
    yield _cell_part(lines[begin - 1 : last], begin)


def _cell_part(lines: Sequence[str], first: int) -> Part:
    marker = _MARKER.match(lines[0]) if is_cell_marker(lines[0]) else None
    if marker is None:
        return Part(lines, first)
    title, kind = marker["title"], marker["kind"]
    if kind in ("[markdown]", "[md]") and all(not x.strip() or x[0] == "#" for x in lines[1:]):
        text = "\n".join(_COMMENT.sub("", line, count=1) for line in lines[1:]).strip("\n")
        return Part(lines, first, prose=text, begins_cell=True, title=title)
    return Part(lines, first, begins_cell=True, title=title)


def _joined(found: Sequence[Part]) -> Iterator[Part]:
    """Code without results joined to the code after it, within a cell."""
    held: Part | None = None
    for part in found:
        if part.prose is not None or part.begins_cell:
            if held is not None:
                yield held
            held = None
        if part.prose is not None:
            yield part
        elif part.views:
            yield part if held is None else _both(held, part)
            held = None
        else:
            held = part if held is None else _both(held, part)
    if held is not None:
        yield held


def _both(one: Part, other: Part) -> Part:
    return Part(
        [*one.lines, *other.lines],
        one.first,
        [*one.views, *other.views],
        begins_cell=one.begins_cell,
        title=one.title,
    )
