"""Running statements in a document's program, and taking down how they end.

Knows the program as it is, not how it came to its state: that is `ways_back`. Nor does it decide what is
to run: that is `run`.
"""

from __future__ import annotations

import logging
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.output import parts_shown
from rdit_lsp.process.replies import Exited, Rejected
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.process.stopping import LADDER, Ladder
from rdit_lsp.results.freshness import view_of
from rdit_lsp.results.line_references import mentions
from rdit_lsp.results.outcome import REPEATABLE
from rdit_lsp.results.result import Result
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import statements_in_scope

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from rdit_lsp.document.document import Document, PlacedStatement, Statement
    from rdit_lsp.process.handle import ProgramHandle
    from rdit_lsp.process.replies import Finished
    from rdit_lsp.program.program import Program
    from rdit_lsp.results.freshness import Results
    from rdit_lsp.results.outcome import RunStatus, Status
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.capture import OutputCapture
    from rdit_lsp.session.events import Observers
    from rdit_lsp.session.planning import Request
    from rdit_lsp.session.report import Report

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Run:
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


class Execution:
    """Runs statements of one document, one after the other."""

    def __init__(
        self, results: Results, program: Program, capture: OutputCapture, observers: Observers
    ) -> None:
        self.state = SessionState.IDLE
        """What the program is doing; changed by `set_state` only."""
        self.current: Run | None = None
        """The run under way."""
        self.rejection: View | None = None
        """What there is to say of a document that does not compile."""
        self.crashes = 0
        """Statements that killed the process, since one did not."""
        self._results = results
        self._program = program
        self._capture = capture
        self._observers = observers
        self._prepared: tuple[ProgramHandle, Document, bool] | None = None
        """What the worker has been given to run, and whether as a whole."""
        self._worker_index: dict[int, int] = {}
        """Index of a statement in that document to the worker's index of it."""
        self._ladder: Ladder | None = None

    def set_state(self, state: SessionState) -> None:
        """The program does something else now."""
        if state is not self.state:
            log.debug("%s: %s -> %s", self._results.document.uri, self.state.value, state.value)
            self.state = state

    def changed(self) -> None:
        """Say that the snapshot is different now."""
        self._observers.on_change()

    def begin_starting(self) -> None:
        """There will be another process."""
        self.set_state(SessionState.STARTING)
        self._observers.on_change()
        self._capture.begin_process()

    def set_idle(self) -> None:
        """Nothing runs: the program is ready, or gone."""
        self.set_state(SessionState.DEAD if self._program.worker is None else SessionState.IDLE)

    def stop(self, why: RunStatus) -> None:
        """Have the run under way end early, unless it was told to already."""
        run, worker = self.current, self._program.worker
        if run is None or run.stop is not None:
            return
        run.stop = why
        if worker is None:
            return
        if self.state is SessionState.STARTING:
            worker.kill()
        elif self.state is SessionState.BUSY:
            self._ladder = run.ladder = Ladder(worker)

    def end(self) -> None:
        """The run under way is over."""
        self._leave_ladder()
        self.current = None

    async def prepare(self, run: Run) -> View | None:
        """Give the worker the source. Returns the view of the rejection if it does not compile."""
        worker = self._program.worker
        assert worker is not None
        whole = run.request.whole
        scope = () if whole else statements_in_scope(run.request, run.document)
        nothing_parses = bool(scope) and all(placed.statement.is_broken for placed in scope)
        for known in (True, whole):
            if not nothing_parses and self._prepared == (worker, run.document, known):
                return None
        reply = await worker.prepare(run.document.text, whole=whole)
        if isinstance(reply, Rejected) and not whole and not nothing_parses:
            reply = await worker.prepare(run.document.runnable_text, whole=False)
        if isinstance(reply, Exited):
            if run.stop is not None or reply.code == -signal.SIGKILL:
                # Somebody ended it: that says nothing about the source.
                raise WorkerError("Python was killed before it could run anything.")
            return self._rejected(run, (1, len(run.document.lines)), _parser_crash(reply))
        if isinstance(reply, Rejected):
            return self._rejected(run, (reply.first, reply.last), reply.failure)
        self.rejection = None
        run.document = self._results.settle(run.document, reply.spans)
        runnable = [p for p in run.document.placed if not p.statement.is_broken]
        self._worker_index = {placed.index: number for number, placed in enumerate(runnable)}
        self._prepared = (worker, run.document, whole)
        return None

    async def run(
        self,
        run: Run,
        todo: Sequence[PlacedStatement],
        before_each: Callable[[Run, PlacedStatement, bool], Awaitable[None]],
    ) -> RunStatus:
        """Run the statements `todo`, which the worker was given, in their order.

        `before_each` is awaited before each of them, and told whether it is the last one.
        """
        status: RunStatus = "ok"
        self.set_state(SessionState.BUSY)
        worker = self._program.worker
        assert worker is not None
        for position, placed in enumerate(todo):
            if run.stop is None:
                await before_each(run, placed, position == len(todo) - 1)
            if run.stop is not None:
                return run.stop
            until = (
                todo[-1] if todo[-1].index - placed.index == len(todo) - 1 - position else placed
            )
            result = await self._run_statement(run, worker, placed, until)
            if result.status == "ok":
                continue
            if result.status != "crashed":
                self.crashes = 0
            ended = cast("RunStatus", result.status)
            if ended != "error":
                return ended
            status = "error"
            if run.request.stop_on_error:
                return status
        if status == "ok":
            self.crashes = 0
        return run.stop or status

    def _rejected(self, run: Run, lines: tuple[int, int], failure: Failure) -> View:
        result = Result("", status="error", outputs=[failure], seconds=0.0)
        self.set_idle()
        rejection = view_of(-1, *lines, False, result, None, result.outputs, {})
        if run.document.lines == self._results.document.lines:
            self.rejection = rejection
        self._observers.on_change()
        return rejection

    async def _run_statement(
        self, run: Run, worker: ProgramHandle, placed: PlacedStatement, until: PlacedStatement
    ) -> Result:
        statement = placed.statement
        result = Result(statement.text, index=placed.index, first=placed.first)
        run.results[statement] = result
        self._results.show(statement, result)
        self._capture.begin_statement(result)
        self._observers.on_change()
        index, last = self._worker_index[placed.index], self._worker_index[until.index]
        reply = await worker.execute(index, last, result)
        self._leave_ladder()
        if isinstance(reply, Exited):
            self._crashed(run, result, placed, reply)
        else:
            self._ended(run, result, placed, reply)
            result.mentions = mentions(result.outputs, worker.launch.path, run.document)
        result.changed()
        self._observers.on_result(_view_then(result, placed))
        self._observers.on_change()
        return result

    def _ended(self, run: Run, result: Result, placed: PlacedStatement, reply: Finished) -> None:
        status: Status = reply.outcome
        if status == "interrupted" and run.stop == "timeout":
            status = "timeout"
        result.status = status
        result.seconds, result.exit_code = reply.seconds, reply.exit_code
        self._program.did_work(reply.seconds)
        result.outputs += [made for made in (reply.value, reply.failure) if made is not None]
        self._explain(run, result, reply.failure)
        result.shows_parts = parts_shown(result.outputs)
        result.caught_interrupt = run.was_interrupted and status in REPEATABLE
        if self._program.live is not None:
            self._note_key(run, result, placed, reply.imported)
        self._results.ledger.keep(result)

    def _explain(self, run: Run, result: Result, failure: Failure | None) -> None:
        """Say what the program's own words do not."""
        refused = self._capture.input_refused
        if refused and failure is not None and failure.name == "EOFError":
            result.note = (
                "The program asked for input, which this editor cannot give: "
                "run it in a terminal with `rdit run`, or read from a file."
            )
        if run.ladder is not None and run.ladder.was_needed:
            result.note = f"It did not stop at once; what stopped it was {run.ladder.means}."

    def _note_key(
        self, run: Run, result: Result, placed: PlacedStatement, files: Sequence[str]
    ) -> None:
        """Name the state that a statement has led to; it has imported `files` of the project."""
        statement, results, before = placed.statement, self._results, self._program.live
        assert before is not None
        result.imports = {file: results.files.fingerprint(file) for file in files}
        results.note_imports(before, statement, files)
        after = results.keys.after(before, statement.text, statement.part)
        result.key = OFF_PATH if result.caught_interrupt else after
        results.run_chain.follow(results.start, run.document.statements)
        result.off_path = result.key != results.run_chain[placed.index + 1]
        if result.status not in REPEATABLE:
            self._program.leave_path()
        elif result.status != "ok":
            self._program.advance(results.keys.beyond(result.key))
        else:
            self._program.advance(result.key)

    def _crashed(self, run: Run, result: Result, placed: PlacedStatement, died: Exited) -> None:
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
            why = ", when the system was out of memory" if died.is_for_memory else ""
            result.note = f"Python {how} at {_lines_text(placed)}{why}."
        result.key = OFF_PATH
        self.crashes += 1

    def _leave_ladder(self) -> None:
        if self._ladder is not None:
            self._ladder.leave()
            self._ladder = None


def _view_then(result: Result, placed: PlacedStatement) -> View:
    """A result as it ended, at its place in the text that ran."""
    index, first, last, statement = placed
    return view_of(index, first, last, statement.is_expr, result, None, result.outputs, {})


def _lines_text(placed: PlacedStatement) -> str:
    if placed.first == placed.last:
        return f"line {placed.first}"
    return f"lines {placed.first}–{placed.last}"


def _parser_crash(died: Exited) -> Failure:
    text = f"Python died with {died.code} while it read this source.\n"
    return Failure("SystemError", text.strip(), text)
