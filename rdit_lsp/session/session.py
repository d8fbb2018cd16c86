"""The live state of one document, and its only owner: results, runs and program, for all its clients.

Everything here happens on the event loop, in this class's own methods and those of the parts it is made
of, so there are no locks. It knows no LSP: a client attaches with a text of its own, passes plain requests,
observes, and gets frozen snapshots and reports (`attachment`).

Its parts, each of which uses those before it: `texts` (what statements gave, beside each text, and how true
that is now), `inputs` (who answers the program), `program` (the process), `capture` (its output),
`environment` and `checkpointing`, `execution` (running statements), `restore` (coming to a state),
`transaction` and `recovery`, `pipeline` (one run from plan to report), `queue` (one run after the other).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from rdit_lsp.process.replies import Exited
from rdit_lsp.process.spawn import spawn
from rdit_lsp.process.worker import LocalWorker
from rdit_lsp.program.checkpoint_policy import is_due
from rdit_lsp.program.program import Program
from rdit_lsp.results.record import bring_back, record_of
from rdit_lsp.results.snapshot import Inspection, SessionState, Snapshot
from rdit_lsp.session.attachment import Attachment
from rdit_lsp.session.capture import OutputCapture
from rdit_lsp.session.checkpointing import Checkpointing
from rdit_lsp.session.client import Client
from rdit_lsp.session.environment import Environment
from rdit_lsp.session.events import Observers
from rdit_lsp.session.execution import Execution
from rdit_lsp.session.input_requests import InputRequests
from rdit_lsp.session.pipeline import Pipeline
from rdit_lsp.session.planning import RequestError
from rdit_lsp.session.queue import RunQueue
from rdit_lsp.session.recovery import Recovery
from rdit_lsp.session.restore import Restorer
from rdit_lsp.session.run import Run
from rdit_lsp.session.state_log import StateLog
from rdit_lsp.session.status import KeptStates, SessionStatus, Times, runs_info
from rdit_lsp.session.texts import Texts
from rdit_lsp.session.transaction import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from signal import Signals

    from rdit_lsp.document.document import Document
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.spawn import Launch, Spawned
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.program.checkpoint_policy import IsDue
    from rdit_lsp.results.record import Record
    from rdit_lsp.results.results import Results
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
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
        store: ResultStore | None = None,
        is_due: IsDue = is_due,
    ) -> None:
        """`document` is the text until a client brings its own.

        `store` keeps results of statements that were edited since; in memory by default. `is_due` says
        when checkpoints are taken.
        """
        self._texts = texts = Texts(document, store)
        self._observers = observers = Observers(StateLog(lambda: self.uri, lambda: self.state))
        self._inputs = inputs = InputRequests(observers)
        shared = texts.active.shared
        self._capture = OutputCapture(observers, inputs, shared.links, guard.folder)
        make = partial(LocalWorker, guard=guard, spawn=spawn)
        self._program = program = Program(self._capture, make, self._on_exited, is_due)
        self._environment = environment = Environment(program, texts)
        self._checkpointing = checkpointing = Checkpointing(texts, program)
        self._execution = execution = Execution(
            texts, program, self._capture, checkpointing, observers
        )
        self._restorer = restorer = Restorer(texts, program, execution, environment)
        self._recovery = recovery = Recovery(texts, program, execution, restorer)
        transactions = Transactions(texts, program, execution, restorer, checkpointing)
        pipeline = Pipeline(
            texts,
            program,
            execution,
            environment,
            restorer,
            transactions,
            recovery,
            self.refresh_dependencies,
        )
        self._queue = RunQueue(texts, inputs, execution, pipeline, observers)
        self._attachments: list[Attachment] = []
        self._times = Times(datetime.now(timezone.utc))
        self._was_run = False
        """A person has run the document since the session began."""
        self._execution_ids = count(1)
        self._is_over = asyncio.Event()

    # Its clients.

    def attach(
        self,
        document: Document,
        launch: Callable[[], Launch],
        observer: SessionObserver,
        client: Client | None = None,
    ) -> Attachment:
        """Let a client in, whose text reads as `document` does.

        `launch` is asked at each start of an interpreter for a run of that text, and may raise
        WorkerError.
        """
        results = self._texts.take(document, under_way=self._is_under_way)
        self._environment.follow(results, launch)
        attachment = Attachment(self, results, observer, client or Client())
        self._attachments.append(attachment)
        self._times = replace(self._times, detached=None)
        self.observe(observer)
        if self.holds_anything:
            observer.on_change()
        if self._texts or self._program.worker is not None:
            # Its settings may be others than those of the clients before it.
            self._environment.refresh()
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Let a client go. Its runs go on, and its text stays as long as they need it."""
        if attachment not in self._attachments:
            return
        self._attachments.remove(attachment)
        self.leave(attachment.observer)
        self._texts.leave(attachment.results, under_way=self._is_under_way)
        if not self._attachments:
            self._times = replace(self._times, detached=datetime.now(timezone.utc))

    @property
    def attachments(self) -> Sequence[Attachment]:
        """The clients that it has, in the order in which they came."""
        return tuple(self._attachments)

    def observe(self, observer: SessionObserver) -> None:
        """Pass events to `observer`, too, from now on."""
        self._observers.add(observer)
        self._inputs.observer_came(observer)

    def leave(self, observer: SessionObserver) -> None:
        """Pass no more events to `observer`."""
        self._observers.remove(observer)
        self._inputs.observer_left(observer)

    # What is there.

    @property
    def uri(self) -> str:
        """The document's."""
        return self._texts.active.document.uri

    @property
    def document(self) -> Document:
        """The text of the last run, or of the only client."""
        return self._texts.active.document

    @property
    def holds_anything(self) -> bool:
        """Whether there is anything that would be lost with it: a program, or results."""
        return self.has_results or self.has_program

    @property
    def has_results(self) -> bool:
        """Whether there is any result."""
        return bool(self._texts)

    @property
    def has_program(self) -> bool:
        """Whether there is a program, or will be when what waits has begun."""
        return self._program.worker is not None or not self._queue.is_idle

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self._queue.is_idle

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
        current = [self._execution.current] if self._execution.current is not None else []
        return SessionStatus(
            uri=self.uri,
            state=self.state,
            python=worker.python if worker is not None else None,
            version=worker.version if worker is not None else None,
            pid=worker.pid if worker is not None else None,
            queued=len(self._queue),
            checkpoints=kept,
            clients=tuple(each.client for each in self._attachments),
            times=self._times,
            running=next(iter(runs_info(current)), None),
            queue=runs_info(self._queue.waiting_runs),
        )

    @property
    def may_run_by_itself(self) -> bool:
        """Whether a person has run the document, and it did not kill its process twice in a row."""
        return self._was_run and not self.keeps_crashing

    @property
    def keeps_crashing(self) -> bool:
        """Whether the document killed its process twice in a row."""
        return self._execution.crashes >= _TOO_MANY_CRASHES

    async def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, with what each holds now."""
        await self._program.checkpoints.measure()
        return self._program.checkpoints.all()

    async def memory(self) -> int:
        """Bytes that the program and its copies hold together; 0 where the system does not say."""
        return await asyncio.to_thread(self._program.memory)

    def snapshot(self) -> Snapshot:
        """The text of the last run, or of the only client, with all its results."""
        results = self._texts.active
        return Snapshot(results.document, self.state, results.views(1, len(results.document.lines)))

    async def ended(self) -> None:
        """Wait until the session is over, or its program was stopped."""
        await self._is_over.wait()

    # Their texts, and what lies beside them.

    def take(self, results: Results, document: Document) -> None:
        """Let the text of `results` be `document` from now on."""
        results.take(document, under_way=self._is_under_way)
        self._observers.on_change()

    def refresh_dependencies(self) -> Sequence[str]:
        """Notice what has changed beside the text: files and folders of the project, and settings."""
        files = self._texts.states.refresh_files()
        changed = [file if isinstance(file, str) else "/".join(file) for file in files]
        has_program = self._texts or self._program.worker is not None
        if has_program and self._environment.refresh():
            changed.append("settings")
        if changed:
            self._observers.on_change()
        return changed

    @property
    def _is_under_way(self) -> bool:
        return self._execution.current is not None or len(self._queue) > 0

    # Runs, and what is done between them.

    def execute(self, owner: Attachment, request: Request) -> asyncio.Future[Report]:
        """As `Attachment.execute`, for that client."""
        self._was_run = self._was_run or not request.automatic
        done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self._queue.put(Run(f"{next(self._execution_ids)}", request, owner.document, done, owner))
        return done

    def checkpoint(self, results: Results, name: str | None) -> asyncio.Future[Checkpoint]:
        """Keep the state that the namespace is in after the runs that are queued now.

        The future raises RequestError where there is none to keep, or no way to come back to it.
        """
        return self._queue.do(partial(self._checkpointing.take, name), results)

    def restore(self, results: Results, identifier: str) -> asyncio.Future[WayBack]:
        """Go back to a checkpoint; where its process is gone, by running again what led there.

        The future raises RequestError where that is not possible.
        """
        return self._queue.do(partial(self._restorer.restore, identifier), results)

    async def inspect(self, question: Mapping[str, Any], deadline: float) -> Inspection | None:
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

    async def reset(self) -> None:
        """Forget all results and start over with an empty namespace."""
        await self._end_runs()
        self._program.checkpoints.forget(named=True)
        self._texts.forget()
        await self._restorer.restart_empty()
        self._execution.settle()

    async def wait_until_idle(self) -> None:
        """Wait until nothing is under way."""
        await self._queue.wait_until_idle()

    async def shed(self) -> None:
        """Let go of what only makes the next run quicker: the program and what a person kept stay."""
        await self._program.shed()

    async def record(self) -> Record | None:
        """What is to be kept of its results; None where there are none."""
        return await record_of(self._texts.active, partial(asyncio.sleep, 0))

    def bring_back(self, record: Record) -> None:
        """Begin with results that were kept; there are none yet."""
        bring_back(record, self._texts.active)

    def forget(self) -> None:
        """Let go of all results, and of the files that hold long output."""
        self._texts.forget()

    async def stop(self) -> bool:
        """End the program and all that it keeps; results stay as restored ones. Whether there was one."""
        had_program = self.has_program
        await self.close()
        if had_program:
            self._texts.leave_program()
            self._observers.on_change()
        return had_program

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Exited | None:
        """End the worker and whatever it started; the session is over. Returns how the worker ended.

        `leave_children`: as when a script ends in a terminal, what it started in the background lives.
        `patient`: its threads and `atexit` functions take what time they need.
        """
        await self._end_runs()
        exited = await self._program.close(leave_children=leave_children, patient=patient)
        self._is_over.set()
        self._is_over = asyncio.Event()  # Its clients may start another program.
        return exited

    async def _end_runs(self) -> None:
        self.interrupt()
        if self._execution.current is not None and self._program.worker is not None:
            self._program.worker.kill()
        await self._queue.wait_until_idle()

    def _on_exited(self, exited: Exited) -> None:
        """The program's process ended by itself or was killed, so its state is lost."""
        log.info("%s: Python ended with %d", self.uri, exited.code)
        self._texts.states.lose_process()
        self._observers.on_change()
        if self._execution.current is None and len(self._program.checkpoints):
            # A run that was asked for already is to find the state that was there.
            self._queue.do(self._recovery.recover, first=True)
