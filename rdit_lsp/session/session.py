"""The live state of one document, and its only owner: text, results, runs and program.

Everything here happens on the event loop, in this class's own methods and those of the parts it is made
of, so there are no locks. It knows no LSP: its clients pass plain requests, observe it, and get frozen
snapshots and reports.

Its parts, each of which uses those before it: `results` (what statements gave, and how true that is now),
`program` (the process), `capture` (its output), `environment` and `checkpointing`, `execution` (running
statements), `restore` (coming to a state), `transaction` and `recovery`, `pipeline` (one run from plan to
report), `queue` (one run after the other).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from rdit_lsp.document import document as documents
from rdit_lsp.document.edit_order import EditOrder
from rdit_lsp.process.replies import Exited
from rdit_lsp.process.spawn import WorkerError, spawn
from rdit_lsp.process.worker import LocalWorker
from rdit_lsp.program.checkpoint_policy import is_due
from rdit_lsp.program.program import Program
from rdit_lsp.results.results import Results
from rdit_lsp.results.snapshot import Inspection, SessionState, Snapshot
from rdit_lsp.session.capture import OutputCapture
from rdit_lsp.session.checkpointing import Checkpointing
from rdit_lsp.session.environment import Environment
from rdit_lsp.session.events import Observers
from rdit_lsp.session.execution import Execution
from rdit_lsp.session.pipeline import Pipeline
from rdit_lsp.session.planning import RequestError, check
from rdit_lsp.session.queue import RunQueue
from rdit_lsp.session.recovery import Recovery
from rdit_lsp.session.restore import Restorer
from rdit_lsp.session.run import Run
from rdit_lsp.session.state_log import StateLog
from rdit_lsp.session.status import KeptStates, SessionStatus
from rdit_lsp.session.transaction import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from signal import Signals

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.edit import Edit
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.spawn import Launch, Spawned
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.program.checkpoint_policy import IsDue
    from rdit_lsp.results.store import ResultStore
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.planning import Request, WayBack
    from rdit_lsp.session.report import Report

log = logging.getLogger(__name__)

_TOO_MANY_CRASHES = 2


class Session:
    """One document's results and the process they come from."""

    def __init__(
        self,
        document: Document,
        launch: Callable[[], Launch],
        observer: SessionObserver,
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
        store: ResultStore | None = None,
        is_due: IsDue = is_due,
    ) -> None:
        """`launch` is asked at each start of an interpreter and may raise WorkerError.

        `store` keeps results of statements that were edited since; in memory by default. `is_due` says
        when checkpoints are taken.
        """
        self._edits = EditOrder()
        self._results = results = Results(document, store)
        self._observers = observers = Observers(
            StateLog(lambda: self.document.uri, lambda: self.state), observer
        )
        self._capture = OutputCapture(observers, results.links, guard.folder)
        make = partial(LocalWorker, guard=guard, spawn=spawn)
        self._program = program = Program(self._capture, make, self._on_exited, is_due)
        self._environment = environment = Environment(program, launch)
        self._checkpointing = checkpointing = Checkpointing(results, program)
        self._execution = execution = Execution(
            results, program, self._capture, checkpointing, observers
        )
        self._restorer = restorer = Restorer(results, program, execution, environment)
        self._recovery = recovery = Recovery(results, program, execution, restorer)
        transactions = Transactions(results, program, execution, restorer, checkpointing)
        pipeline = Pipeline(
            results,
            program,
            execution,
            environment,
            restorer,
            transactions,
            recovery,
            self.refresh_dependencies,
        )
        self._queue = RunQueue(results, execution, pipeline, observers)
        self._was_run = False
        """A person has run the document since it was opened."""
        self._execution_ids = count(1)

    # What is there.

    @property
    def document(self) -> Document:
        """The text as it is now."""
        return self._results.document

    @property
    def state(self) -> SessionState:
        """What the session is doing; computed from what its parts do."""
        if self._program.is_starting:
            return SessionState.STARTING
        if self._program.is_lost:
            return SessionState.DEAD
        return SessionState.BUSY if self._execution.is_running else SessionState.IDLE

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
            python_reason=worker.launch.reason if worker is not None else "",
        )

    @property
    def may_run_by_itself(self) -> bool:
        """Whether a person has run the document, and it did not kill its process twice in a row."""
        return self._was_run and self._execution.crashes < _TOO_MANY_CRASHES

    def snapshot(self, first: int = 1, last: int | None = None) -> Snapshot:
        """The session as it is now, with the results of statements on lines `first` to `last`."""
        last = len(self.document.lines) if last is None else last
        return Snapshot(self.document, self.state, self._results.views(first, last))

    async def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, with what each holds now."""
        await self._program.checkpoints.measure()
        return self._program.checkpoints.all()

    # Who observes it.

    def observe(self, observer: SessionObserver) -> None:
        """Pass events to `observer`, too, from now on."""
        self._observers.add(observer)

    def leave(self, observer: SessionObserver) -> None:
        """Pass no more events to `observer`."""
        self._observers.remove(observer)

    # Its text, and what lies beside it.

    def change(self, document: Document) -> None:
        """Take an entirely new text of the document; results stay with their statements."""
        self._edits.forget()
        self._take(document)

    def edit(self, edit: Edit) -> None:
        """Edit the document; an edit that comes late takes its place among the others."""
        self._take(self._edits.apply(self.document, edit))

    def rename(self, document: Document, launch: Callable[[], Launch]) -> None:
        """Go on as another document with the same text: its file has a new name."""
        self._environment.follow(launch)
        self.change(documents.renamed(self.document, document.uri, document.version))

    def refresh_dependencies(self) -> bool:
        """Notice what has changed beside the text, settings and files of the project, if anything."""
        changed = self._results.freshness.refresh_files()
        if self._results or self._program.worker is not None:
            try:
                surroundings = self._environment.surroundings()
            except WorkerError as error:
                log.info("%s: %s", self.document.uri, error)  # The next run will say so.
            else:
                changed |= self._results.freshness.begin_at(surroundings)
        if changed:
            self._observers.on_change()
        return changed

    def _take(self, document: Document) -> None:
        under_way = self._execution.current is not None or len(self._queue) > 0
        self._results.take(document, under_way=under_way)
        self._observers.on_change()

    # Runs, and what is done between them.

    def execute(self, request: Request) -> asyncio.Future[Report]:
        """Queue a run of the document as it is now. Cancelling the future interrupts the run.

        Raises RequestError for a request that makes no sense. The future raises WorkerError and the
        errors of `launch` where no interpreter can be had.
        """
        check(request, self.document)
        self._was_run = self._was_run or not request.automatic
        done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self._queue.put(Run(f"{next(self._execution_ids)}", request, self.document, done))
        return done

    def do_first(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something before the next run begins, which may go by what comes of it."""
        self._queue.do(job, first=True, is_certain=True)

    def checkpoint(self, name: str | None = None) -> asyncio.Future[Checkpoint]:
        """Keep the state that the namespace is in after the runs that are queued now.

        The future raises RequestError where there is none to keep, or no way to come back to it.
        """
        return self._queue.do(partial(self._checkpointing.take, name))

    def restore(self, identifier: str) -> asyncio.Future[WayBack]:
        """Go back to a checkpoint; where its process is gone, by running again what led there.

        The future raises RequestError where that is not possible. The text stays what it is.
        """
        return self._queue.do(partial(self._restorer.restore, identifier))

    async def inspect(
        self, question: Mapping[str, Any], deadline: float = 0.5
    ) -> Inspection | None:
        """The answer to a question about the namespace, which never changes the program.

        None where nothing has run, and where nothing can be had within `deadline` seconds.
        """
        runs = self._execution.line_that_runs
        found = await self._program.inspect(question, deadline)
        if found is not None:
            answer, checkpoint = found
            if checkpoint is not None:
                return Inspection(answer, f"after line {checkpoint.line}")
            return Inspection(answer, "now" if runs is None else f"while line {runs} runs")
        if self._program.live is None or not self._queue.is_idle:
            return None
        # No fork can be had: ask the program itself, gently, before the next run.
        asking = self._queue.do(partial(self._inspect_gently, question))
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

    # Stopping.

    def interrupt(self) -> bool:
        """Stop the run under way and drop those that wait. Returns whether there was one."""
        had_waiting = self._queue.cancel_waiting()
        if self._execution.current is None:
            return had_waiting
        self._execution.stop("interrupted")
        return True

    def pass_on(self, sign: Signals) -> None:
        """Do to the program what a signal to `python FILE` would do: it decides what comes of it."""
        if self._program.send_signal(sign):
            return
        if self._execution.is_running and self._program.worker is not None:
            self._program.worker.send_signal(sign)
        else:
            self.interrupt()

    def give_way(self) -> None:
        """Stop what runs without a person having asked for it: the person is typing again."""
        run = self._execution.current
        if run is not None and run.request.automatic:
            self._execution.stop("interrupted")

    def reset(self) -> asyncio.Future[None]:
        """Forget all results and start over with an empty namespace.

        Runs that were queued before it are dropped; those queued after it come after it.
        """
        self._stop_runs()
        return self._queue.do(self._start_over, is_certain=True)

    async def _start_over(self) -> None:
        self._program.checkpoints.forget(named=True)
        self._results.forget()
        await self._restorer.restart_empty()
        self._execution.settle()

    def forget(self) -> None:
        """Let go of all results, and of the files that hold long output."""
        self._results.forget()

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> None:
        """End the worker and whatever it started; the session is over.

        `leave_children`: as when a script ends in a terminal, what it started in the background lives.
        `patient`: its threads and `atexit` functions take what time they need.
        """
        self._stop_runs()
        await self._queue.wait_until_idle()
        await self._program.close(leave_children=leave_children, patient=patient)

    def _stop_runs(self) -> None:
        self.interrupt()
        if self._execution.current is not None and self._program.worker is not None:
            self._program.worker.kill()

    def _on_exited(self, exited: Exited) -> None:
        """The program's process ended by itself or was killed, so its state is lost."""
        log.info("%s: Python ended with %d", self.document.uri, exited.code)
        self._results.freshness.lose_process()
        self._observers.on_change()
        if self._execution.current is None and len(self._program.checkpoints):
            # A run that was asked for already is to find the state that was there.
            self._queue.do(self._recovery.recover, first=True)
