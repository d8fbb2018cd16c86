"""The queue of one document: runs, and jobs between them, one after the other.

Knows how runs are stopped, timed and answered; not what performing one means.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import RequestError, statements_in_scope
from rdit_lsp.session.report import Report
from rdit_lsp.session.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.results import Results
    from rdit_lsp.session.events import Observers
    from rdit_lsp.session.execution import Execution
    from rdit_lsp.session.input_requests import InputRequests
    from rdit_lsp.session.pipeline import Pipeline
    from rdit_lsp.session.texts import Texts

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(eq=False)
class _Job:
    """Something to be done between two runs."""

    do: Callable[[], Coroutine[Any, Any, Any]]
    done: asyncio.Future[Any]
    results: Results | None
    """Beside whose text it is done; None for the active one."""
    is_certain: bool
    """It is done even if what waits is dropped."""


class RunQueue:
    """Performs what is put into it, in order."""

    def __init__(
        self,
        texts: Texts,
        inputs: InputRequests,
        execution: Execution,
        pipeline: Pipeline,
        observers: Observers,
    ) -> None:
        self._texts = texts
        self._inputs = inputs
        self._execution = execution
        self._pipeline = pipeline
        self._observers = observers
        self._waiting: deque[Run | _Job] = deque()
        self._driver: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many runs and jobs wait behind the one under way."""
        return len(self._waiting)

    @property
    def waiting_runs(self) -> list[Run]:
        """The runs among them, in order."""
        return [item for item in self._waiting if isinstance(item, Run)]

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, and nothing is under way."""
        return self._driver is None

    def put(self, run: Run) -> None:
        """Perform a run after those that wait. Cancelling its future stops it."""
        run.done.add_done_callback(partial(self._stop_if_cancelled, run))
        self._enqueue(run)

    def do(
        self,
        job: Callable[[], Coroutine[Any, Any, T]],
        results: Results | None = None,
        *,
        first: bool = False,
        is_certain: bool = False,
    ) -> asyncio.Future[T]:
        """Do something between two runs, beside the text of `results`, or else the active one.

        `first`: before those that wait; `is_certain`: also if what waits is dropped. Returns its result.
        """
        made = _Job(job, asyncio.get_running_loop().create_future(), results, is_certain)
        self._enqueue(made, first=first)
        return made.done

    def cancel_waiting(self) -> bool:
        """Drop what waits and is not certain, with an answer each. Returns whether there was anything."""
        dropped = [i for i in self._waiting if isinstance(i, Run) or not i.is_certain]
        self._waiting = deque(item for item in self._waiting if item not in dropped)
        for item in dropped:
            if isinstance(item, Run):
                item.finish(Report(item.id, "cancelled", ()))
            elif not item.done.done():
                item.done.set_exception(RequestError("it was cancelled before it had begun."))
        return bool(dropped)

    async def wait_until_idle(self) -> None:
        """Wait until nothing is under way."""
        if self._driver is not None:
            await asyncio.wait([self._driver])

    def _enqueue(self, item: Run | _Job, *, first: bool = False) -> None:
        if first:
            self._waiting.appendleft(item)
        else:
            self._waiting.append(item)
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())

    async def _drive(self) -> None:
        while self._waiting:
            item = self._waiting.popleft()
            if isinstance(item, _Job):
                await self._do(item)
            else:
                await self._perform(item)
            self._execution.end()
            self._inputs.end_run()
        self._texts.settle()
        self._driver = None
        self._observers.on_change()

    async def _perform(self, run: Run) -> None:
        if run.owner is not None:
            self._texts.activate(run.owner.results)
            self._inputs.begin_run(run.owner.observer)
        self._execution.begin(run)
        timer = self._start_timer(run)
        try:
            report = await self._pipeline.perform(run)
        except Exception as error:  # noqa: BLE001  (whatever it is, the run gets its one reply)
            self._fail(run, error)
        else:
            run.finish(report)
        finally:
            if timer is not None:
                timer.cancel()

    async def _do(self, job: _Job) -> None:
        if job.results is not None:
            self._texts.activate(job.results)
        try:
            result = await job.do()
        except Exception as error:  # noqa: BLE001  (whatever it is, the job gets its one reply)
            if not job.done.done():
                job.done.set_exception(error)
        else:
            if not job.done.done():
                job.done.set_result(result)

    def _fail(self, run: Run, error: Exception) -> None:
        if run.stop is not None and isinstance(error, WorkerError):
            # It was stopped while the interpreter came up: that is how it ended, and no error.
            scope = statements_in_scope(run.request, run.document)
            views = self._texts.active.scope_views(run.document, run.results, scope)
            run.finish(Report(run.id, run.stop, views))
            return
        if not isinstance(error, WorkerError | RequestError):
            uri = run.document.uri
            log.error("%s: internal error in rdit, please report it", uri, exc_info=error)
        run.fail(error)

    def _start_timer(self, run: Run) -> asyncio.TimerHandle | None:
        if run.request.timeout is None:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(run.request.timeout, self._stop, run, "timeout")

    def _stop_if_cancelled(self, run: Run, done: asyncio.Future[Report]) -> None:
        if done.cancelled():
            self._stop(run, "interrupted")

    def _stop(self, run: Run, why: RunStatus) -> None:
        if run in self._waiting:
            self._waiting.remove(run)
            run.finish(Report(run.id, "cancelled", ()))
        elif run is self._execution.current:
            self._execution.stop(why)
