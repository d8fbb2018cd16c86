"""The frame in which the statements of a file run, one after the other, as long as its code has them.

Knows where in the frame the program is, the door, and what is carried over when another frame takes its
place; nothing of how statements are compiled or of messages. The worker has its turn at a point of the
frame, or between two of them after an error: `driver` says how.
"""

import sys
from _functools import partial

from . import driver
from .door import RecursionRoom

if False:
    from contextvars import Context
    from types import CodeType
    from typing import Any, Callable, Tuple

    from .door import Door

    Following = Tuple[Callable[[], None], int, int, bool]

_RESERVE = 1 << 22
"""Bytes that are put aside for what the worker does when the program has left no memory."""

_Function: "Any" = type(driver.run)


class ModuleFrame:
    """The frame that the program has, if any; where one is left the next takes over."""

    def __init__(
        self, door: "Door", namespace: "dict[str, Any]", show: "Callable[[], None]"
    ) -> None:
        """`show` is called as user code when an expression's value is in its place."""
        driver.listen()
        self.point = driver.point("point", self._reach)
        self.show = driver.point("show", show)
        self.catch = driver.point("catch", self._catch)
        self.context: "Context | None" = None
        """The context of the frames to come; None for that of the thread."""
        self.next = 0
        """The statement after the one it is at."""
        self._between = driver.point("between", self._pass)
        self._door = door
        self._namespace = namespace
        self._turn: "Callable[[], bool]"
        self._leave: "Callable[[], None]"
        self._is_settled = False
        self._is_here = False
        """There is a frame, and it goes on to `next`."""
        self._is_begun = False
        """It is past its first point."""
        self._is_over = False
        self._end = 0
        """The statement after its last one."""
        self._following: "Following | None" = None
        self._leaving: "BaseException | None" = None
        self._error: "BaseException | None" = None
        self._tracers = _Tracers()
        self._reserve: "bytes | None" = None

    def start(self, turn: "Callable[[], bool]", leave: "Callable[[], None]") -> None:
        """Leave all frames, and have `turn` called. Never returns, unless `driver.start` does.

        `turn` is called again after each statement. It returns True once one has been begun: either this
        frame has it, or `run` was called; and False when all has ended: then `leave` is called last.
        """
        self._turn, self._leave = turn, leave
        driver.start(self._between)

    def has(self, index: int) -> bool:
        """Whether this frame goes on with statement `index`."""
        return self._is_here and index == self.next < self._end

    def run(self, code: "CodeType", first: int, end: int, *, has_context: bool = True) -> None:
        """Have a frame of `code` take over, which has the statements from `first` up to `end`.

        `has_context`: it runs in `context`.
        """
        # The program's audit hooks learn of it and may raise, which they must not do later.
        self._following = _Function(code, self._namespace), first, end, has_context

    def give_up(self) -> None:
        """Do not go on in this frame: its code is of an earlier text."""
        self._is_here = False

    def take_error(self) -> "BaseException | None":
        """What the last statement raised; the caller is the only one to hold it."""
        error, self._error = self._error, None
        return error

    def release(self) -> None:
        """Drop the reference to the namespace."""
        del self._namespace

    def _reach(self) -> None:
        """Between two statements, and before the first."""
        if not self._is_begun:
            self._is_begun = True
            self._tracers.resume()
            self._door.open()
        elif not self._door.is_here:
            self.next += 1  # A child that user code forked goes on to the end.
        else:
            self._door.shut()
            self.next += 1
            with RecursionRoom():
                self._is_over = not self._turn()
            if self._is_over or self._following is not None:
                self._quit()
            else:
                self._door.open()

    def _quit(self) -> None:
        """Let the frame end, which it does by itself where it is at its end."""
        self._is_here = False
        self._tracers.suspend()
        if self.next < self._end:
            self._leaving = GeneratorExit()
            raise self._leaving

    def _catch(self) -> None:
        """In the handler of an exception. With another one it is called again."""
        error = sys.exc_info()[1]
        if self._door.is_here:
            self._door.shut()
        if error is self._leaving:
            self._leaving = None
            return
        if self._is_here:
            self._is_here = False
            self._tracers.suspend()
        self._error = error
        if issubclass(type(error), MemoryError):
            self._reserve = None

    def _pass(self) -> None:
        """Without a frame, at the start and wherever one has ended."""
        if not self._is_settled:
            self._is_settled = True
            driver.settle()
        self._is_here = False
        if self._following is None and not self._is_over:
            with RecursionRoom():
                self._is_over = not self._turn()
        if self._following is None:
            driver.end()
            self._tracers.resume(has_frame=False)
            self._leave()
        else:
            self._begin(*self._following)

    def _begin(self, call: "Callable[[], None]", first: int, end: int, has_context: bool) -> None:
        self._following = None
        self.next, self._end = first, end
        self._is_here, self._is_begun = True, False
        try:
            self._reserve = self._reserve or bytes(
                _RESERVE
            )  # Never touched, so it takes no memory yet.
        except MemoryError:
            pass  # The statement will meet that as well.
        if has_context and self.context is not None:
            call = partial(self.context.run, call)
        driver.run(call, self._between)


class _Tracers:
    """The program's trace and profile functions, across frames: they must not see these begin and end."""

    def __init__(self) -> None:
        self._trace: "Any" = None
        self._profile: "Any" = None
        self._local: "Any" = None

    def suspend(self) -> None:
        self._trace, self._profile = sys.gettrace(), sys.getprofile()
        if self._trace is not None:
            self._local = driver.bottom().f_trace
            sys.settrace(None)
        if callable(self._profile):  # Others, in C, could be set anew by themselves only.
            sys.setprofile(None)

    def resume(self, *, has_frame: bool = True) -> None:
        if self._trace is not None:
            sys.settrace(self._trace)
            if has_frame:
                driver.bottom().f_trace = self._local
        if callable(self._profile):
            sys.setprofile(self._profile)
        self._trace = self._profile = self._local = None
