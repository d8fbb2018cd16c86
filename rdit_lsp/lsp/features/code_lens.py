"""Code lenses: a command above each cell, or above each statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.document import is_cell_marker

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.results.snapshot import Snapshot


def code_lenses(snapshot: Snapshot) -> list[types.CodeLens]:
    """A lens above each cell, or above each statement where there are no cells."""
    document = snapshot.document
    cells = [number for number, line in enumerate(document.lines, 1) if is_cell_marker(line)]
    if cells:
        return [_lens(line, "Run cell", document, "cell") for line in cells]
    firsts = dict.fromkeys(placed.first for placed in document.placed)
    return [_lens(line, "Run", document, "statement") for line in firsts]


def _lens(line: int, title: str, document: Document, scope: str) -> types.CodeLens:
    start = types.Position(line - 1, 0)
    arguments = {
        "uri": document.uri,
        "scope": scope,
        "position": {"line": line - 1, "character": 0},
    }
    command = types.Command(f"▶ {title}", "rdit/execute", arguments=[arguments])
    return types.CodeLens(types.Range(start, start), command)
