"""A result in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.outputs.stream import StreamBuffer
from rdit_lsp.render.summary import summary
from rdit_lsp.results.snapshot import View

if TYPE_CHECKING:
    from rdit_lsp.outputs.output import Output


def view(*outputs: Output) -> View:
    """A statement that has ended well with these outputs."""
    return View(0, 1, 1, is_expr=True, status="ok", outputs=outputs)


def written(text: str) -> View:
    """A statement that has written `text`."""
    stream = StreamBuffer("stdout", Path("never written"))
    stream.append(text.encode())
    return view(stream.freeze())


def test_progress_bars_earlier_states_do_not_count() -> None:
    """A bar that is over would say how much of its earlier states there is, which no terminal shows."""
    bar = "".join(f"\r{n}%|{'█' * n}" for n in range(101))
    assert f"100%|{'█' * 100}"[:99] + "…" == summary(written(bar + "\n"))
    assert summary(written(bar + "\rover\n")) == "over"
    assert summary(written("first\n" + bar + "\rover\n")) == "first ⏎ over"


def test_much_output_says_how_much() -> None:
    """The last line alone would pass for all there is."""
    assert summary(written("line\n" * 2000 + "last\n")) == "last (and 10 kB more)"
