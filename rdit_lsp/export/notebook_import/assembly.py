"""The cells of a notebook as one script that compiles.

Knows what holds for a file and not for a cell: what comes first, and in which encoding it is. Pure.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, replace
from tokenize import detect_encoding
from typing import TYPE_CHECKING

from rdit_lsp.export.notebook_import.cells import Code, Names, code_of, commented, refused
from rdit_lsp.export.notebook_import.compiling import reason, trouble_of_script
from rdit_lsp.export.notebook_import.module_rules import with_futures_first, without_globals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdit_lsp.export.notebook_import.reading import Cell, Notebook

_IN_UTF8 = "# -*- coding: utf-8 -*-"


@dataclass(frozen=True)
class Script:
    """The source that a notebook became, and what it lost."""

    text: str
    left: Sequence[int] = ()
    """Lines, from 1, that became comments, because only IPython can run them or Python can not."""
    refused: Sequence[tuple[int, str]] = ()
    """The first line of each cell that is no Python, and why it is none."""
    unchecked: Sequence[int] = ()
    """The first line of each cell that this Python does not take, and a newer one may."""


def script_of(notebook: Notebook) -> Script:
    """The notebook as a script.

    It compiles, but for cells that only a newer Python than this one can check.
    """
    draft = _in_utf8(_Draft((), tuple(_pieces(notebook))))
    for repaired in (_with_futures_first, _without_globals):
        if draft.trouble is not None:
            draft = repaired(draft)
    while (trouble := draft.trouble) is not None:
        dropped = _without_cell_of(draft, trouble)
        if dropped is draft:
            break
        draft = dropped
    return draft.script


@dataclass(frozen=True)
class _Piece:
    """A cell, and what it became."""

    cell: Cell
    code: Code
    is_checked: bool = True

    @property
    def is_live(self) -> bool:
        """Whether it is code that runs, as far as this Python can say."""
        return self.cell.kind == "code" and self.code.trouble is None

    @property
    def lines(self) -> list[str]:
        """Its lines in the script."""
        kind = "" if self.cell.kind == "code" else f"[{self.cell.kind}]"
        marker = " ".join(word for word in ("# %%", self.cell.title, kind) if word)
        lines = [marker, *self.code.lines]
        while not lines[-1]:
            lines.pop()
        return lines


@dataclass(frozen=True)
class _Draft:
    """A script that may not compile yet."""

    above: tuple[str, ...]
    """Lines before the first cell."""
    pieces: tuple[_Piece, ...]

    @property
    def placed(self) -> Iterator[tuple[int, _Piece]]:
        """The pieces and the lines, from 1, at which they begin."""
        line = len(self.above) + 1
        for piece in self.pieces:
            yield line, piece
            line += len(piece.lines) + 1

    @property
    def trouble(self) -> Exception | None:
        """Why it does not compile; what cannot be checked is left out."""
        pieces = [
            piece.lines if piece.is_checked else [""] * len(piece.lines) for piece in self.pieces
        ]
        return trouble_of_script(_joined(self.above, pieces))

    @property
    def script(self) -> Script:
        """The script that it is."""
        placed = list(self.placed)
        return Script(
            _joined(self.above, [piece.lines for piece in self.pieces]),
            [line + 1 + number for line, piece in placed for number in piece.code.left],
            [(n, reason(p.code.trouble)) for n, p in placed if p.code.trouble and p.is_checked],
            [line for line, piece in placed if not piece.is_checked],
        )


def _joined(above: Sequence[str], pieces: Sequence[Sequence[str]]) -> str:
    text = "\n\n".join("\n".join(lines) for lines in pieces)
    return "".join(f"{line}\n" for line in above) + (f"{text}\n" if text else "")


def _pieces(notebook: Notebook) -> Iterator[_Piece]:
    names = Names()
    is_newer = notebook.python > sys.version_info[:2]
    for cell in notebook.cells:
        if cell.kind != "code":
            yield _Piece(cell, Code(commented(cell.source)))
            continue
        code = _code_of(cell, names)
        if code.trouble is None or is_newer:
            yield _Piece(cell, code, code.trouble is None)
        else:
            yield _Piece(cell, refused(cell.source, code.trouble))
        names.add_of(cell.source, code)


def _code_of(cell: Cell, names: Names) -> Code:
    try:
        return code_of(cell.source, names)
    except RecursionError as error:  # Magics around magics around magics.
        return Code(cell.source.split("\n"), trouble=error)


def _changed(draft: _Draft, lines: Sequence[Sequence[str]]) -> _Draft:
    """The draft with other lines of its live pieces."""
    others = iter(lines)
    pieces = (
        replace(piece, code=replace(piece.code, lines=next(others))) if piece.is_live else piece
        for piece in draft.pieces
    )
    return replace(draft, pieces=tuple(pieces))


def _live(draft: _Draft) -> list[Sequence[str]]:
    return [piece.code.lines for piece in draft.pieces if piece.is_live]


def _with_futures_first(draft: _Draft) -> _Draft:
    first, lines = with_futures_first(_live(draft))
    return replace(_changed(draft, lines), above=(*draft.above, *first))


def _without_globals(draft: _Draft) -> _Draft:
    return _changed(draft, [without_globals(lines) for lines in _live(draft)])


def _without_cell_of(draft: _Draft, trouble: Exception) -> _Draft:
    """The draft with the cell at fault as comments; the same draft if that cannot be said."""
    at = getattr(trouble, "lineno", None) or 0
    placed = list(draft.placed)
    found = [n for n, (line, piece) in enumerate(placed) if line <= at and piece.is_live]
    if not found:
        return draft
    line, piece = placed[found[-1]]
    pieces = list(draft.pieces)
    trouble.lineno = at - line  # type: ignore[attr-defined]  # It had one, so it is a SyntaxError.
    pieces[found[-1]] = replace(piece, code=refused(piece.cell.source, trouble))
    return replace(draft, pieces=tuple(pieces))


def _in_utf8(draft: _Draft) -> _Draft:
    """The draft with a line that says how it is written, where a cell's comment says otherwise."""
    try:
        encoding, _ = detect_encoding(io.BytesIO(draft.script.text.encode()).readline)
    except SyntaxError:
        encoding = "unknown"
    return draft if encoding == "utf-8" else replace(draft, above=(_IN_UTF8,))
