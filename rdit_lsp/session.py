"""The live state of one document, and its only owner: document, results, runs and worker.

Everything here happens on the event loop, in this class's own methods, so there are no locks. One
driver task performs the queued runs one after the other. It knows no LSP: whoever uses it passes plain
requests, listens through `Client`, and gets frozen `Snapshot`s and `Report`s.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from rdit_lsp import document as documents
from rdit_lsp.checkpoints import Checkpoint
from rdit_lsp.copies import Died, Refusal
from rdit_lsp.displays import Displays
from rdit_lsp.edits import Edits
from rdit_lsp.keys import OFF_PATH
from rdit_lsp.ledger import REPEATABLE, Result
from rdit_lsp.outputs import Failure, Stream, display_from, failure_from
from rdit_lsp.program import Program
from rdit_lsp.results import Results, view_of
from rdit_lsp.run import (
    Plan,
    Request,
    RequestError,
    WayBack,
    check,
    plan,
    statements_in_scope,
    way_back_to,
)
from rdit_lsp.snapshot import Report, SessionState, Sight, Snapshot, View
from rdit_lsp.spawn import WorkerError, spawn
from rdit_lsp.stopping import LADDER, Ladder
from rdit_lsp.worker.statements import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
    from signal import Signals

    from rdit_lsp.checkpoints import Checkpoints
    from rdit_lsp.document import Document, Placed, Statement
    from rdit_lsp.edits import Edit
    from rdit_lsp.guard import Guard
    from rdit_lsp.ledger import Status
    from rdit_lsp.link import Message
    from rdit_lsp.outputs import StreamName
    from rdit_lsp.process import Owner, Worker
    from rdit_lsp.run import RunStatus
    from rdit_lsp.spawn import Launch, Spawned

log = logging.getLogger(__name__)

T = TypeVar("T")

_TOO_MANY_CRASHES = 2
_AT_ONCE = 0.25
"""Seconds of work that are done again without being asked, to stand where a crash began."""
_REST_OF_LINE = 0.005
"""Seconds that a part of a line waits for the rest before it is shown."""


class Client(Protocol):
    """Whoever shows what a session does."""

    def on_change(self) -> None:
        """Something in the snapshot is different now."""

    def on_output(self, result: Result | None, stream: StreamName, data: bytes) -> None:
        """Output as it comes; None where no statement has run yet."""

    def on_result(self, result: Result, placed: Placed) -> None:
        """A statement ended."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """The program waits for a line: call `answer` once, with None for end of file."""


@dataclass(eq=False)
class _Run:
    """One request, its frozen source, and how far it is."""

    id: str
    request: Request
    document: Document
    done: asyncio.Future[Report]
    results: dict[Statement, Result] = field(default_factory=dict)
    stop: RunStatus | None = None
    """Why it is to end early: `interrupted` or `timeout`."""
    ladder: Ladder | None = None
    """What was done to stop it."""

    @property
    def was_interrupted(self) -> bool:
        """Whether the program has been told to stop."""
        return self.ladder is not None and self.ladder.means is not None


@dataclass(eq=False)
class _Errand:
    """Something to be done between two runs."""

    do: Callable[[], Coroutine[Any, Any, Any]]
    done: asyncio.Future[Any]


@dataclass(frozen=True)
class _Before:
    """The state before a run that may be taken back."""

    checkpoint: Checkpoint | None = None
    """A checkpoint for this run alone; None where there can be none."""
    place: tuple[Document, int] | None = None
    """Otherwise the text and the index of the statement before which that state is reached."""


class Session:
    """One document's results and the process they come from."""

    def __init__(
        self,
        document: Document,
        launch: Callable[[], Launch],
        client: Client,
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
    ) -> None:
        """`launch` is asked at each start of an interpreter and may raise WorkerError."""
        self.document = document
        self._edits = Edits()
        self._launch = launch
        self._client = client
        self._folder = guard.folder
        self._state = SessionState.IDLE
        self._results = Results()
        self._run_env: Mapping[str, str] = {}
        """The variables of the run that started the live namespace."""
        self._rejection: Result | None = None
        self._rejection_lines = (1, 1)
        self._program = Program(partial(_Ears, self), guard, spawn)
        self._prepared: tuple[Worker, Document, bool] | None = None
        """What the worker has been given to run, and whether as a whole."""
        self._worker_index: dict[int, int] = {}
        """Index of a statement in that document to the worker's index of it."""
        self._was_run = False
        """A person has run the document since it was opened."""
        self._crashes = 0
        """Runs in a row that ended in a crash."""
        self._queue: deque[_Run | _Errand] = deque()
        self._run: _Run | None = None
        self._driver: asyncio.Task[None] | None = None
        self._ladder: Ladder | None = None
        self._input_refused = False
        """The running statement asked for a line and got none."""
        self._early_output: list[tuple[StreamName, bytes]] = []
        self._displays = Displays()
        self._execution_ids = count(1)
        self._spill_numbers = count(1)

    # What others may ask.

    @property
    def state(self) -> SessionState:
        """What the session is doing."""
        return self._state

    @property
    def worker(self) -> Worker | None:
        """The living worker, for reports."""
        return self._program.worker

    @property
    def queued(self) -> int:
        """How many runs wait behind the one under way."""
        return len(self._queue)

    @property
    def may_run_by_itself(self) -> bool:
        """Whether a person has run the document, and it did not kill its process twice in a row."""
        return self._was_run and self._crashes < _TOO_MANY_CRASHES

    def snapshot(self, first: int = 1, last: int | None = None) -> Snapshot:
        """The session as it is now, with the results of statements on lines `first` to `last`."""
        views = self._results.views(
            self.document, first, len(self.document.lines) if last is None else last
        )
        if self._rejection is not None:
            begin, end = self._rejection_lines
            views.insert(0, view_of(-1, begin, end, False, self._rejection, None))
        return Snapshot(self.document, self._state, views)

    # What others may do.

    def change(self, document: Document) -> None:
        """Take an entirely new text of the document; results stay with their statements."""
        self._edits.forget()
        self._take(document)

    def edit(self, edit: Edit) -> None:
        """Edit the document; an edit that comes late takes its place among the others."""
        self._take(self._edits.apply(self.document, edit))

    def rename(self, document: Document, launch: Callable[[], Launch], client: Client) -> None:
        """Go on as another document with the same text: its file has a new name."""
        self._client, self._launch = client, launch
        self.change(documents.renamed(self.document, document.uri, document.version))

    def look_around(self) -> bool:
        """Notice what has changed beside the text, settings and files of the project, if anything."""
        changed = self._results.look_at_files()
        if self._results or self.worker is not None:
            try:
                changed |= self._results.begin_at(self._surroundings(self._launch()))
            except WorkerError as error:
                log.info("%s: %s", self.document.uri, error)  # The next run will say so.
        if changed:
            self._client.on_change()
        return changed

    def execute(self, request: Request) -> asyncio.Future[Report]:
        """Queue a run of the document as it is now. Cancelling the future interrupts the run.

        Raises RequestError for a request that makes no sense. The future raises WorkerError and the
        errors of `launch` where no interpreter can be had.
        """
        check(request, self.document)
        self._was_run = self._was_run or not request.automatic
        done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        run = _Run(f"{next(self._execution_ids)}", request, self.document, done)
        done.add_done_callback(partial(self._waited_for, run))
        self._enqueue(run)
        return done

    def checkpoint(self, name: str | None = None) -> asyncio.Future[Checkpoint]:
        """Keep the state that the namespace is in after the runs that are queued now.

        The future raises RequestError where there is none to keep, or no way to come back to it.
        """
        return self._send_on_errand(partial(self._take_checkpoint, name))

    def restore(self, identifier: str) -> asyncio.Future[WayBack]:
        """Go back to a checkpoint; where its process is gone, by running again what led there.

        The future raises RequestError where that is not possible. The text stays what it is.
        """
        return self._send_on_errand(partial(self._restore, identifier))

    async def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, with what each holds now."""
        await self._program.checkpoints.measure()
        return self._program.checkpoints.all()

    @property
    def kept(self) -> Checkpoints:
        """The checkpoints, for reports."""
        return self._program.checkpoints

    async def look(self, question: Mapping[str, Any], deadline: float = 0.5) -> Sight | None:
        """The answer to a question about the namespace, which never changes the program.

        None where nothing has run, and where nothing can be had within `deadline` seconds.
        """
        runs = self._line_that_runs()
        found = await self._program.look(dict(question), deadline)
        if found is not None:
            answer, checkpoint = found
            if checkpoint is not None:
                return Sight(answer, f"after line {checkpoint.line}")
            return Sight(answer, "now" if runs is None else f"while line {runs} runs")
        if self._program.live is None or self._driver is not None:
            return None
        # No copy can be had: ask the program itself, gently, before the next run.
        asking = self._send_on_errand(partial(self._look_gently, dict(question)))
        try:
            gentle = await asyncio.wait_for(asyncio.shield(asking), deadline)
        except (asyncio.TimeoutError, RequestError):
            return None
        return Sight(gentle, "now") if gentle is not None else None

    async def _look_gently(self, question: Message) -> Message | None:
        if self.worker is None:
            return None
        reply = await self.worker.request("look", question=question)
        return None if isinstance(reply, Died) else cast("Message", reply["answer"])

    def _line_that_runs(self) -> int | None:
        """The first line of the statement under way, in the text as it is now."""
        if self._state is not SessionState.BUSY or self._run is None:
            return None
        for statement, result in self._run.results.items():
            if result.status == "running":
                current = self._results.current(statement)
                placed = self.document.placed
                return next((p.first for p in placed if p.statement is current), result.first)
        return None

    def _send_on_errand(self, do: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Future[T]:
        errand = _Errand(do, asyncio.get_running_loop().create_future())
        self._enqueue(errand)
        return errand.done

    def _enqueue(self, what: _Run | _Errand) -> None:
        self._queue.append(what)
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())

    def interrupt(self) -> bool:
        """Stop the run under way and drop those that wait. Returns whether there was one."""
        waiting, self._queue = list(self._queue), deque()
        for item in waiting:
            if isinstance(item, _Run):
                self._finish(item, Report(item.id, "cancelled", ()))
            elif not item.done.done():
                item.done.set_exception(RequestError("it was cancelled before it had begun."))
        if self._run is None:
            return bool(waiting)
        self._stop(self._run, "interrupted")
        return True

    def pass_on(self, sign: Signals) -> None:
        """Do to the program what a signal to `python FILE` would do: it decides what comes of it."""
        if self._program.send_signal(sign):
            return
        if self._state is SessionState.BUSY and self.worker is not None:
            self.worker.send_signal(sign)
        else:
            self.interrupt()

    def give_way(self) -> None:
        """Stop what runs without a person having asked for it: the person is typing again."""
        if self._run is not None and self._run.request.automatic:
            self._stop(self._run, "interrupted")

    async def reset(self) -> None:
        """Forget all results and start over with an empty namespace."""
        self._cancel_runs()
        if self._driver is not None:
            await asyncio.wait([self._driver])
        self._program.checkpoints.forget(named=True)
        self._results.forget()
        self._rejection = None
        await self._begin_again()
        self._set_state(SessionState.IDLE)
        self._client.on_change()

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
            if isinstance(item, _Errand):
                await self._do(item)
                continue
            run = self._run = item
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
                self._leave_ladder()
                self._run = None
        self._results.settle_moves()
        self._driver = None
        self._client.on_change()

    async def _do(self, errand: _Errand) -> None:
        try:
            result = await errand.do()
        except Exception as error:  # noqa: BLE001  (whatever it is, the errand gets its one reply)
            if not errand.done.done():
                errand.done.set_exception(error)
        else:
            if not errand.done.done():
                errand.done.set_result(result)
        self._leave_ladder()
        self._run = None
        if self._state is SessionState.STARTING:
            self._set_state(SessionState.DEAD if self.worker is None else SessionState.IDLE)

    def _fail(self, run: _Run, error: Exception) -> None:
        self._set_state(SessionState.DEAD if self.worker is None else SessionState.IDLE)
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

    async def _perform(self, run: _Run) -> Report:
        if run.request.scope in ("stale", "toHere"):
            self._run_env = run.request.env  # As a run of "file" would have it.
            self.look_around()
        decided = self._plan(run)
        if decided.way_back is not None and decided.way_back.kind == "kept":
            return self._kept(run, decided)
        self._program.lineage.spent = 0.0
        if run.request.policy == "commit_always":
            return await self._carry_out(run, decided, None)
        before = await self._note_state()
        try:
            return await self._carry_out(run, decided, before)
        finally:
            if before.checkpoint is not None:
                self._program.checkpoints.give_up(before.checkpoint)

    async def _carry_out(self, run: _Run, decided: Plan, before: _Before | None) -> Report:
        """Do what was planned, and take it back where that is asked for."""
        decided, restore, rejected = await self._get_ready(run, decided, for_good=before is None)
        if rejected is not None:
            way_back = await self._settle_program(run, before, "error", restore)
            return Report(run.id, "error", [rejected], way_back or decided.way_back)
        todo, scope = self._settled(run, decided)
        if decided.restart or decided.checkpoint is not None:
            self._results.await_again(todo)
        status = await self._run_statements(run, todo)
        way_back = decided.way_back
        if way_back is not None and todo:
            way_back = replace(way_back, line=todo[0].first)
        way_back = await self._settle_program(run, before, status, restore) or way_back
        self._results.settle_awaited(status)
        return Report(
            run.id, status, self._results.scope_views(run.document, run.results, scope), way_back
        )

    async def _get_ready(
        self, run: _Run, decided: Plan, *, for_good: bool
    ) -> tuple[Plan, dict[str, str | None], View | None]:
        """Have a program that is where the plan begins and knows the source.

        Returns the plan as it is then, the environment to be set again, and the view of a rejection.
        """
        for is_last_try in (False, True):
            decided = await self._go_back(run, decided, for_good=for_good)
            restore = await self._set_environment(run, restarted=decided.restart)
            try:
                return decided, restore, await self._prepare(run)
            except WorkerError:
                if is_last_try or run.stop is not None:
                    raise
                # Somebody has ended the process that was there, and we had not heard of it yet.
                await self._stand_up(run.document, len(run.document.statements))
                decided = self._plan(run)
        raise AssertionError("the last try returns or raises")

    async def _settle_program(
        self,
        run: _Run,
        before: _Before | None,
        status: RunStatus,
        environment: Mapping[str, str | None],
    ) -> WayBack | None:
        """A run is over: leave the program in the state in which the next one is to find it.

        Returns how it was taken back, where it was.
        """
        way_back = None
        if before is not None and (status != "ok" or run.request.policy == "rollback_always"):
            way_back = await self._roll_back(before)
        elif self.worker is None:
            await self._stand_up_again(run)
        elif environment:
            await self.worker.request("environ", values=environment)
            self._program.live = OFF_PATH
        if self.worker is not None:
            self._set_state(SessionState.IDLE)
        return way_back

    def _plan(self, run: _Run) -> Plan:
        chain = self._results.run_chain
        chain.follow(self._results.start, run.document.statements if run.request.whole else ())

        def is_fresh(placed: Placed) -> bool:
            current = self._results.current(placed.statement)
            key = chain[placed.index + 1]
            result = self._results.ledger.recall(current, key) if current is not None else None
            return result is not None and self._results.is_fresh(result, key)

        def ends_run(placed: Placed) -> bool:
            result = self._results.shown(placed.statement)
            return result is not None and result.status in ("error", "exit")

        return plan(
            run.request,
            run.document,
            chain,
            self._program.live,
            self._program.checkpoints,
            is_fresh,
            ends_run,
        )

    async def _go_back(self, run: _Run, decided: Plan, *, for_good: bool) -> Plan:
        """Bring the namespace to where a plan begins. Returns the plan that it is then."""
        while decided.checkpoint is not None:
            checkpoint = self._program.checkpoints.at(decided.checkpoint)
            if checkpoint is not None and await self._returned_to(checkpoint, run):
                return decided
            decided = self._plan(run)
        if decided.restart:
            await self._restart(run, for_good=for_good)
        return decided

    async def _returned_to(self, checkpoint: Checkpoint, run: _Run) -> bool:
        """Go on from a checkpoint. Where it cannot be had, it is given up. Raises if `run` was stopped."""
        try:
            await self._return_to(checkpoint)
        except WorkerError as error:
            if run.stop is not None:
                raise
            log.info("%s: %s Another way back is taken.", self.document.uri, error)
            self._program.checkpoints.give_up(checkpoint)
            return False
        return True

    def _kept(self, run: _Run, decided: Plan) -> Report:
        for placed in decided.scope:
            result = self._results.shown(placed.statement)
            key = self._results.run_chain[placed.index + 1]
            if result is not None and self._results.is_fresh(result, key) and not result.reused:
                result.reused = True
                result.changed()
        views = self._results.scope_views(run.document, run.results, decided.scope)
        worst = next((v.status for v in views if v.status in ("error", "exit")), "ok")
        return Report(run.id, cast("RunStatus", worst), views, decided.way_back)

    def _settled(self, run: _Run, decided: Plan) -> tuple[Sequence[Placed], Sequence[Placed]]:
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

    async def _run_statements(self, run: _Run, todo: Sequence[Placed]) -> RunStatus:
        status: RunStatus = "ok"
        self._set_state(SessionState.BUSY)
        worker = self.worker
        assert worker is not None
        for position, placed in enumerate(todo):
            if run.stop is None:
                await self._keep_state(run, placed, is_last=position == len(todo) - 1)
            if run.stop is not None:
                return run.stop
            until = (
                todo[-1] if todo[-1].index - placed.index == len(todo) - 1 - position else placed
            )
            result = await self._run_statement(run, worker, placed, until)
            if result.status == "ok":
                continue
            if result.status != "crashed":
                self._crashes = 0
            ended = cast("RunStatus", result.status)
            if ended != "error":
                return ended
            status = "error"
            if run.request.stop_on_error:
                return status
        if status == "ok":
            self._crashes = 0
        return run.stop or status

    async def _run_statement(
        self, run: _Run, worker: Worker, placed: Placed, until: Placed
    ) -> Result:
        statement = placed.statement
        result = Result(statement.text, first=placed.first)
        run.results[statement] = result
        self._results.show(statement, result)
        for stream, data in self._early_output:
            self._append(result, stream, data)
        self._early_output.clear()
        self._client.on_change()
        index, last = self._worker_index[placed.index], self._worker_index[until.index]
        reply = await worker.execute(index, last, result)
        if isinstance(reply, Died):
            self._crashed(run, result, placed, reply)
        else:
            self._ended(run, result, placed, reply)
        result.changed()
        self._client.on_result(result, placed)
        self._client.on_change()
        return result

    def _ended(self, run: _Run, result: Result, placed: Placed, reply: Message) -> None:
        statement = placed.statement
        self._leave_ladder()
        self._explain_end_of_input(result, reply)
        status = cast("Status", reply["outcome"])
        if status == "interrupted" and run.stop == "timeout":
            status = "timeout"
        result.seconds = reply["seconds"]
        self._program.lineage.work += reply["seconds"]
        result.exit_code = reply["code"]
        if reply["value"] is not None:
            result.outputs.append(display_from("result", reply["value"], reply.get("metadata")))
        if reply["failure"] is not None:
            result.outputs.append(failure_from(reply["failure"]))
        if run.ladder is not None and run.ladder.was_needed:
            result.note = f"It did not stop at once; what stopped it was {run.ladder.means}."
        result.status = status
        result.caught_interrupt = run.was_interrupted and status in REPEATABLE
        if self._program.live is not None:
            before = self._program.live
            files = reply["modules"]
            if files:
                result.imports = {file: self._results.files.fingerprint(file) for file in files}
                self._results.keys.imported(before, statement.text, statement.part, files)
            self._program.live = self._results.keys.after(before, statement.text, statement.part)
            if result.caught_interrupt:
                self._program.live = OFF_PATH
            result.key = self._program.live
            self._results.run_chain.follow(self._results.start, run.document.statements)
            result.off_path = result.key != self._results.run_chain[placed.index + 1]
            if status not in REPEATABLE:
                self._program.live = OFF_PATH
            elif status != "ok":
                self._program.live = self._results.keys.beyond(self._program.live)
        self._results.ledger.keep(result)

    def _explain_end_of_input(self, result: Result, reply: Message) -> None:
        failure = reply["failure"]
        if self._input_refused and failure is not None and failure["name"] == "EOFError":
            result.note = (
                "The program asked for input, which this editor cannot give: "
                "run it in a terminal with `rdit run`, or read from a file."
            )
        self._input_refused = False

    def _crashed(self, run: _Run, result: Result, placed: Placed, died: Died) -> None:
        self._leave_ladder()
        lines = _lines_text(placed)
        if run.stop is not None:
            result.status = cast("Status", run.stop)
            means = run.ladder.means if run.ladder is not None else None
            result.note = f"It did not stop; what stopped it was {means or LADDER[-1][1]}."
        else:
            result.status = "crashed"
            result.exit_code = died.code
            how = (
                f"was killed by signal {-died.code}"
                if died.code < 0
                else f"exited with code {died.code}"
            )
            result.note = f"Python {how} at {lines}."
        result.key = OFF_PATH
        self._crashes += 1

    # Workers.

    async def _restart(self, run: _Run, *, for_good: bool = True) -> None:
        """Replace the worker by a new one, with the environment of `run`.

        `for_good`: nobody will want the present state back if the run fails.
        """
        if run.request.scope == "file" and for_good:
            # The program begins again, so the earlier one comes to its end, and nothing goes back to it.
            self._program.checkpoints.forget(named=False)
        self._set_out()
        self._program.leave(for_good=for_good)
        launch = self._launch()
        self._run_env = run.request.env
        surroundings = self._surroundings(launch)
        launch = replace(launch, env={**launch.env, **run.request.env})
        key = self._results.keys.start(surroundings)
        await self._program.start(launch, key)
        self._results.start = key
        self._results.lost = False

    async def _begin_again(self) -> None:
        """Have an empty namespace at once, where an interpreter is kept ready for that."""
        self._set_out()
        self._program.leave()
        self._run_env = {}
        try:
            launch = self._launch()
        except WorkerError as error:
            log.info("%s: %s", self.document.uri, error)  # The next run will say so.
            return
        if self._program.can_start_at_once(launch):
            self._results.start = self._results.keys.start(self._surroundings(launch))
            await self._program.start(launch, self._results.start)

    async def _return_to(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint. Raises WorkerError if it cannot be had."""
        self._set_out()
        await self._program.return_to(checkpoint)
        self._results.lost = False

    def _set_out(self) -> None:
        """There will be another process."""
        self._set_state(SessionState.STARTING)
        self._client.on_change()
        self._early_output.clear()

    async def _keep_state(self, run: _Run, following: Placed, *, is_last: bool) -> None:
        """Take a checkpoint of the state before `following`, if one is due."""
        program, index = self._program, following.index
        live = program.live
        if live is None or live in program.checkpoints or index == 0:
            return
        self._results.run_chain.follow(self._results.start, run.document.statements)
        if live != self._results.run_chain[index]:
            return  # No clean run comes through here.
        shown = self._results.shown(following.statement)
        hot = is_last or (shown is not None and shown.text != following.statement.text)
        if program.checkpoints.is_due(program.lineage, hot=hot):
            last = run.document.placed[index - 1].last
            await program.keep(last, on_path=self._results.run_chain.keys)

    async def _stand_up_again(self, run: _Run) -> None:
        """The last statement of `run` has ended the process: stand where it began, if that can be had."""
        ran = [placed for placed in run.document.placed if placed.statement in run.results]
        if not ran:
            return  # It was ended before it ran anything; the next run finds its own way.
        placed = ran[-1]
        result = run.results[placed.statement]
        line = await self._stand_up(run.document, placed.index)
        if line is None:
            return
        where = "before it" if line >= placed.first - 1 else f"after line {line}"
        result.note = f"{result.note} The variables are those {where}: a checkpoint was used."
        result.changed()

    async def _recover(self) -> None:
        """The program has ended while nothing ran: go on from the deepest checkpoint."""
        if self.worker is None:
            await self._stand_up(self.document, len(self.document.statements))

    async def _stand_up(self, document: Document, index: int) -> int | None:
        """After the program has ended: go on from the deepest checkpoint before statement `index`.

        What little ran between the two is run again, and nothing else: nobody has asked for it. Returns
        the last line that has run by then, or None where there is no checkpoint.
        """
        run = self._internal_run(document)
        while True:
            kind, start = way_back_to(
                index, self._results.run_chain, None, self._program.checkpoints
            )
            checkpoint = self._program.checkpoints.at(self._results.run_chain[start])
            if kind != "checkpoint" or checkpoint is None:
                self._set_state(SessionState.DEAD)
                return None
            if await self._returned_to(checkpoint, run):
                break
        between = list(takewhile(self._ran_well, document.placed[start:index]))
        known = [self._results.shown(placed.statement) for placed in between]
        line = checkpoint.line
        if sum(result.seconds or 0.0 for result in known if result is not None) < _AT_ONCE:
            try:
                await self._run_to(run, start, start + len(between))
                line = between[-1].last if between else line
            except (RequestError, WorkerError) as error:
                log.info("%s: %s", self.document.uri, error)
        self._set_state(SessionState.DEAD if self.worker is None else SessionState.IDLE)
        self._client.on_change()
        return line

    def _ran_well(self, placed: Placed) -> bool:
        """Whether a statement of the document that runs has ended well, as it does in a clean run."""
        result = self._results.shown(placed.statement)
        key = self._results.run_chain[placed.index + 1]
        return result is not None and result.status == "ok" and self._results.is_fresh(result, key)

    def _internal_run(self, document: Document) -> _Run:
        """A run of rdit's own, to come to a state of `document`; nobody waits for its report."""
        self._results.run_chain.follow(self._results.start, document.statements)
        done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        return _Run("", Request("stale"), document, done)

    async def _run_to(self, run: _Run, start: int, index: int) -> None:
        """Run a document's statements from `start` up to before `index`. Raises RequestError on failure."""
        if start == index:
            return
        rejected = await self._prepare(run)
        if rejected is not None:
            raise RequestError("the text that led to that state does not compile any more.")
        status = await self._run_statements(run, run.document.placed[start:index])
        if status != "ok":
            raise RequestError(f"running the statements again ended with {status}.")

    async def _stand_at(self, document: Document, index: int) -> WayBack:
        """Come to the state before statement `index` of `document`, by whatever way is shortest.

        Raises RequestError or WorkerError where none leads there.
        """
        run = self._internal_run(document)
        self._run = self._run or run
        while True:
            kind, start = way_back_to(
                index, self._results.run_chain, self._program.live, self._program.checkpoints
            )
            checkpoint = self._program.checkpoints.at(self._results.run_chain[start])
            if kind != "checkpoint" or checkpoint is None:
                break
            if await self._returned_to(checkpoint, run):
                break
        if kind == "start":
            await self._restart(run)
        await self._run_to(run, start, index)
        self._set_state(SessionState.IDLE)
        return WayBack(kind, _line_at(document, start))

    # Checkpoints by hand, and runs that are taken back.

    async def _take_checkpoint(self, name: str | None) -> Checkpoint:
        if self._program.live is None:
            raise RequestError("nothing has run yet, so there is no state to keep.")
        index = self._place_of_live()
        last = self.document.placed[index - 1].last if index else 0
        made = await self._program.keep(last, name=name or f"after line {last}")
        if isinstance(made, Died):
            raise WorkerError("Python ended before its state could be kept.")
        if index is not None:
            made.place = self.document, index
        elif made.copy is None:
            self._program.checkpoints.give_up(made)
            raise RequestError(
                f"this state cannot be kept: {made.refusal}, and a run of the file does not lead to it."
            )
        return made

    async def _restore(self, identifier: str) -> WayBack:
        checkpoint = self._program.checkpoints.named(identifier)
        if checkpoint is None:
            raise RequestError(f"there is no checkpoint {identifier!r}.")
        if checkpoint.is_ready:
            try:
                await self._return_to(checkpoint)
            except WorkerError as error:
                log.info("%s: %s", self.document.uri, error)
            else:
                self._set_state(SessionState.IDLE)
                self._client.on_change()
                return WayBack("checkpoint", checkpoint.line + 1)
        if checkpoint.place is None:
            raise RequestError(f"the process of checkpoint {identifier!r} is gone.")
        return await self._stand_at(*checkpoint.place)

    def _place_of_live(self) -> int | None:
        """The index of the statement before which the document's text leads to the present state."""
        chain = self._results.shown_chain
        chain.follow(self._results.start, self.document.statements)
        indexes = range(len(self.document.statements), -1, -1)
        return next((index for index in indexes if chain[index] == self._program.live), None)

    async def _note_state(self) -> _Before:
        """Make sure that there is a way back to the present state. Raises RequestError if there is none."""
        if self._program.live is None:
            return _Before()
        held = await self._program.hold()
        if isinstance(held, Checkpoint):
            return _Before(held)
        index = self._place_of_live()
        if index is None:
            reason = held.reason if isinstance(held, Refusal) else "it has ended"
            raise RequestError(
                f"this run could not be taken back: the program cannot be copied, because {reason}."
            )
        return _Before(place=(self.document, index))

    async def _roll_back(self, before: _Before) -> WayBack:
        """Return to the state before a run."""
        if before.checkpoint is not None:
            try:
                await self._return_to(before.checkpoint)
            except WorkerError as error:
                log.warning("%s: a run was not taken back: %s", self.document.uri, error)
                raise
            self._set_state(SessionState.IDLE)
            return WayBack("checkpoint", before.checkpoint.line or None)
        if before.place is not None:
            return await self._stand_at(*before.place)
        await self._begin_again()
        self._set_state(SessionState.IDLE)
        return WayBack("start")

    def _surroundings(self, launch: Launch) -> Hashable:
        """What an empty namespace depends on."""
        env = {**launch.env, **self._run_env}
        # Not the script's own name: renaming it changes nothing that has run.
        drawing = launch.figure_format, launch.figure_dpi
        return launch.python, launch.argv[1:], launch.cwd, frozenset(env.items()), drawing

    async def _set_environment(self, run: _Run, *, restarted: bool) -> dict[str, str | None]:
        """Apply the variables of a run; returns what is to be set again after it."""
        if not run.request.env or self.worker is None:
            return {}
        if restarted or run.request.scope in ("stale", "toHere"):
            # The program was started with them, or a copy of it was.
            base = {**os.environ, **self._launch().env}
            return {name: base.get(name) for name in run.request.env}
        self._program.live = OFF_PATH
        reply = await self.worker.request("environ", values=dict(run.request.env))
        return {} if isinstance(reply, Died) else reply["before"]

    async def _prepare(self, run: _Run) -> View | None:
        """Give the worker the source. Returns the view of the rejection if it does not compile."""
        assert self.worker is not None
        whole = run.request.whole
        scope = () if whole else statements_in_scope(run.request, run.document)
        nothing_parses = bool(scope) and all(placed.statement.is_broken for placed in scope)
        for known in (True, whole):
            if not nothing_parses and self._prepared == (self.worker, run.document, known):
                return None
        reply = await self.worker.request("prepare", source=run.document.text, whole=whole)
        rejected = not isinstance(reply, Died) and reply["type"] == "rejected"
        if rejected and not whole and not nothing_parses:
            text = run.document.runnable_text
            reply = await self.worker.request("prepare", source=text, whole=False)
        if isinstance(reply, Died):
            if run.stop is not None or reply.code == -signal.SIGKILL:
                # Somebody ended it: that says nothing about the source.
                raise WorkerError("Python was killed before it could run anything.")
            return self._rejected(run, (1, len(run.document.lines)), _parser_crash(reply))
        if reply["type"] == "rejected":
            failure = failure_from(reply["failure"])
            return self._rejected(run, (reply["first"], reply["last"]), failure)
        self._rejection = None
        spans = [Span(*span) for span in reply["spans"]]
        self._settle(run, spans)
        runnable = [p for p in run.document.placed if not p.statement.is_broken]
        self._worker_index = {placed.index: number for number, placed in enumerate(runnable)}
        self._prepared = (self.worker, run.document, whole)
        return None

    def _rejected(self, run: _Run, lines: tuple[int, int], failure: Failure) -> View:
        result = Result("", status="error", outputs=[failure], seconds=0.0)
        self._set_state(SessionState.IDLE if self.worker is not None else SessionState.DEAD)
        if run.document.lines == self.document.lines:
            self._rejection, self._rejection_lines = result, lines
        self._client.on_change()
        return view_of(-1, *lines, False, result, None)

    def _settle(self, run: _Run, spans: Sequence[Span]) -> None:
        old = run.document
        run.document = documents.settle(old, spans)
        if self.document.blocks == old.blocks:
            self._results.carry_over(self.document, run.document, under_way=self._is_under_way)
            self.document = replace(self.document, blocks=run.document.blocks)
        elif run.document.blocks != old.blocks:
            log.warning("%s: the interpreter sees other statements in an older text", old.uri)

    # Results.

    @property
    def _is_under_way(self) -> bool:
        return self._run is not None or bool(self._queue)

    def _take(self, document: Document) -> None:
        old, self.document = self.document, document
        self._results.carry_over(old, document, under_way=self._is_under_way)
        if self._rejection is not None and old.lines != document.lines:
            self._rejection = None
        self._client.on_change()

    def _finish(self, run: _Run, report: Report) -> None:
        if not run.done.done():
            run.done.set_result(report)

    def _append(self, result: Result, stream: StreamName, data: bytes) -> None:
        self._displays.output_follows(result)
        last = result.outputs[-1] if result.outputs else None
        if not isinstance(last, Stream) or last.name != stream:
            last = Stream(
                stream, self._folder / f"output-{id(self):x}-{next(self._spill_numbers)}.txt"
            )
            result.outputs.append(last)
        last.append(data)
        result.changed()

    # Stopping.

    def _waited_for(self, run: _Run, done: asyncio.Future[Report]) -> None:
        if done.cancelled():
            self._stop(run, "interrupted")

    def _start_timer(self, run: _Run) -> asyncio.TimerHandle | None:
        if run.request.timeout is None:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(run.request.timeout, self._stop, run, "timeout")

    def _stop(self, run: _Run, why: RunStatus) -> None:
        if run in self._queue:
            self._queue.remove(run)
            self._finish(run, Report(run.id, "cancelled", ()))
            return
        if run is not self._run or run.stop is not None:
            return
        run.stop = why
        if self.worker is None:
            return
        if self._state is SessionState.STARTING:
            self.worker.kill()
        elif self._state is SessionState.BUSY:
            self._ladder = run.ladder = Ladder(self.worker)

    def _leave_ladder(self) -> None:
        if self._ladder is not None:
            self._ladder.leave()
            self._ladder = None

    def _cancel_runs(self) -> None:
        self.interrupt()
        if self._run is not None and self.worker is not None:
            self.worker.kill()

    # What the worker tells.

    def heard_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Output of the statement whose result is `owner`, be it still running or long ended."""
        result = cast("Result | None", owner)
        if result is None:
            self._early_output.append((stream, data))
        else:
            self._append(result, stream, data)
        self._client.on_output(result, stream, data)
        if data.endswith(b"\n"):
            self._client.on_change()
        else:
            # The rest of the line is on its way: shown without it, it would wait for the next turn.
            asyncio.get_running_loop().call_later(_REST_OF_LINE, self._client.on_change)

    def heard_display(self, owner: Owner, message: Message) -> None:
        """The statement whose result is `owner` displays something, or clears what it has put out."""
        result = cast("Result | None", owner)
        if result is None:
            return
        if "clear" in message:
            self._displays.clear(result, wait=message["clear"] == "wait")
        else:
            display = display_from(
                "display", message["data"], message.get("metadata"), message.get("id")
            )
            self._displays.show(result, display, update=message.get("update") is True)
        self._client.on_change()

    def heard_input(
        self, owner: Owner, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """User code waits for a line."""
        result = cast("Result | None", owner)
        prompt = ""
        if result is not None and result.outputs and isinstance(result.outputs[-1], Stream):
            prompt = result.outputs[-1].text(2000).rpartition("\n")[2]

        def answered(line: str | None) -> None:
            self._input_refused = line is None
            answer(line)

        self._client.on_input(prompt, answered, password=password)

    def heard_death(self, worker: object, died: Died) -> None:
        """The worker ended; unless we ended it, its state is lost."""
        if self.worker is None or self.worker.listener is not worker:
            return
        log.info("%s: Python ended with %d", self.document.uri, died.code)
        self._program.ended()
        self._results.lost = True
        was_idle = self._state is SessionState.IDLE
        self._set_state(SessionState.DEAD)
        self._client.on_change()
        if was_idle and len(self._program.checkpoints):
            self._send_on_errand(self._recover)

    def _set_state(self, state: SessionState) -> None:
        if state is not self._state:
            log.debug("%s: %s -> %s", self.document.uri, self._state.value, state.value)
            self._state = state


class _Ears:
    """Listens to one worker, so that the last words of an older one change nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        self._session.heard_output(owner, stream, data)

    def on_display(self, owner: Owner, message: Message) -> None:
        self._session.heard_display(owner, message)

    def on_input(self, owner: Owner, answer: Callable[[str | None], None], password: bool) -> None:
        self._session.heard_input(owner, answer, password=password)

    def on_death(self, died: Died) -> None:
        self._session.heard_death(self, died)


def _line_at(document: Document, index: int) -> int | None:
    return document.firsts[index] if index < len(document.firsts) else None


def _lines_text(placed: Placed) -> str:
    if placed.first == placed.last:
        return f"line {placed.first}"
    return f"lines {placed.first}–{placed.last}"


def _parser_crash(died: Died) -> Failure:
    text = f"Python died with {died.code} while it read this source.\n"
    return Failure("SystemError", text.strip(), text)
