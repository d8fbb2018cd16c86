"""Inlay hints: one short line at the end of each statement that has something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.positions import to_units
from rdit_lsp.render import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.document.positions import Encoding
    from rdit_lsp.results.snapshot import Snapshot, View


def inlay_hints(
    snapshot: Snapshot, encoding: Encoding, first: int, last: int
) -> list[types.InlayHint]:
    """The hints of statements that end on lines `first` to `last`, which count from 1.

    Statements that share their last line share a hint.
    """
    by_line: dict[int, list[View]] = {}
    for view in snapshot.views:
        if first <= view.last <= last:
            by_line.setdefault(view.last, []).append(view)
    lines = snapshot.document.lines
    return [
        _hint(line, lines[line - 1], label, encoding)
        for line, views in by_line.items()
        if line <= len(lines) and (label := _label(views))
    ]


def _label(views: Sequence[View]) -> str:
    return "  ".join(text for view in views if (text := summary.labelled(view)))


def _hint(line: int, text: str, label: str, encoding: Encoding) -> types.InlayHint:
    end = to_units(text, len(text), encoding)
    return types.InlayHint(types.Position(line - 1, end), label, padding_left=True)
