"""Runs a statement with a top-level `await` on an event loop that all statements share.

Knows asyncio and context variables: what a statement sets, those below it find, as in `python -m asyncio`.
"""

import gc
import sys

from . import failures

if False:
    from asyncio import AbstractEventLoop, Task
    from types import CodeType
    from typing import Any, Iterator, Tuple

    from .door import Door
    from .module_frame import ModuleFrame

_Function: "Any" = type(failures.begin_in)
_MISSING = object()


class Awaiting:
    """The event loop, and the statement that runs on it."""

    def __init__(self, door: "Door", frame: "ModuleFrame") -> None:
        self._door = door
        self._frame = frame
        self._loop: "AbstractEventLoop | None" = None
        self._running: "Tuple[Task[Any], CodeType] | None" = None

    def expect(self) -> None:
        """Have all statements to come run in one context: what one has set, another may take back."""
        if self._frame.context is None and sys.version_info >= (3, 11):
            from _contextvars import copy_context

            self._frame.context = copy_context()

    def begin(self, code: "CodeType", namespace: "dict[str, Any]") -> "Iterator[Any]":
        """Called as user code: an iterator whose only item is what the coroutine of `code` returns."""
        import asyncio

        self.expect()
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        task = self._task(_Function(code, namespace)())
        self._running = task, code
        return map(self._loop.run_until_complete, [task])

    def end(self, error: "BaseException | None") -> "BaseException | None":
        """At a statement's end: put right what it has raised, and keep what it has set."""
        if self._running is None:
            return error
        (task, code), self._running = self._running, None
        if error is not None:
            if not task.done():
                # An interrupt ends the loop, not the task, which is cancelled as `asyncio.run` does.
                _, late = self._door.enter(self._cancel, task)
                error = late or error
            error = failures.begin_in(error, code)
        if sys.version_info < (3, 11):
            _keep_variables(task)
        return error

    def _task(self, coroutine: "Any") -> "Task[Any]":
        assert self._loop is not None, "a task is begun on a loop"
        if sys.version_info < (3, 11):
            return self._loop.create_task(coroutine)
        return self._loop.create_task(coroutine, context=self._frame.context)

    def _cancel(self, task: "Task[Any]") -> None:
        import asyncio

        assert self._loop is not None, "a task that runs has a loop"
        task.cancel()
        self._loop.run_until_complete(asyncio.wait([task]))


def _keep_variables(task: "Task[Any]") -> None:
    """Set in this context what the task has set in its own, which it does not show before 3.12."""
    from _contextvars import Context

    for context in gc.get_referents(task):
        if type(context) is Context:
            for variable, value in context.items():
                if variable.get(_MISSING) is not value:
                    variable.set(value)
