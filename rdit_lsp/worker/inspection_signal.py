"""The signal that makes the worker look for requests while a statement runs: SIGURG, if it is free.

Its handler must not show. So it is an `int`, equal to SIG_DFL, that can be called: `signal.getsignal` finds
Python's default. And the program's own handler has to be the only one: when it replaces this one, nothing
else refers to that, so it is deleted at once, which the server is told. It sends no signal from then on.

Knows the signal, not what is requested.
"""

import _signal

if False:
    from types import FrameType
    from typing import Callable

    OnSignal = Callable[["FrameType | None"], None]

_NUMBER = _signal.SIGURG


class InspectionSignal:
    """Whether the signal is free, and what happens when it comes."""

    def __init__(self, on_signal: "OnSignal", on_change: "Callable[[bool], None]") -> None:
        """`on_signal` gets the frame that the signal met; `on_change`, whether the signal is free now."""
        self._on_signal = on_signal
        self._on_change = on_change
        self._is_free = True
        """What the server believes."""

    def arm(self) -> None:
        """Before a statement: take the signal where the program has not."""
        present = _signal.getsignal(_NUMBER)
        if type(present) is Handler:
            return
        is_free = present is not None and present == _signal.SIG_DFL
        if is_free:
            _signal.signal(_NUMBER, Handler.calling(self._on_signal, self._taken))
            # It must fail no system call of C code that never expected a signal.
            _signal.siginterrupt(_NUMBER, False)
        self._tell(is_free)

    def begin_anew(self) -> None:
        """In a fork that becomes the program: the server has been told nothing."""
        self._is_free = True

    def disarm(self) -> None:
        """Leave the signal to the program, for good."""
        self._on_change = lambda _: None
        if type(_signal.getsignal(_NUMBER)) is Handler:
            _signal.signal(_NUMBER, _signal.SIG_DFL)

    def _taken(self) -> None:
        self._tell(False)

    def _tell(self, is_free: bool) -> None:
        if is_free != self._is_free:
            self._is_free = is_free
            self._on_change(is_free)


class Handler(int):
    """A handler that equals SIG_DFL."""

    _on_signal: "OnSignal"
    _on_end: "Callable[[], None]"

    @classmethod
    def calling(cls, on_signal: "OnSignal", on_end: "Callable[[], None]") -> "Handler":
        """One that calls `on_signal`, and `on_end` when another has taken its place."""
        handler = cls(_signal.SIG_DFL)
        handler._on_signal, handler._on_end = on_signal, on_end
        return handler

    def __call__(self, _number: int, frame: "FrameType | None") -> None:
        """As any handler."""
        self._on_signal(frame)

    def __del__(self) -> None:
        self._on_end()
