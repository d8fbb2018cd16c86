"""The single door through which user code is entered: statements, `repr`, hooks, finalisers of hooks.

Knows signals, nothing of statements or messages.

Signals are the subtle part. User code must find its own handlers (for SIGINT `default_int_handler`,
as under plain Python), yet a handler that raises must never do so in the worker's own code, where it
would tear a frame being written or end the loop. Designs that do not work:

* Blocking signals outside the door: with a second thread the kernel delivers to that one, and CPython
  still runs the handler in the main thread, wherever it is.
* One handler of the worker's at all times, which looks at the interrupted frame: `signal.getsignal` shows
  it, and handlers that user code installs are not protected.
* Catching KeyboardInterrupt in the loop: the result of an interrupted call is already lost by then.

So the Python-level handlers are swapped: inside the door they are the user's, outside there is one
that only takes note. CPython looks a handler up when it runs it, not when the signal arrives, so after
the swap nothing can raise, whichever thread got the signal. What was noted is raised again at the next
entry, except SIGINT: an interrupt is meant for the statement in flight and dies with it.

Statements are not called from here: their frame opens the door at one point and shuts it at the next, and
its own handlers of exceptions (`frame_code`) close the gap.
"""

import _signal
from posix import getpid
from sys import getrecursionlimit, setrecursionlimit

from .inspection_signal import Handler

if False:
    from types import FrameType
    from typing import Any, Callable, TypeVar

    T = TypeVar("T")

_ROOM = 1000


class RecursionRoom:
    """Room for the worker's calls where user code has set a recursion limit below what they need."""

    def __enter__(self) -> None:
        self._limit = getrecursionlimit()
        if self._limit < _ROOM:
            setrecursionlimit(_ROOM)

    def __exit__(self, *_: object) -> None:
        if self._limit < _ROOM and getrecursionlimit() == _ROOM:
            setrecursionlimit(self._limit)


class Door:
    """Lets one call of user code through at a time, on the main thread."""

    def __init__(self) -> None:
        self.process = getpid()
        """Id of the process whose statements run here; a child that user code forks has another."""
        self._is_open = False
        self._handlers: "dict[int, Any]" = {}
        """The handlers of user code by signal."""
        self._noted: "list[int]" = []
        self._signals = sorted(
            signal
            for signal in map(int, _signal.valid_signals())
            if signal not in (_signal.SIGKILL, _signal.SIGSTOP)
        )
        self.shut()

    def enter(
        self, call: "Callable[..., Any]", *arguments: "Any"
    ) -> "tuple[Any, BaseException | None]":
        """Run `call(*arguments)` as user code. Returns `(value, None)` or `(None, exception)`.

        The loops close the gap between the end of `call` and the swap of the handlers: whatever a
        handler raises there counts as raised by user code.
        """
        value = error = None
        try:
            try:
                self.open()
                value = call(*arguments)
                self.shut()
            except BaseException as raised:
                error = raised
                while self._is_open:
                    try:
                        self.shut()
                    except BaseException as late:
                        error = late
        except BaseException as late:
            error = late
            while self._is_open:
                try:
                    self.shut()
                except BaseException as later:
                    error = later
        return (value, None) if error is None else (None, error)

    @property
    def is_open(self) -> bool:
        """Whether user code runs."""
        return self._is_open

    def can_step_out(self, frame: "FrameType | None") -> bool:
        """Whether user code runs, and `frame`, which runs now, is not about to open or shut the door."""
        return self._is_open and frame is not None and frame.f_globals is not globals()

    def open(self) -> None:
        """Let user code run from here on. What its handlers raise for earlier signals is raised here."""
        noted, self._noted = self._noted, []
        self._is_open = True
        for signal, handler in self._handlers.items():
            _signal.signal(signal, handler)
        for signal in noted:
            _signal.raise_signal(signal)

    def shut(self) -> None:
        """End what `open` began. Call it again if a handler raises meanwhile."""
        handlers = {}
        for signal in self._signals:
            handler = _signal.getsignal(signal)
            if callable(handler) and type(handler) is not Handler:
                handlers[signal] = self._handlers[signal] if handler == self._note else handler
                _signal.signal(signal, self._note)
        self._handlers = handlers
        self._is_open = False

    @property
    def is_here(self) -> bool:
        """Whether this is the process whose statements run, and not a child that user code forked."""
        return getpid() == self.process

    def step_out(self, call: "Callable[[], T]") -> "T":
        """Run `call()` as the worker's own code, from inside user code: nothing interrupts it."""
        self.shut()
        try:
            return call()
        finally:
            self.open()

    def forget_interrupts(self) -> None:
        """Drop the interrupts that arrived while no user code ran."""
        self._noted = [signal for signal in self._noted if signal != _signal.SIGINT]

    def _note(self, signal: int, _frame: "FrameType | None") -> None:
        if signal not in self._noted:
            self._noted.append(signal)
