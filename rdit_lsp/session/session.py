"""The live state of one document, and its only owner: text, results, runs and program.

Everything here happens on the event loop, in this class's own methods and those of the parts it is made
of, so there are no locks. One driver task performs the queued runs one after the other. It knows no LSP:
whoever uses it passes plain requests, listens through `Client`, and gets frozen `Snapshot`s and `Report`s.

Its parts: `results` (what statements gave, and how true that is now), `program` (the process), `capture`
(what that says), `execution` (running statements in it), `ways_back` (coming to an earlier state).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rdit_lsp.document import document as documents
from rdit_lsp.document.edit_order import EditOrder
from rdit_lsp.process.replies import Exited
from rdit_lsp.process.spawn import WorkerError, spawn
from rdit_lsp.process.worker import LocalWorker
from rdit_lsp.program.checkpoint_policy import is_due
from rdit_lsp.program.program import Program
from rdit_lsp.results.freshness import Results
from rdit_lsp.results.snapshot import Inspection, SessionState, Snapshot
from rdit_lsp.session.capture import OutputCapture
from rdit_lsp.session.events import Observers
from rdit_lsp.session.execution import Execution, Run
from rdit_lsp.session.planning import RequestError, check, statements_in_scope
from rdit_lsp.session.report import Report
from rdit_lsp.session.status import KeptStates, SessionStatus
from rdit_lsp.session.ways_back import WaysBack

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from signal import Signals

    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.document.edit import Edit
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.spawn import Launch, Spawned
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.program.checkpoint_policy import IsDue
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.planning import Plan, Request, WayBack
    from rdit_lsp.session.ways_back import Savepoint

log = logging.getLogger(__name__)

T = TypeVar("T")

_TOO_MANY_CRASHES = 2


@dataclass(eq=False)
class _Job:
    """Something to be done between two runs."""

    do: Callable[[], Coroutine[Any, Any, Any]]
    done: asyncio.Future[Any]


class Session:
    """One document's results and the process they come from."""

    def __init__(
        self,
        document: Document,
        launch: Callable[[], Launch],
        observer: SessionObserver,
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
        is_due: IsDue = is_due,
    ) -> None:
        """`launch` is asked at each start of an interpreter and may raise WorkerError.

        `is_due` says when checkpoints are taken.
        """
        self._edits = EditOrder()
        self._results = Results(document)
        self._observers = Observers(observer)
        self._capture = OutputCapture(self._observers, guard.folder)
        make = partial(LocalWorker, guard=guard, spawn=spawn)
        self._program = Program(self._capture, make, self._on_exited, is_due)
        self._execution = Execution(self._results, self._program, self._capture, self._observers)
        self._ways = WaysBack(self._results, self._program, self._execution, launch)
        self._was_run = False
        """A person has run the document since it was opened."""
        self._queue: deque[Run | _Job] = deque()
        self._driver: asyncio.Task[None] | None = None
        self._execution_ids = count(1)

    # What others may ask.

    @property
    def document(self) -> Document:
        """The text as it is now."""
        return self._results.document

    @property
    def state(self) -> SessionState:
        """What the session is doing."""
        return self._execution.state

    @property
    def status(self) -> SessionStatus:
        """What the session does and holds."""
        worker, checkpoints = self._program.worker, self._program.checkpoints
        kept = KeptStates(
            len(checkpoints), checkpoints.held, checkpoints.refusal, tuple(checkpoints.names())
        )
        return SessionStatus(
            uri=self.document.uri,
            state=self.state,
            python=worker.python if worker is not None else None,
            version=worker.version if worker is not None else None,
            pid=worker.pid if worker is not None else None,
            queued=len(self._queue),
            checkpoints=kept,
        )

    def observe(self, observer: SessionObserver) -> None:
        """Tell `observer`, too, what happens from now on."""
        self._observers.add(observer)

    def leave(self, observer: SessionObserver) -> None:
        """Tell `observer` nothing any more."""
        self._observers.remove(observer)

    @property
    def may_run_by_itself(self) -> bool:
        """Whether a person has run the document, and it did not kill its process twice in a row."""
        return self._was_run and self._execution.crashes < _TOO_MANY_CRASHES

    def snapshot(self, first: int = 1, last: int | None = None) -> Snapshot:
        """The session as it is now, with the results of statements on lines `first` to `last`."""
        views = self._results.views(first, len(self.document.lines) if last is None else last)
        if self._execution.rejection is not None:
            views.insert(0, self._execution.rejection)
        return Snapshot(self.document, self._execution.state, views)

    # What others may do.

    def change(self, document: Document) -> None:
        """Take an entirely new text of the document; results stay with their statements."""
        self._edits.forget()
        self._take(document)

    def edit(self, edit: Edit) -> None:
        """Edit the document; an edit that comes late takes its place among the others."""
        self._take(self._edits.apply(self.document, edit))

    def rename(self, document: Document, launch: Callable[[], Launch]) -> None:
        """Go on as another document with the same text: its file has a new name."""
        self._ways.launch = launch
        self.change(documents.renamed(self.document, document.uri, document.version))

    def refresh_dependencies(self) -> bool:
        """Notice what has changed beside the text, settings and files of the project, if anything."""
        changed = self._results.look_at_files()
        if self._results or self._program.worker is not None:
            try:
                changed |= self._results.begin_at(self._ways.surroundings(self._ways.launch()))
            except WorkerError as error:
                log.info("%s: %s", self.document.uri, error)  # The next run will say so.
        if changed:
            self._observers.on_change()
        return changed

    def execute(self, request: Request) -> asyncio.Future[Report]:
        """Queue a run of the document as it is now. Cancelling the future interrupts the run.

        Raises RequestError for a request that makes no sense. The future raises WorkerError and the
        errors of `launch` where no interpreter can be had.
        """
        check(request, self.document)
        self._was_run = self._was_run or not request.automatic
        done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        run = Run(f"{next(self._execution_ids)}", request, self.document, done)
        done.add_done_callback(partial(self._waited_for, run))
        self._enqueue(run)
        return done

    def checkpoint(self, name: str | None = None) -> asyncio.Future[Checkpoint]:
        """Keep the state that the namespace is in after the runs that are queued now.

        The future raises RequestError where there is none to keep, or no way to come back to it.
        """
        return self._send_on_errand(partial(self._ways.take_checkpoint, name))

    def restore(self, identifier: str) -> asyncio.Future[WayBack]:
        """Go back to a checkpoint; where its process is gone, by running again what led there.

        The future raises RequestError where that is not possible. The text stays what it is.
        """
        return self._send_on_errand(partial(self._ways.restore, identifier))

    async def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, with what each holds now."""
        await self._program.checkpoints.measure()
        return self._program.checkpoints.all()

    async def look(self, question: Mapping[str, Any], deadline: float = 0.5) -> Inspection | None:
        """The answer to a question about the namespace, which never changes the program.

        None where nothing has run, and where nothing can be had within `deadline` seconds.
        """
        runs = self._line_that_runs()
        found = await self._program.inspect(question, deadline)
        if found is not None:
            answer, checkpoint = found
            if checkpoint is not None:
                return Inspection(answer, f"after line {checkpoint.line}")
            return Inspection(answer, "now" if runs is None else f"while line {runs} runs")
        if self._program.live is None or self._driver is not None:
            return None
        # No copy can be had: ask the program itself, gently, before the next run.
        asking = self._send_on_errand(partial(self._inspect_gently, question))
        try:
            gentle = await asyncio.wait_for(asyncio.shield(asking), deadline)
        except (asyncio.TimeoutError, RequestError):
            return None
        return Inspection(gentle, "now") if gentle is not None else None

    async def _inspect_gently(self, question: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if self._program.worker is None:
            return None
        answer = await self._program.worker.inspect(question)
        return None if isinstance(answer, Exited) else answer

    def _line_that_runs(self) -> int | None:
        """The first line of the statement under way, in the text as it is now."""
        if self._execution.state is not SessionState.BUSY or self._execution.current is None:
            return None
        for statement, result in self._execution.current.results.items():
            if result.status == "running":
                current = self._results.current(statement)
                placed = self.document.placed
                return next((p.first for p in placed if p.statement is current), result.first)
        return None

    def _send_on_errand(
        self, do: Callable[[], Coroutine[Any, Any, T]], *, first: bool = False
    ) -> asyncio.Future[T]:
        """Have something done between two runs; `first`: before those that wait."""
        errand = _Job(do, asyncio.get_running_loop().create_future())
        self._enqueue(errand, first=first)
        return errand.done

    def _enqueue(self, what: Run | _Job, *, first: bool = False) -> None:
        if first:
            self._queue.appendleft(what)
        else:
            self._queue.append(what)
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())

    def interrupt(self) -> bool:
        """Stop the run under way and drop those that wait. Returns whether there was one."""
        waiting, self._queue = list(self._queue), deque()
        for item in waiting:
            if isinstance(item, Run):
                self._finish(item, Report(item.id, "cancelled", ()))
            elif not item.done.done():
                item.done.set_exception(RequestError("it was cancelled before it had begun."))
        if self._execution.current is None:
            return bool(waiting)
        self._execution.stop("interrupted")
        return True

    def pass_on(self, sign: Signals) -> None:
        """Do to the program what a signal to `python FILE` would do: it decides what comes of it."""
        if self._program.send_signal(sign):
            return
        if self._execution.state is SessionState.BUSY and self._program.worker is not None:
            self._program.worker.send_signal(sign)
        else:
            self.interrupt()

    def give_way(self) -> None:
        """Stop what runs without a person having asked for it: the person is typing again."""
        run = self._execution.current
        if run is not None and run.request.automatic:
            self._execution.stop("interrupted")

    async def reset(self) -> None:
        """Forget all results and start over with an empty namespace."""
        self._cancel_runs()
        if self._driver is not None:
            await asyncio.wait([self._driver])
        self._program.checkpoints.forget(named=True)
        self._results.forget()
        self._execution.rejection = None
        await self._ways.restart_empty()
        self._execution.set_state(SessionState.IDLE)
        self._observers.on_change()

    def forget(self) -> None:
        """Let go of all results, and of the files that hold long output."""
        self._results.forget()

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> None:
        """End the worker and whatever it started; the session is over.

        `leave_children`: as when a script ends in a terminal, what it started in the background lives.
        `patient`: its threads and `atexit` functions take what time they need.
        """
        self._cancel_runs()
        if self._driver is not None:
            await asyncio.wait([self._driver])
        await self._program.close(leave_children=leave_children, patient=patient)

    # The driver: one run after the other.

    async def _drive(self) -> None:
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, _Job):
                await self._do(item)
                continue
            run = self._execution.current = item
            timer = self._start_timer(run)
            try:
                report = await self._perform(run)
            except Exception as error:  # noqa: BLE001  (whatever it is, the run gets its one reply)
                self._fail(run, error)
            else:
                self._finish(run, report)
            finally:
                if timer is not None:
                    timer.cancel()
                self._execution.end()
        self._results.settle_moves()
        self._driver = None
        self._observers.on_change()

    async def _do(self, errand: _Job) -> None:
        try:
            result = await errand.do()
        except Exception as error:  # noqa: BLE001  (whatever it is, the errand gets its one reply)
            if not errand.done.done():
                errand.done.set_exception(error)
        else:
            if not errand.done.done():
                errand.done.set_result(result)
        self._execution.end()
        if self._execution.state is SessionState.STARTING:
            self._execution.set_idle()

    def _fail(self, run: Run, error: Exception) -> None:
        self._execution.set_idle()
        if run.stop is not None and isinstance(error, WorkerError):
            scope = statements_in_scope(run.request, run.document)
            self._finish(
                run,
                Report(
                    run.id, run.stop, self._results.scope_views(run.document, run.results, scope)
                ),
            )
            return
        if not isinstance(error, WorkerError | RequestError):
            log.error("%s: an error of rdit's own ended a run", self.document.uri, exc_info=error)
        if not run.done.done():
            run.done.set_exception(error)

    async def _perform(self, run: Run) -> Report:
        if run.request.scope in ("stale", "toHere"):
            self._ways.begin_with(run.request.env)
            self.refresh_dependencies()
        decided = self._ways.plan(run)
        if decided.way_back is not None and decided.way_back.kind == "kept":
            return self._kept(run, decided)
        self._program.begin_run()
        if run.request.policy == "commit_always":
            return await self._carry_out(run, decided, None)
        before = await self._ways.open_savepoint()
        try:
            return await self._carry_out(run, decided, before)
        finally:
            if before.checkpoint is not None:
                self._program.checkpoints.give_up(before.checkpoint)

    async def _carry_out(self, run: Run, decided: Plan, before: Savepoint | None) -> Report:
        """Do what was planned, and take it back where that is asked for."""
        decided, restore, rejected = await self._get_ready(run, decided, for_good=before is None)
        if rejected is not None:
            way_back = await self._settle_program(run, before, "error", restore)
            return Report(run.id, "error", [rejected], way_back or decided.way_back)
        todo, scope = self._settled(run, decided)
        if decided.restart or decided.checkpoint is not None:
            self._results.await_again(todo)
        status = await self._execution.run(run, todo, self._ways.keep_state)
        way_back = decided.way_back
        if way_back is not None and todo:
            way_back = replace(way_back, line=todo[0].first)
        way_back = await self._settle_program(run, before, status, restore) or way_back
        if decided.checkpoint is not None:
            self._program.expect_restore(decided.checkpoint)
        self._results.settle_awaited(status)
        return Report(
            run.id, status, self._results.scope_views(run.document, run.results, scope), way_back
        )

    async def _get_ready(
        self, run: Run, decided: Plan, *, for_good: bool
    ) -> tuple[Plan, Mapping[str, str | None], View | None]:
        """Have a program that is where the plan begins and knows the source.

        Returns the plan as it is then, the environment to be set again, and the view of a rejection.
        """
        for is_last_try in (False, True):
            decided = await self._ways.reach_start_of(run, decided, for_good=for_good)
            restore = await self._ways.set_environment(run, restarted=decided.restart)
            try:
                return decided, restore, await self._execution.prepare(run)
            except WorkerError:
                if is_last_try or run.stop is not None:
                    raise
                # Somebody has ended the process that was there, and we had not heard of it yet.
                await self._ways.recover_to(run.document, len(run.document.statements))
                decided = self._ways.plan(run)
        raise AssertionError("the last try returns or raises")

    async def _settle_program(
        self,
        run: Run,
        before: Savepoint | None,
        status: RunStatus,
        environment: Mapping[str, str | None],
    ) -> WayBack | None:
        """A run is over: leave the program in the state in which the next one is to find it.

        Returns how it was taken back, where it was.
        """
        way_back = None
        if before is not None and (status != "ok" or run.request.policy == "rollback_always"):
            way_back = await self._ways.roll_back(before)
        elif self._program.worker is None:
            await self._ways.recover_after_crash(run)
        elif environment:
            await self._ways.restore_environment(environment)
        if self._program.worker is not None:
            self._execution.set_state(SessionState.IDLE)
        return way_back

    def _kept(self, run: Run, decided: Plan) -> Report:
        for placed in decided.scope:
            result = self._results.shown(placed.statement)
            key = self._results.run_chain[placed.index + 1]
            if result is not None and self._results.is_fresh(result, key) and not result.reused:
                result.reused = True
                result.changed()
        views = self._results.scope_views(run.document, run.results, decided.scope)
        worst = next((v.status for v in views if v.status in ("error", "exit")), "ok")
        return Report(run.id, cast("RunStatus", worst), views, decided.way_back)

    def _settled(
        self, run: Run, decided: Plan
    ) -> tuple[Sequence[PlacedStatement], Sequence[PlacedStatement]]:
        """What to run and the scope, now that the interpreter has said where statements are."""
        scope = statements_in_scope(run.request, run.document)
        if decided.way_back is None or run.request.scope == "file":
            return [p for p in scope if not p.statement.is_broken], scope
        now = run.document.statements
        if all(p.index < len(now) and now[p.index] is p.statement for p in decided.todo):
            return run.document.placed[decided.todo[0].index : decided.todo[-1].index + 1], scope
        # The interpreter sees other statements than we did.
        first, last = decided.todo[0].first, decided.todo[-1].last
        return [p for p in run.document.placed if p.last >= first and p.first <= last], scope

    @property
    def _is_under_way(self) -> bool:
        return self._execution.current is not None or bool(self._queue)

    def _take(self, document: Document) -> None:
        if document.lines != self.document.lines:
            self._execution.rejection = None
        self._results.take(document, under_way=self._is_under_way)
        self._observers.on_change()

    def _finish(self, run: Run, report: Report) -> None:
        if not run.done.done():
            run.done.set_result(report)

    def _waited_for(self, run: Run, done: asyncio.Future[Report]) -> None:
        if done.cancelled():
            self._stop(run, "interrupted")

    def _start_timer(self, run: Run) -> asyncio.TimerHandle | None:
        if run.request.timeout is None:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(run.request.timeout, self._stop, run, "timeout")

    def _stop(self, run: Run, why: RunStatus) -> None:
        if run in self._queue:
            self._queue.remove(run)
            self._finish(run, Report(run.id, "cancelled", ()))
            return
        if run is self._execution.current:
            self._execution.stop(why)

    def _cancel_runs(self) -> None:
        self.interrupt()
        if self._execution.current is not None and self._program.worker is not None:
            self._program.worker.kill()

    def _on_exited(self, exited: Exited) -> None:
        """The program's process ended by itself or was killed, so its state is lost."""
        log.info("%s: Python ended with %d", self.document.uri, exited.code)
        self._results.lost = True
        was_idle = self._execution.state is SessionState.IDLE
        self._execution.set_state(SessionState.DEAD)
        self._observers.on_change()
        if was_idle and len(self._program.checkpoints):
            # Whoever has asked for a run already wants it in the state that was there.
            self._send_on_errand(self._ways.recover, first=True)
