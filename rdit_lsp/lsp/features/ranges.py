"""LSP ranges of places in a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.positions import to_units

if TYPE_CHECKING:
    from rdit_lsp.document.positions import Encoding


def range_in_line(line: int, first: int, last: int, text: str, encoding: Encoding) -> types.Range:
    """Columns `first` to `last`, in characters, of `line`, whose text is `text`; all from 0."""
    return types.Range(
        types.Position(line, to_units(text, first, encoding)),
        types.Position(line, to_units(text, last, encoding)),
    )
