"""The whole output of statements as one text, for an editor to open where a hover is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.pictures import picture_of
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import last_screen
from rdit_lsp.render.summary import as_text, state_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rdit_lsp.outputs.output import Output
    from rdit_lsp.outputs.pictures import Picture
    from rdit_lsp.results.snapshot import View


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


def to_copy(views: Sequence[View], keep: Callable[[Picture], Path | None]) -> str:
    """The results of statements to be pasted elsewhere, without a word of rdit's own.

    A picture is the path of the file that `keep` writes it to.
    """
    texts = [_to_copy(output, keep) for view in views for output in view.outputs]
    return "\n".join(text.rstrip("\n") for text in texts)


def _to_copy(output: Output, keep: Callable[[Picture], Path | None]) -> str:
    if isinstance(output, Stream):
        return last_screen(output.complete())
    if isinstance(output, Failure):
        return output.text
    picture = picture_of(output)
    path = keep(picture) if picture is not None else None
    return str(path) if path is not None else output.text


def _pieces(output: Output) -> Iterable[bytes]:
    if isinstance(output, Stream):
        return output.pieces()
    assert isinstance(output, Display | Failure)
    text = as_text(output) if isinstance(output, Display) else output.text
    text = text if text.endswith("\n") else text + "\n"
    return [text.encode("utf-8", "backslashreplace")]
