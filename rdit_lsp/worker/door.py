"""The single door through which user code is entered: statements, `repr`, hooks, finalisers of hooks.

Knows signals and trace functions, nothing of statements or messages.

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
"""

import _signal
import sys
from posix import getpid
from sys import getrecursionlimit, setrecursionlimit

from .inspection_signal import Handler
from .protocol import UNSEEN

if False:
    from types import FrameType
    from typing import Any, Callable, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])
    T = TypeVar("T")

_ROOM = 1000


def unseen(function: "F") -> "F":
    """Make `warnings.warn(stacklevel=N)` leave `function`'s frame out when it counts callers.

    CPython skips frames whose file name holds "importlib" and "_bootstrap" (`_warnings.c`,
    `is_internal_frame`). Under plain Python there is no caller of the main module's code.
    """
    code = function.__code__
    function.__code__ = code.replace(co_filename=UNSEEN)
    return function


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
        self.tracers: "tuple[Any, Any]" = (None, None)
        """The user's trace function and profile function, which are set while a statement runs."""
        self._signals = sorted(
            signal
            for signal in map(int, _signal.valid_signals())
            if signal not in (_signal.SIGKILL, _signal.SIGSTOP)
        )
        self._shut()

    @unseen
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
                self._open()
                value = call(*arguments)
                self._shut()
            except BaseException as raised:
                error = raised
                while self._is_open:
                    try:
                        self._shut()
                    except BaseException as late:
                        error = late
        except BaseException as late:
            error = late
            while self._is_open:
                try:
                    self._shut()
                except BaseException as later:
                    error = later
        return (value, None) if error is None else (None, error)

    @property
    def is_here(self) -> bool:
        """Whether this is the process whose statements run, and not a child that user code forked."""
        return getpid() == self.process

    @property
    def is_open(self) -> bool:
        """Whether user code runs."""
        return self._is_open

    def can_step_out(self, frame: "FrameType | None") -> bool:
        """Whether user code runs, and `frame`, which runs now, is not about to open or shut the door."""
        return self._is_open and frame is not None and frame.f_globals is not globals()

    def step_out(self, call: "Callable[[], T]") -> "T":
        """Run `call()` as the worker's own code, from inside user code: nothing interrupts it."""
        self._shut()
        try:
            return call()
        finally:
            self._open()

    def leave_open(self) -> None:
        """Give the process over to user code for good: at exit, and in a forked child."""
        self._open()
        tracer, profiler = self.tracers
        sys.settrace(tracer)
        sys.setprofile(profiler)

    def forget_interrupts(self) -> None:
        """Drop the interrupts that arrived while no user code ran."""
        self._noted = [signal for signal in self._noted if signal != _signal.SIGINT]

    def _open(self) -> None:
        noted, self._noted = self._noted, []
        self._is_open = True
        for signal, handler in self._handlers.items():
            _signal.signal(signal, handler)
        for signal in noted:
            _signal.raise_signal(signal)

    def _shut(self) -> None:
        handlers = {}
        for signal in self._signals:
            handler = _signal.getsignal(signal)
            if callable(handler) and type(handler) is not Handler:
                handlers[signal] = self._handlers[signal] if handler == self._note else handler
                _signal.signal(signal, self._note)
        self._handlers = handlers
        self._is_open = False

    def _note(self, signal: int, _frame: "FrameType | None") -> None:
        if signal not in self._noted:
            self._noted.append(signal)
