"""When a program is asked for the output that it holds back, on a clock that a test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.process.flush_nudge import (
    BLOCK,
    PAUSE,
    PAUSE_IN_LINE,
    TICKS_OUT_OF_WRITE,
    FlushNudge,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = b"a line\n"
MUCH = b"x" * BLOCK


class _Timer:
    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self.call = call
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class _Program:
    """A program at which a test decides what it does, and its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.nudges: list[float] = []
        self.pipe_holds = False
        self.ticks: int | None = None
        """None: it sleeps."""
        self._timers: list[_Timer] = []
        self.nudge = FlushNudge(
            lambda: self.nudges.append(self.now),
            lambda: self.pipe_holds,
            lambda: self.ticks,
            self._call_later,
        )
        self.nudge.begin()

    def advance(self, seconds: float) -> None:
        """Let time go on, and make the calls that are due in it."""
        end = self.now + seconds
        while due := [t for t in self._timers if t.due <= end and not t.is_cancelled]:
            timer = min(due, key=lambda t: t.due)
            self._timers.remove(timer)
            self.now = timer.due
            timer.call()
        self.now = end

    def _call_later(self, delay: float, call: Callable[[], None]) -> _Timer:
        timer = _Timer(self.now + delay, call)
        self._timers.append(timer)
        return timer


@pytest.fixture
def program() -> _Program:
    return _Program()


def test_after_a_line(program: _Program) -> None:
    """What `print` holds back would be shown only at the statement's end."""
    program.nudge.after(LINE)
    program.advance(PAUSE * 0.9)
    assert [] == program.nudges
    program.advance(PAUSE * 0.2)
    assert [PAUSE] == program.nudges
    program.advance(10.0)
    assert 1 == len(program.nudges)


def test_in_the_middle_of_a_line(program: _Program) -> None:
    """Half a line would stand there for a while."""
    program.nudge.after(b"half a ")
    program.advance(PAUSE_IN_LINE)
    assert [PAUSE_IN_LINE] == program.nudges


def test_one_nudge_for_many_chunks(program: _Program) -> None:
    """A program that prints a lot would do nothing but answer signals; and chunks must not put it off."""
    for _ in range(100):
        program.nudge.after(LINE)
        program.advance(PAUSE / 10)
    assert 9 <= len(program.nudges) <= 10


@pytest.mark.parametrize("ticks", [0, None], ids=["runs", "sleeps"])
def test_full_pipe_is_a_write(program: _Program, ticks: int | None) -> None:
    """A write that waits would be cut, and a program that does not look would lose output."""
    program.ticks, program.pipe_holds = ticks, True
    program.nudge.after(MUCH)
    program.advance(1.0)
    assert [] == program.nudges


def test_asleep_with_an_empty_pipe(program: _Program) -> None:
    """A program that sleeps after a lot of output would not show the end of it."""
    program.ticks = None
    program.nudge.after(MUCH)
    program.advance(PAUSE)
    assert 1 == len(program.nudges)


def test_runs_with_an_empty_pipe(program: _Program) -> None:
    """The reader may have been faster than a writer that only waits for the processor."""
    program.ticks = 5
    program.nudge.after(MUCH)
    program.advance(1.0)
    assert [] == program.nudges
    program.ticks = 5 + TICKS_OUT_OF_WRITE
    program.advance(PAUSE)
    assert 1 == len(program.nudges)


def test_every_large_chunk_begins_anew(program: _Program) -> None:
    """The time since an earlier write would count for the one under way."""
    program.ticks = 0
    program.nudge.after(MUCH)
    program.advance(PAUSE)
    program.ticks = TICKS_OUT_OF_WRITE
    program.nudge.after(MUCH)
    program.advance(PAUSE)
    assert [] == program.nudges
    program.ticks = 2 * TICKS_OUT_OF_WRITE
    program.advance(PAUSE)
    assert 1 == len(program.nudges)


def test_large_chunk_takes_a_planned_nudge_back(program: _Program) -> None:
    """A nudge planned after a short line would come into the large write after it."""
    program.nudge.after(b"half")
    program.nudge.after(MUCH)
    program.pipe_holds = True
    program.advance(1.0)
    assert [] == program.nudges


def test_small_chunks_are_no_danger(program: _Program) -> None:
    """A busy program would not be asked for its lines until it has run for a while."""
    program.ticks = 0
    program.nudge.after(LINE)
    program.advance(PAUSE)
    assert 1 == len(program.nudges)


def test_after_the_write_all_is_as_before(program: _Program) -> None:
    """One large write would make every later line late."""
    program.nudge.after(MUCH)
    program.advance(1.0)
    program.ticks = 0
    program.nudge.after(LINE)
    program.advance(PAUSE)
    assert 2 == len(program.nudges)


def test_only_while_a_statement_runs(program: _Program) -> None:
    """A signal would reach a program that waits, or the process that has its id by now."""
    program.nudge.after(LINE)
    program.nudge.end()
    program.advance(1.0)
    program.nudge.after(LINE)
    program.nudge.send_if_safe()
    program.advance(1.0)
    assert [] == program.nudges


def test_at_once_for_an_inspection(program: _Program) -> None:
    """Hover while a statement runs would wait for its end, or cut its output."""
    program.nudge.send_if_safe()
    assert [0.0] == program.nudges
    program.pipe_holds = True
    program.nudge.send_if_safe()
    assert [0.0] == program.nudges


@given(
    chunks=st.lists(st.sampled_from([LINE, b"half", MUCH, b"y" * BLOCK * 20]), min_size=1),
    pauses=st.lists(st.floats(0.0, 0.05), min_size=1),
)
def test_what_is_held_back_is_always_asked_for(chunks: list[bytes], pauses: list[float]) -> None:
    """Some order of chunks would leave the last of the output where it is until the statement's end."""
    program = _Program()
    for number, chunk in enumerate(chunks):
        program.nudge.after(chunk)
        program.advance(pauses[number % len(pauses)])
    last = program.now
    program.nudge.after(chunks[-1])
    program.advance(1.0)
    assert program.nudges[-1] >= last
