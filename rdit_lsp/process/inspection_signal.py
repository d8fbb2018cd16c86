"""When to signal a program, in the middle of a statement, that it is to be inspected.

SIGURG, which is ignored by default, has the worker look at its socket. It is sent for a question about the
namespace, and for nothing else: a signal ends `sleep`, `poll` and `pause` in C.

And not while the program may be inside a write that waits. A write of more than the pipe holds fills the
pipe and sleeps; a signal ends it with a part written, and not every program looks at how much was. To send
it when the pipe is empty cuts such writes, too, since the reader may have been faster than the writer,
which then only waits for the processor. So after a large chunk the program counts as out of its write when
the pipe is empty and it either sleeps (a write into an empty pipe does not) or has since run for long
enough to have filled the pipe.

Knows time and these facts, which its user brings; neither processes nor pipes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE = 0.015
"""Seconds until the next try, where the program may be writing."""
BLOCK = 4096
"""Bytes that a pipe holds at least: a shorter chunk comes from a write that did not wait."""
TICKS_OUT_OF_WRITE = 2
"""Ticks of processor time (10 ms each) in which a program surely fills the pipe if it is in a write."""


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Do not make it."""


class InspectionSignal:
    """Decides when one program is signalled."""

    def __init__(
        self,
        send: Callable[[], None],
        pipes_hold_something: Callable[[], bool],
        ticks_of_runnable: Callable[[], int | None],
        call_later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        """`send` sends the signal. `ticks_of_runnable` is None for a program that sleeps."""
        self._send = send
        self._pipes_hold_something = pipes_hold_something
        self._ticks_of_runnable = ticks_of_runnable
        self._call_later = call_later
        self._is_running = False
        self._timer: Timer | None = None
        self._read_much = False
        """The program may be in the middle of a write that the pipe does not hold."""
        self._ticks_before: int | None = None
        """Its processor time when that was first looked at."""

    def begin(self) -> None:
        """A statement runs: only then does the signal make sense."""
        self._is_running = True

    def end(self) -> None:
        """No statement runs any more."""
        self._is_running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def after(self, data: bytes) -> None:
        """The program's output `data` was read."""
        if len(data) >= BLOCK:
            self._read_much, self._ticks_before = True, None

    def send_when_safe(self) -> None:
        """Send the signal as soon as it can cut no write, if that is before the statement's end."""
        if not self._is_running or self._timer is not None:
            return
        if self._may_be_writing():
            self._timer = self._call_later(PAUSE, self._try_again)
            return
        self._read_much = False
        self._send()

    def _try_again(self) -> None:
        self._timer = None
        self.send_when_safe()

    def _may_be_writing(self) -> bool:
        # First whether it sleeps: a write that fills the pipe after that, and sleeps, shows in the pipe.
        ticks = self._ticks_of_runnable() if self._read_much else None
        if self._pipes_hold_something():
            return True
        if ticks is None:
            return False
        if self._ticks_before is None:
            self._ticks_before = ticks
        return ticks - self._ticks_before < TICKS_OUT_OF_WRITE
