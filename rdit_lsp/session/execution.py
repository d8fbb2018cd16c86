"""Running statements in a document's program, and recording their outcomes.

Knows the program as it is, not how it came to its state: that is `restore`. Nor does it decide what is to
run: that is `planning`.
"""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.output import parts_shown
from rdit_lsp.process.replies import Exited, Rejected
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.process.stopping import LADDER, Ladder
from rdit_lsp.program.file_uses import ANY
from rdit_lsp.results.freshness import NO_FIGURE
from rdit_lsp.results.line_references import references_in
from rdit_lsp.results.outcome import REPEATABLE
from rdit_lsp.results.result import Result
from rdit_lsp.results.views import is_docstring, view_of
from rdit_lsp.session.planning import statements_in_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.process.handle import ProgramHandle
    from rdit_lsp.process.replies import Finished
    from rdit_lsp.program.program import Program
    from rdit_lsp.results.outcome import RunStatus, Status
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.capture import OutputCapture
    from rdit_lsp.session.checkpointing import Checkpointing
    from rdit_lsp.session.events import Observers
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts


class Execution:
    """Runs statements of one document, one after the other."""

    def __init__(
        self,
        texts: Texts,
        program: Program,
        capture: OutputCapture,
        checkpointing: Checkpointing,
        observers: Observers,
    ) -> None:
        self._texts = texts
        self._program = program
        self._capture = capture
        self._checkpointing = checkpointing
        self._observers = observers
        self._current: Run | None = None
        self._is_running = False
        self._crashes = 0
        self._prepared: tuple[ProgramHandle, Document, bool] | None = None
        """What the worker has been given to run, and whether as a whole."""
        self._worker_index: dict[int, int] = {}
        """Index of a statement in that document to the worker's index of it."""
        self._ladder: Ladder | None = None

    @property
    def current(self) -> Run | None:
        """The run under way."""
        return self._current

    @property
    def is_running(self) -> bool:
        """Whether statements of it run, rather than what comes before and after them."""
        return self._is_running

    @property
    def crashes(self) -> int:
        """Statements that killed the process, since one did not."""
        return self._crashes

    @property
    def line_that_runs(self) -> int | None:
        """The first line of the statement that runs, in the text as it is now; None while none does."""
        if not self._is_running or self._current is None:
            return None
        for statement, result in self._current.results.items():
            if result.status == "running":
                current = self._texts.active.current(statement)
                placed = self._texts.active.document.placed
                return next((p.first for p in placed if p.statement is current), result.first)
        return None

    # The run under way.

    def begin(self, run: Run) -> None:
        """Take up a run; what rdit runs itself on behalf of another one counts as that one's."""
        self._current = self._current or run

    def end(self) -> None:
        """The run under way is over."""
        self._leave_ladder()
        self._current = None
        self._program.settle()

    def begin_starting(self) -> None:
        """Another process is about to take the place of the present one."""
        self._program.begin_starting()
        self._capture.begin_process()
        self._observers.on_change()

    def settle(self) -> None:
        """The program stands where it was to be brought, or there is none."""
        self._program.settle()
        self._observers.on_change()

    def stop(self, why: RunStatus) -> None:
        """End the run under way early, unless it is being ended already."""
        run, worker = self._current, self._program.worker
        if run is None or run.stop is not None:
            return
        run.stop = why
        if worker is None:
            return
        if self._program.is_starting:
            worker.kill()
        elif self._is_running:
            self._ladder = run.ladder = Ladder(worker)

    def _leave_ladder(self) -> None:
        if self._ladder is not None:
            self._ladder.leave()
            self._ladder = None

    # Giving the worker the source.

    async def prepare(self, run: Run) -> View | None:
        """Give the worker the source. Returns the view of the rejection if it does not compile.

        Raises WorkerError where there is no process any more.
        """
        worker = self._program.worker
        if worker is None:
            # It was killed since it came up, as by a time limit.
            raise WorkerError("Python was killed before it could run anything.")
        whole = run.request.whole
        scope = () if whole else statements_in_scope(run.request, run.document)
        nothing_parses = bool(scope) and all(placed.statement.is_broken for placed in scope)
        for known in (True, whole):
            if not nothing_parses and self._prepared == (worker, run.document, known):
                return None
        reply = await worker.prepare(run.document.text, whole=whole)
        if isinstance(reply, Rejected) and not whole and not nothing_parses:
            # The statements asked for may be well: the others are left out.
            reply = await worker.prepare(run.document.runnable_text, whole=False)
        if isinstance(reply, Exited):
            if run.stop is not None or reply.code == -signal.SIGKILL:
                # It was ended from outside: its exit is no fault of the source.
                raise WorkerError("Python was killed before it could run anything.")
            return self._rejected(run, (1, len(run.document.lines)), _parser_crash(reply))
        if isinstance(reply, Rejected):
            return self._rejected(run, (reply.first, reply.last), reply.failure)
        self._texts.active.reject(run.document, None)
        run.document = self._texts.active.settle(run.document, reply.spans)
        runnable = [p for p in run.document.placed if not p.statement.is_broken]
        self._worker_index = {placed.index: number for number, placed in enumerate(runnable)}
        self._prepared = (worker, run.document, whole)
        return None

    def _rejected(self, run: Run, lines: tuple[int, int], failure: Failure) -> View:
        result = Result("", status="error", captured=[failure], seconds=0.0)
        rejection = view_of(-1, *lines, False, result, None, result.outputs(), {})
        self._texts.active.reject(run.document, rejection)
        self.settle()
        return rejection

    # Running statements.

    async def run(self, run: Run, todo: Sequence[PlacedStatement]) -> RunStatus:
        """Run the statements `todo`, which the worker was given, in their order."""
        self._program.settle()
        self._is_running = True
        try:
            return await self._run_each(run, todo)
        finally:
            self._is_running = False

    async def _run_each(self, run: Run, todo: Sequence[PlacedStatement]) -> RunStatus:
        status: RunStatus = "ok"
        worker = self._program.worker
        assert worker is not None
        for position, placed in enumerate(todo):
            is_last = position == len(todo) - 1
            if run.stop is None:
                await self._checkpointing.take_if_due(run, placed, is_last=is_last)
            if run.stop is not None:
                return run.stop
            result = await self._run_statement(run, worker, placed, _until(todo, position))
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
        self, run: Run, worker: ProgramHandle, placed: PlacedStatement, until: PlacedStatement
    ) -> Result:
        result = self._begin_result(run, placed)
        index, last = self._worker_index[placed.index], self._worker_index[until.index]
        reply = await worker.execute(index, last, result)
        self._leave_ladder()
        if isinstance(reply, Exited):
            self._crashed(run, result, placed, reply)
        else:
            self._ended(run, result, placed, reply)
            outputs = result.outputs()
            result.references = references_in(outputs, worker.launch.path, run.document)
        result.changed()
        self._observers.on_result(_view_then(result, placed))
        self._observers.on_change()
        return result

    def _begin_result(self, run: Run, placed: PlacedStatement) -> Result:
        """A result that is shown from now on, as running."""
        result = Result(placed.statement.text, index=placed.index, first=placed.first)
        shown = self._texts.active.shown(placed.statement)
        if shown is not None:
            run.replaced.setdefault(placed.statement, shown)
        run.results[placed.statement] = result
        self._texts.show(placed, self._program.live, result)
        self._capture.begin_statement(result)
        self._observers.on_change()
        return result

    # How a statement ended.

    def _ended(self, run: Run, result: Result, placed: PlacedStatement, reply: Finished) -> None:
        status: Status = reply.outcome
        if status == "interrupted" and run.stop == "timeout":
            status = "timeout"
        result.status = status
        # What a person takes to answer says nothing of the code.
        result.seconds = max(0.0, reply.seconds - result.waited)
        result.exit_code = reply.exit_code
        result.ran_at = time.time()
        self._program.did_work(result.seconds)
        self._program.used_files(reply.used, reply.changed, placed.last)
        result.assigned = reply.assigned
        result.captured += [made for made in (reply.value, reply.failure) if made is not None]
        self._explain(run, result, reply.failure)
        result.shows_parts = parts_shown(result.outputs())
        result.caught_interrupt = run.was_interrupted and status in REPEATABLE
        if self._program.live is not None:
            self._note_key(run, result, placed, reply)
        if reply.found_no_figure and result.off_path and not result.captured:
            # A clean run would show the figure that a statement above has made.
            result.note = f"{NO_FIGURE[0].upper()}{NO_FIGURE[1:]}."
            self._texts.active.leave_picture(placed.statement, run.replaced.get(placed.statement))
        self._texts.active.ledger.keep(result)

    def _explain(self, run: Run, result: Result, failure: Failure | None) -> None:
        """Add a note where the program's own message does not explain what happened."""
        refused = self._capture.input_refused
        if refused and failure is not None and failure.name == "EOFError":
            result.note = (
                "The program asked for input, which this editor cannot give: "
                "run it in a terminal with `rdit run`, or read from a file."
            )
        if run.ladder is not None and run.ladder.was_needed:
            result.note = f"It did not stop at once; what stopped it was {run.ladder.means}."

    def _note_key(self, run: Run, result: Result, placed: PlacedStatement, reply: Finished) -> None:
        """Name the state that a statement has led to, which depends on what it has imported."""
        statement, freshness, before = (
            placed.statement,
            self._texts.active.freshness,
            self._program.live,
        )
        assert before is not None
        read = self._texts.states.note_imports(before, statement, reply.imported, reply.lookups)
        result.imports = read
        after = self._texts.states.keys.after_reading(before, statement.text, statement.part, read)
        result.key = OFF_PATH if result.caught_interrupt else after
        self._texts.states.run_chain.follow(freshness.start, run.document.statements)
        result.off_path = result.key != self._texts.states.run_chain[placed.index + 1]
        if result.status not in REPEATABLE:
            self._program.leave_path()
        elif result.status != "ok":
            self._program.advance(self._texts.states.keys.beyond(result.key))
        else:
            self._program.advance(result.key)

    def _crashed(self, run: Run, result: Result, placed: PlacedStatement, exited: Exited) -> None:
        if run.stop is not None:
            result.status = cast("Status", run.stop)
            means = run.ladder.means if run.ladder is not None else None
            result.note = f"It did not stop; what stopped it was {means or LADDER[-1][1]}."
        else:
            result.status = "crashed"
            result.exit_code = exited.code
            how = (
                f"was killed by signal {-exited.code}"
                if exited.code < 0
                else f"exited with code {exited.code}"
            )
            why = ", when the system was out of memory" if exited.is_for_memory else ""
            result.note = f"Python {how} at {_lines_text(placed)}{why}."
        result.key, result.ran_at = OFF_PATH, time.time()
        self._program.used_files((), (ANY,), placed.last)
        self._crashes += 1


def _until(todo: Sequence[PlacedStatement], position: int) -> PlacedStatement:
    """The last statement that follows this one in the program, too, with none left out between them."""
    placed, last = todo[position], todo[-1]
    return last if last.index - placed.index == len(todo) - 1 - position else placed


def _view_then(result: Result, placed: PlacedStatement) -> View:
    """A result as it ended, at its place in the text that ran."""
    index, first, last, statement = placed
    view = view_of(index, first, last, statement.is_expr, result, None, result.outputs(), {})
    return replace(view, is_docstring=True) if is_docstring(view, statement.text) else view


def _lines_text(placed: PlacedStatement) -> str:
    if placed.first == placed.last:
        return f"line {placed.first}"
    return f"lines {placed.first}–{placed.last}"


def _parser_crash(exited: Exited) -> Failure:
    text = f"Python died with {exited.code} while it read this source.\n"
    return Failure("SystemError", text.strip(), text)
