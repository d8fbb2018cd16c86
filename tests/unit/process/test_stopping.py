"""How a statement is stopped that does not stop by itself."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from support import instant_loop

from rdit_lsp.process.stopping import LADDER, Ladder


class _Stubborn:
    """A program that notes what is done to it, and when."""

    launch = SimpleNamespace(path="/a.py")

    def __init__(self) -> None:
        self.done: list[tuple[float, str]] = []

    def interrupt(self) -> None:
        self._note("interrupt")

    def kill_children(self) -> int:
        self._note("kill children")
        return 0

    def kill(self) -> None:
        self._note("kill")

    def _note(self, what: str) -> None:
        self.done.append((asyncio.get_running_loop().time(), what))


def stop(after: float) -> tuple[_Stubborn, Ladder]:
    """Stop a program that gives in after so many seconds, by a clock that takes no time."""
    program = _Stubborn()

    async def climb() -> Ladder:
        ladder = Ladder(program)
        await asyncio.sleep(after)
        ladder.leave()
        await asyncio.sleep(100.0)
        return ladder

    return program, instant_loop.run(climb())


def test_every_rung_in_its_time() -> None:
    """Code that no interrupt stops would run on, or be killed before it could stop by itself."""
    program, ladder = stop(50.0)
    assert [
        (0.0, "interrupt"),
        (1.0, "interrupt"),
        (2.0, "kill children"),
        (4.0, "kill"),
    ] == program.done
    assert LADDER[-1][1] == ladder.means
    assert ladder.was_needed


@pytest.mark.parametrize(
    ("after", "count", "was_needed"), [(0.5, 1, False), (1.5, 2, True), (3.0, 3, True)]
)
def test_no_further_than_needed(after: float, count: int, *, was_needed: bool) -> None:
    """The statement after the one that was stopped would be killed."""
    program, ladder = stop(after)
    assert count == len(program.done)
    assert (LADDER[count - 1][1], was_needed) == (ladder.means, ladder.was_needed)


def test_stopped_before_anything_was_done() -> None:
    """A result would say that it had to be stopped where nothing was done."""
    program = _Stubborn()

    async def climb() -> Ladder:
        ladder = Ladder(program)
        ladder.leave()
        await asyncio.sleep(10.0)
        return ladder

    ladder = instant_loop.run(climb())
    assert ([], None, False) == (program.done, ladder.means, ladder.was_needed)
