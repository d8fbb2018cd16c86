"""The ways to a program state: the live process, a checkpoint, running again; and keeping such ways open.

Knows which keys lead where (`results`) and which processes there are (`program`). What is run on the way is
run by `execution`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.execution import Run
from rdit_lsp.session.planning import Plan, Request, RequestError, WayBack, plan, way_back_to

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.program.program import Program
    from rdit_lsp.results.freshness import Results
    from rdit_lsp.session.execution import Execution
    from rdit_lsp.session.report import Report

log = logging.getLogger(__name__)

_AT_ONCE = 0.25
"""Seconds of work that are done again without being asked, to stand where a crash began."""


@dataclass(frozen=True)
class Savepoint:
    """The state before a run that may be taken back."""

    checkpoint: Checkpoint | None = None
    """A checkpoint for this run alone; None where there can be none."""
    place: tuple[Document, int] | None = None
    """Otherwise the text and the index of the statement before which that state is reached."""


class WaysBack:
    """Brings the program of one document to the states that are wanted."""

    def __init__(
        self,
        results: Results,
        program: Program,
        execution: Execution,
        launch: Callable[[], Launch],
    ) -> None:
        """`launch` is asked at each start of an interpreter and may raise WorkerError."""
        self.launch = launch
        self._results = results
        self._program = program
        self._execution = execution
        self._run_env: Mapping[str, str] = {}
        """The variables of the run that started the live namespace."""

    def plan(self, run: Run) -> Plan:
        """What a run is to do, and from where."""
        chain = self._results.run_chain
        chain.follow(self._results.start, run.document.statements if run.request.whole else ())

        def is_fresh(placed: PlacedStatement) -> bool:
            current = self._results.current(placed.statement)
            key = chain[placed.index + 1]
            result = self._results.ledger.recall(current, key) if current is not None else None
            return result is not None and self._results.is_fresh(result, key)

        def ends_run(placed: PlacedStatement) -> bool:
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

    async def reach_start_of(self, run: Run, decided: Plan, *, for_good: bool) -> Plan:
        """Bring the namespace to where a plan begins. Returns the plan that it is then."""
        while decided.checkpoint is not None:
            checkpoint = self._program.checkpoints.at(decided.checkpoint)
            if checkpoint is not None and await self._returned_to(checkpoint, run):
                return decided
            decided = self.plan(run)
        if decided.restart:
            await self.restart(run, for_good=for_good)
        return decided

    async def restart(self, run: Run, *, for_good: bool = True) -> None:
        """Replace the worker by a new one, with the environment of `run`.

        `for_good`: nobody will want the present state back if the run fails.
        """
        if run.request.scope == "file" and for_good:
            # The program begins again, so the earlier one comes to its end, and nothing goes back to it.
            self._program.checkpoints.forget(named=False)
        self._execution.begin_starting()
        self._program.leave(for_good=for_good)
        launch = self.launch()
        self._run_env = run.request.env
        surroundings = self.surroundings(launch)
        launch = replace(launch, env={**launch.env, **run.request.env})
        key = self._results.keys.start(surroundings)
        await self._program.start(launch, key)
        self._results.start = key
        self._results.lost = False

    async def restart_empty(self) -> None:
        """Have an empty namespace at once, where an interpreter is kept ready for that."""
        self._execution.begin_starting()
        self._program.leave()
        self._run_env = {}
        try:
            launch = self.launch()
        except WorkerError as error:
            log.info("%s: %s", self._results.document.uri, error)  # The next run will say so.
            return
        if self._program.can_start_at_once(launch):
            self._results.start = self._results.keys.start(self.surroundings(launch))
            await self._program.start(launch, self._results.start)

    def surroundings(self, launch: Launch) -> Hashable:
        """What an empty namespace depends on."""
        env = {**launch.env, **self._run_env}
        # Not the script's own name: renaming it changes nothing that has run.
        drawing = launch.figure_format, launch.figure_dpi
        return launch.python, launch.argv[1:], launch.cwd, frozenset(env.items()), drawing

    def begin_with(self, env: Mapping[str, str]) -> None:
        """An empty namespace is one with these variables from now on, as a run of `file` would have it."""
        self._run_env = env

    async def set_environment(self, run: Run, *, restarted: bool) -> Mapping[str, str | None]:
        """Apply the variables of a run; returns what is to be set again after it."""
        if not run.request.env or self._program.worker is None:
            return {}
        if restarted or run.request.scope in ("stale", "toHere"):
            # The program was started with them, or a copy of it was.
            base = {**os.environ, **self.launch().env}
            return {name: base.get(name) for name in run.request.env}
        self._program.leave_path()
        before = await self._program.worker.set_environment(run.request.env)
        return {} if isinstance(before, Exited) else before

    async def restore_environment(self, values: Mapping[str, str | None]) -> None:
        """Set the variables again that were set for a run."""
        if self._program.worker is not None:
            await self._program.worker.set_environment(values)
            self._program.leave_path()

    async def keep_state(self, run: Run, following: PlacedStatement, is_last: bool) -> None:
        """Take a checkpoint of the state before `following`, if one is due.

        `is_last`: it is the last statement of the run.
        """
        program, index = self._program, following.index
        live = program.live
        if live is None or live in program.checkpoints or index == 0:
            return
        self._results.run_chain.follow(self._results.start, run.document.statements)
        if live != self._results.run_chain[index]:
            return  # No clean run comes through here.
        shown = self._results.shown(following.statement)
        hot = is_last or (shown is not None and shown.text != following.statement.text)
        if program.is_checkpoint_due(hot=hot):
            last = run.document.placed[index - 1].last
            await program.keep(last, on_path=self._results.run_chain.keys)

    async def open_savepoint(self) -> Savepoint:
        """Make sure that there is a way back to the present state. Raises RequestError if there is none."""
        if self._program.live is None:
            return Savepoint()
        held = await self._program.hold()
        if isinstance(held, Checkpoint):
            return Savepoint(held)
        index = self._place_of_live()
        if index is None:
            reason = held.reason if isinstance(held, Refusal) else "it has ended"
            raise RequestError(
                f"this run could not be taken back: the program cannot be copied, because {reason}."
            )
        return Savepoint(place=(self._results.document, index))

    async def roll_back(self, before: Savepoint) -> WayBack:
        """Return to the state before a run."""
        if before.checkpoint is not None:
            try:
                await self._return_to(before.checkpoint)
            except WorkerError as error:
                log.warning("%s: a run was not taken back: %s", self._results.document.uri, error)
                raise
            self._execution.set_state(SessionState.IDLE)
            return WayBack("checkpoint", before.checkpoint.line or None)
        if before.place is not None:
            return await self._rerun_to(*before.place)
        await self.restart_empty()
        self._execution.set_state(SessionState.IDLE)
        return WayBack("start")

    async def take_checkpoint(self, name: str | None) -> Checkpoint:
        """Keep the present state. Raises RequestError where there is none, or no way to come back to it."""
        if self._program.live is None:
            raise RequestError("nothing has run yet, so there is no state to keep.")
        index = self._place_of_live()
        last = self._results.document.placed[index - 1].last if index else 0
        made = await self._program.keep(last, name=name or f"after line {last}")
        if isinstance(made, Exited):
            raise WorkerError("Python ended before its state could be kept.")
        if index is not None:
            made.place = self._results.document, index
        elif made.fork is None:
            self._program.checkpoints.give_up(made)
            raise RequestError(
                f"this state cannot be kept: {made.refusal}, and a run of the file does not lead to it."
            )
        return made

    async def restore(self, identifier: str) -> WayBack:
        """Go back to a checkpoint. Raises RequestError or WorkerError where that is not possible."""
        checkpoint = self._program.checkpoints.find(identifier)
        if checkpoint is None:
            raise RequestError(f"there is no checkpoint {identifier!r}.")
        if checkpoint.is_ready:
            try:
                await self._return_to(checkpoint)
            except WorkerError as error:
                log.info("%s: %s", self._results.document.uri, error)
            else:
                self._execution.set_state(SessionState.IDLE)
                self._execution.changed()
                return WayBack("checkpoint", checkpoint.line + 1)
        if checkpoint.place is None:
            raise RequestError(f"the process of checkpoint {identifier!r} is gone.")
        return await self._rerun_to(*checkpoint.place)

    async def recover_after_crash(self, run: Run) -> None:
        """The last statement of `run` has ended the process: stand where it began, if that can be had."""
        ran = [placed for placed in run.document.placed if placed.statement in run.results]
        if not ran:
            return  # It was ended before it ran anything; the next run finds its own way.
        placed = ran[-1]
        result = run.results[placed.statement]
        line = await self.recover_to(run.document, placed.index)
        if line is None:
            return
        where = "before it" if line >= placed.first - 1 else f"after line {line}"
        result.note = f"{result.note} The variables are those {where}: a checkpoint was used."
        result.changed()

    async def recover(self) -> None:
        """The program has ended while nothing ran: go on from the deepest checkpoint."""
        if self._program.worker is None:
            await self.recover_to(self._results.document, len(self._results.document.statements))

    async def recover_to(self, document: Document, index: int) -> int | None:
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
                self._execution.set_state(SessionState.DEAD)
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
                log.info("%s: %s", self._results.document.uri, error)
        self._execution.set_idle()
        self._execution.changed()
        return line

    async def _rerun_to(self, document: Document, index: int) -> WayBack:
        """Come to the state before statement `index` of `document`, by whatever way is shortest.

        Raises RequestError or WorkerError where none leads there.
        """
        run = self._internal_run(document)
        self._execution.current = self._execution.current or run
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
            await self.restart(run)
        await self._run_to(run, start, index)
        self._execution.set_state(SessionState.IDLE)
        return WayBack(kind, _line_at(document, start))

    async def _run_to(self, run: Run, start: int, index: int) -> None:
        """Run a document's statements from `start` up to before `index`. Raises RequestError on failure."""
        if start == index:
            return
        rejected = await self._execution.prepare(run)
        if rejected is not None:
            raise RequestError("the text that led to that state does not compile any more.")
        todo = run.document.placed[start:index]
        status = await self._execution.run(run, todo, self.keep_state)
        if status != "ok":
            raise RequestError(f"running the statements again ended with {status}.")

    def _ran_well(self, placed: PlacedStatement) -> bool:
        """Whether a statement of the document that runs has ended well, as it does in a clean run."""
        result = self._results.shown(placed.statement)
        key = self._results.run_chain[placed.index + 1]
        return result is not None and result.status == "ok" and self._results.is_fresh(result, key)

    def _internal_run(self, document: Document) -> Run:
        """A run of rdit's own, to come to a state of `document`; nobody waits for its report."""
        self._results.run_chain.follow(self._results.start, document.statements)
        done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        return Run("", Request("stale"), document, done)

    def _place_of_live(self) -> int | None:
        """The index of the statement before which the document's text leads to the present state."""
        chain = self._results.shown_chain
        chain.follow(self._results.start, self._results.document.statements)
        indexes = range(len(self._results.document.statements), -1, -1)
        return next((index for index in indexes if chain[index] == self._program.live), None)

    async def _returned_to(self, checkpoint: Checkpoint, run: Run) -> bool:
        """Go on from a checkpoint. Where it cannot be had, it is given up. Raises if `run` was stopped."""
        try:
            await self._return_to(checkpoint)
        except WorkerError as error:
            if run.stop is not None:
                raise
            log.info("%s: %s Another way back is taken.", self._results.document.uri, error)
            self._program.checkpoints.give_up(checkpoint)
            return False
        return True

    async def _return_to(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint. Raises WorkerError if it cannot be had."""
        self._execution.begin_starting()
        await self._program.restore(checkpoint)
        self._results.lost = False


def _line_at(document: Document, index: int) -> int | None:
    return document.firsts[index] if index < len(document.firsts) else None
