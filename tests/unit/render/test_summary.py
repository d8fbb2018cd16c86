"""A result in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.outputs.display import Display
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


def test_attributes_say_more_than_an_address() -> None:
    """An object would be an address beside the line, and what it is only in a hover."""
    about = {"rdit": {"type": "Account", "attributes": "Account(owner='Ada')"}}
    text = "<__main__.Account object at 0x7f00>"
    assert summary(view(Display("result", {"text/plain": text}, about))) == "Account(owner='Ada')"
    assert summary(view(Display("result", {"text/plain": "Ada's"}, about))) == "Ada's"


def test_assigned_value() -> None:
    """What is assigned would not be seen by those who want to."""
    assigned = replace(written(""), assigned="41")
    assert summary(assigned) == "41"
    assert summary(replace(written("said\n"), assigned="41")) == "41 · said"
