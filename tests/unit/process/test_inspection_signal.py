"""When a program is signalled that it is to be inspected, on a clock that a test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rdit_lsp.process.inspection_signal import (
    BLOCK,
    PAUSE,
    TICKS_OUT_OF_WRITE,
    InspectionSignal,
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
        self.signals: list[float] = []
        self.pipe_holds = False
        self.ticks: int | None = None
        """None: it sleeps."""
        self._timers: list[_Timer] = []
        self.signal = InspectionSignal(
            lambda: self.signals.append(self.now),
            lambda: self.pipe_holds,
            lambda: self.ticks,
            self._call_later,
        )
        self.signal.begin()

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


def test_output_alone_is_no_reason(program: _Program) -> None:
    """A signal that no question is behind would be seen by the program."""
    program.signal.after(LINE)
    program.signal.after(MUCH)
    program.advance(10.0)
    assert [] == program.signals


def test_at_once(program: _Program) -> None:
    """Hover while a statement runs would wait for its end."""
    program.ticks = 0
    program.signal.after(LINE)
    program.signal.send_when_safe()
    assert [0.0] == program.signals


def test_one_signal_for_several_questions(program: _Program) -> None:
    """Each try would be followed by tries of its own."""
    program.pipe_holds = True
    for _ in range(3):
        program.signal.send_when_safe()
    program.pipe_holds = False
    program.advance(1.0)
    assert [PAUSE] == program.signals


@pytest.mark.parametrize("ticks", [0, None], ids=["runs", "sleeps"])
def test_full_pipe_is_a_write(program: _Program, ticks: int | None) -> None:
    """A write that waits would be cut, and a program that does not look would lose output."""
    program.ticks, program.pipe_holds = ticks, True
    program.signal.after(MUCH)
    program.signal.send_when_safe()
    program.advance(1.0)
    assert [] == program.signals


def test_asleep_with_an_empty_pipe(program: _Program) -> None:
    """A program that sleeps after a lot of output would not show the end of it."""
    program.ticks = None
    program.signal.after(MUCH)
    program.signal.send_when_safe()
    program.advance(PAUSE)
    assert 1 == len(program.signals)


def test_runs_with_an_empty_pipe(program: _Program) -> None:
    """The reader may have been faster than a writer that only waits for the processor."""
    program.ticks = 5
    program.signal.after(MUCH)
    program.signal.send_when_safe()
    program.advance(1.0)
    assert [] == program.signals
    program.ticks = 5 + TICKS_OUT_OF_WRITE
    program.advance(PAUSE)
    assert 1 == len(program.signals)


def test_every_large_chunk_begins_anew(program: _Program) -> None:
    """The time since an earlier write would count for the one under way."""
    program.ticks = 0
    program.signal.after(MUCH)
    program.signal.send_when_safe()
    program.advance(PAUSE)
    program.ticks = TICKS_OUT_OF_WRITE
    program.signal.after(MUCH)
    program.signal.send_when_safe()
    program.advance(PAUSE)
    assert [] == program.signals
    program.ticks = 2 * TICKS_OUT_OF_WRITE
    program.advance(PAUSE)
    assert 1 == len(program.signals)


def test_after_the_write_all_is_as_before(program: _Program) -> None:
    """One large write would make every later question late."""
    program.signal.after(MUCH)
    program.signal.send_when_safe()
    program.ticks = 0
    program.signal.after(LINE)
    program.signal.send_when_safe()
    assert 2 == len(program.signals)


def test_only_while_a_statement_runs(program: _Program) -> None:
    """A signal would reach a program that waits, or the process that has its id by now."""
    program.pipe_holds = True
    program.signal.send_when_safe()
    program.signal.end()
    program.pipe_holds = False
    program.signal.send_when_safe()
    program.advance(1.0)
    assert [] == program.signals
