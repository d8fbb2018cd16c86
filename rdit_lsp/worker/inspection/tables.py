"""Rows of tables, arrays and lists, page by page: a client that scrolls asks for those in view.

Libraries are told by what their values have in common, and their code is called: only in a process that is
discarded afterwards. A page is bounded, however large its cells are.
"""

from itertools import islice

from ..display.mime_bundle import exact
from .lookup import is_a, on_type

if False:
    from typing import Any, Dict, Iterable, List

    Page = Dict[str, Any]
    Cells = List[str]

_ROWS = 500
"""Rows of a page."""
_COLUMNS = 200
_CELL = 200
"""Characters of a cell."""
_SIZE = 80_000
"""Bytes of a page as JSON, about."""


def is_table(value: "Any") -> bool:
    """Whether there are pages of it; runs no code of the program."""
    return is_a(value, list, tuple) or _has_rows(type(value))


def page(value: "Any", first: int, count: int) -> "Page":
    """`count` rows from row `first` on, fewer where they are large, and how many there are in all."""
    count = max(0, min(count, _ROWS))
    columns, rows, total = _page(value, max(0, first), count)
    return {"columns": columns, "rows": _bounded(rows), "total": total}


def _has_rows(kind: "type[Any]") -> bool:
    has = [on_type(kind, name) is not None for name in ("iloc", "slice", "tolist")]
    return on_type(kind, "shape") is not None and any(has)


def _page(value: "Any", first: int, count: int) -> "tuple[Cells, Iterable[Cells], int]":
    kind = type(value)
    if is_a(value, list, tuple):
        items = value[first : first + count]
        return ["", "value"], _numbered(first, ([repr(item)] for item in items)), len(value)
    total = int(value.shape[0])
    if on_type(kind, "iloc") is not None:
        return (*_of_pandas(value.iloc[first : first + count]), total)
    if on_type(kind, "slice") is not None:
        part = value.slice(first, count)
        columns = list(part.columns) if on_type(kind, "columns") else [part.name or "value"]
        rows = part.rows() if on_type(kind, "columns") else ([each] for each in part)
        return ["", *_names(columns)], _numbered(first, rows), total
    part = value[first : first + count]
    if len(value.shape) == 1:
        return ["", "value"], _numbered(first, ([each] for each in part)), total
    return ["", *_names(range(value.shape[1]))], _numbered(first, part), total


def _of_pandas(part: "Any") -> "tuple[Cells, Iterable[Cells]]":
    index = part.index
    labels = [_cell(label) for label in index]
    corner = _cell(index.name) if index.name is not None else ""
    if on_type(type(part), "columns") is None:
        name = part.name if part.name is not None else "value"
        return [corner, _cell(name)], ([label, _cell(each)] for label, each in zip(labels, part))
    names = _names(part.columns)
    # By column: a row of a frame would have one type for all of its cells.
    cells = [[_cell(each) for each in part.iloc[:, number]] for number in range(len(names))]
    return [corner, *names], ([label, *row] for label, row in zip(labels, zip(*cells)))


def _numbered(first: int, rows: "Iterable[Any]") -> "Iterable[Cells]":
    for number, row in enumerate(rows, first):
        yield [str(number), *(_cell(each) for each in islice(row, _COLUMNS))]


def _names(columns: "Iterable[Any]") -> "Cells":
    return [_cell(each) for each in islice(columns, _COLUMNS)]


def _cell(value: "Any") -> str:
    text = "%.6g" % value if isinstance(value, float) else exact(str(value))
    text = " ".join(text.split())
    return text if len(text) <= _CELL else text[:_CELL] + "…"


def _size(cell: str) -> int:
    """The bytes of a cell as JSON, at most: a character that is not ASCII may be escaped with twelve."""
    return 4 + len(cell) if cell.isascii() else 4 + 12 * len(cell)


def _bounded(rows: "Iterable[Cells]") -> "list[Cells]":
    """The first of the rows, as many as have room: at least one, so that the next page begins later."""
    kept: "list[Cells]" = []
    left = _SIZE
    for row in rows:
        left -= sum(map(_size, row))
        if kept and left < 0:
            break
        kept.append(row)
    return kept
