"""A time limit for calls of user code.

Knows SIGALRM, and leaves that timer alone where user code uses it itself. Off the main thread a call
cannot be ended, so it has no limit.
"""

import _signal
from time import monotonic

if False:
    from types import FrameType
    from typing import Any, Callable, TypeVar

    T = TypeVar("T")


class TooLong(BaseException):
    """Raised in a call when its time is up."""


class Limit:
    """Ends calls by SIGALRM when their time is up, unless user code uses that timer itself."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self._before: "Any" = None
        self._is_on = False
        self._is_running = False

    def __enter__(self) -> "Limit":
        try:
            if _signal.getitimer(_signal.ITIMER_REAL)[0] == 0.0:
                self._before = _signal.signal(_signal.SIGALRM, self._ring)
                self._is_on = True
        except (ValueError, OSError):
            pass  # Not the main thread: a call cannot be ended.
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_on:
            _signal.setitimer(_signal.ITIMER_REAL, 0)
            _signal.signal(_signal.SIGALRM, self._before)

    def run(self, call: "Callable[[], T]", seconds: "float | None" = None) -> "T":
        """Return `call()`. Once the time is up TooLong is raised in it, repeatedly.

        `seconds`: a limit for this call, where it must not take all the time that is left.
        """
        if not self._is_on:
            return call()
        left = self._end - monotonic()
        if seconds is not None:
            left = min(left, seconds)
        if left <= 0:
            raise TooLong
        try:
            self._is_running = True
            _signal.setitimer(_signal.ITIMER_REAL, left, 0.1)
            return call()
        finally:
            self._is_running = False  # From here on a late alarm does nothing.
            _signal.setitimer(_signal.ITIMER_REAL, 0)

    def _ring(self, _number: int, _frame: "FrameType | None") -> None:
        if self._is_running:
            raise TooLong
