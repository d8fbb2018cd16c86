"""Inlay hints: one short line at the end of each statement that has something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.positions import to_units
from rdit_lsp.render import summary
from rdit_lsp.render.look import look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.document.positions import Encoding
    from rdit_lsp.results.snapshot import Snapshot, View


def inlay_hints(
    snapshot: Snapshot, encoding: Encoding, first: int, last: int
) -> list[types.InlayHint]:
    """The hints on lines `first` to `last`, which count from 1.

    A hint stands at the end of its statement, that of an error at the line that raised it. Those on one
    line are one. That a statement has not run is said once, below what has stopped the run.
    """
    by_line: dict[int, list[View]] = {}
    before: View | None = None
    for view in snapshot.views:
        line = view.mark_line or view.last
        if first <= line <= last and (view.status != "notRun" or _ends_run(before)):
            by_line.setdefault(line, []).append(view)
        before = view
    lines = snapshot.document.lines
    return [
        _hint(line, lines[line - 1], label, encoding)
        for line, views in by_line.items()
        if line <= len(lines) and (label := _label(views))
    ]


def _ends_run(view: View | None) -> bool:
    return view is not None and look(view) in ("error", "stopped")


def _label(views: Sequence[View]) -> str:
    return "  ".join(text for view in views if (text := summary.labelled(view)))


def _hint(line: int, text: str, label: str, encoding: Encoding) -> types.InlayHint:
    end = to_units(text, len(text), encoding)
    return types.InlayHint(types.Position(line - 1, end), label, padding_left=True)
