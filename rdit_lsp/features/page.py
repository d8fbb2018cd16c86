"""The whole output of statements as one text, for an editor to open where a hover is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.features.hover import state_in_words
from rdit_lsp.features.summary import as_text
from rdit_lsp.outputs import Display, Failure, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rdit_lsp.outputs import Output
    from rdit_lsp.snapshot import View


def write(views: Sequence[View], path: Path) -> None:
    """Write a page of `views` to `path`; outputs that are on disk are copied, not read into memory."""
    with path.open("wb") as page:
        for view in views:
            lines = f"{view.first}" if view.first == view.last else f"{view.first}-{view.last}"
            page.write(f"# rdit: line {lines}, {state_in_words(view)}\n".encode())
            for output in view.outputs:
                for piece in _pieces(output):
                    page.write(piece)
            if view.note:
                page.write(f"{view.note}\n".encode())
            page.write(b"\n")


def _pieces(output: Output) -> Iterable[bytes]:
    if isinstance(output, Stream):
        return output.pieces()
    assert isinstance(output, Display | Failure)
    text = as_text(output) if isinstance(output, Display) else output.text
    text = text if text.endswith("\n") else text + "\n"
    return [text.encode("utf-8", "backslashreplace")]
