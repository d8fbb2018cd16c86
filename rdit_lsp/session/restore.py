"""Coming to a program state: the live process, a checkpoint, or running again what led there.

Knows which keys lead where (`results`) and which processes there are (`program`). What is run on the way is
run by `execution`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import RequestError, WayBack, plan, way_back_to
from rdit_lsp.session.run import internal_run

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.program.program import Program
    from rdit_lsp.session.environment import Environment
    from rdit_lsp.session.execution import Execution
    from rdit_lsp.session.planning import Plan, WayBackKind
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts

log = logging.getLogger(__name__)


class Restorer:
    """Brings the program of one document to the states that are wanted."""

    def __init__(
        self, texts: Texts, program: Program, execution: Execution, environment: Environment
    ) -> None:
        self._texts = texts
        self._program = program
        self._execution = execution
        self._environment = environment

    def plan(self, run: Run) -> Plan:
        """What a run is to do, and from which state."""
        freshness = self._texts.active.freshness
        chain = self._texts.states.run_chain
        chain.follow(freshness.start, run.document.statements if run.request.whole else ())

        def ends_run(placed: PlacedStatement) -> bool:
            result = self._texts.active.shown(placed.statement)
            return result is not None and result.status in ("error", "exit")

        return plan(
            run.request,
            run.document,
            chain,
            self._program.live,
            self._program.checkpoints,
            self._texts.active.is_fresh,
            ends_run,
        )

    async def reach_start_of(self, run: Run, decided: Plan, *, for_good: bool) -> Plan:
        """Bring the namespace to where a plan begins. Returns the plan that it is then.

        `for_good`: the present state is not wanted back if the run fails.
        """
        while decided.checkpoint is not None:
            checkpoint = self._program.checkpoints.at(decided.checkpoint)
            if checkpoint is not None and await self.try_return_to(checkpoint, run):
                return decided
            decided = self.plan(run)  # That checkpoint is gone: the next best way.
        if decided.restart:
            await self.restart(run, for_good=for_good)
        return decided

    async def restart(self, run: Run, *, for_good: bool = True) -> None:
        """Replace the process by a new one, with the environment of `run`; `for_good` as above."""
        if run.request.scope == "file" and for_good:
            # The program begins again, so the earlier one comes to its end, and nothing goes back to it.
            self._program.checkpoints.forget(named=False)
        self._execution.begin_starting()
        self._program.leave(for_good=for_good)
        self._environment.begin_with(run.request.env)
        launch = self._environment.launch()
        surroundings = self._environment.surroundings()
        await self._program.start(launch, self._texts.states.keys.start(surroundings))
        self._texts.states.regain_process()
        self._texts.active.freshness.begin_at(surroundings)
        self._environment.refresh_others()

    async def restart_empty(self) -> None:
        """Have an empty namespace at once, where an interpreter is kept ready for that; else none."""
        self._execution.begin_starting()
        self._program.be_empty()
        self._environment.begin_with({})
        try:
            launch = self._environment.launch()
        except WorkerError as error:
            log.info("%s: %s", self._texts.active.document.uri, error)  # The next run will say so.
            return
        if self._program.can_start_at_once(launch):
            freshness = self._texts.active.freshness
            freshness.begin_at(self._environment.surroundings())
            await self._program.start(launch, freshness.start)

    async def restore(self, identifier: str) -> WayBack:
        """Go back to a checkpoint. Raises RequestError or WorkerError where that is not possible."""
        checkpoint = self._program.checkpoints.find(identifier)
        if checkpoint is None:
            raise RequestError(f"there is no checkpoint {identifier!r}.")
        if checkpoint.is_ready:
            try:
                await self.return_to(checkpoint)
            except WorkerError as error:
                log.info("%s: %s", self._texts.active.document.uri, error)
            else:
                self._execution.settle()
                return WayBack("checkpoint", checkpoint.line + 1)
        if checkpoint.place is None:
            raise RequestError(f"the process of checkpoint {identifier!r} is gone.")
        return await self.rerun_to(*checkpoint.place)

    async def rerun_to(self, document: Document, index: int) -> WayBack:
        """Come to the state before statement `index` of `document`, by whatever way is shortest.

        Raises RequestError or WorkerError where none leads there.
        """
        run = internal_run(document)
        self._execution.begin(run)
        kind, start, _ = await self.return_towards(document, index, run)
        if kind == "start":
            await self.restart(run)
        await self.run_between(run, start, index)
        self._execution.settle()
        line = document.firsts[start] if start < len(document.firsts) else None
        return WayBack(kind, line)

    async def return_towards(
        self, document: Document, index: int, run: Run
    ) -> tuple[WayBackKind, int, Checkpoint | None]:
        """Return to the deepest state at or before statement `index` that can be had at once.

        Returns how it was had, which statement comes next in it, and the checkpoint that was used. With
        "start" nothing was done: it takes a new process.
        """
        freshness = self._texts.active.freshness
        chain = self._texts.states.run_chain
        chain.follow(freshness.start, document.statements)
        while True:
            checkpoints = self._program.checkpoints
            kind, start = way_back_to(index, chain, self._program.live, checkpoints)
            checkpoint = checkpoints.at(chain[start])
            if kind != "checkpoint" or checkpoint is None:
                return kind, start, None
            if await self.try_return_to(checkpoint, run):
                return kind, start, checkpoint

    async def run_between(self, run: Run, start: int, index: int) -> None:
        """Run a document's statements from `start` up to before `index`. Raises RequestError on failure."""
        if start == index:
            return
        rejected = await self._execution.prepare(run)
        if rejected is not None:
            raise RequestError("the text that led to that state does not compile any more.")
        status = await self._execution.run(run, run.document.placed[start:index])
        if status != "ok":
            raise RequestError(f"running the statements again ended with {status}.")

    async def try_return_to(self, checkpoint: Checkpoint, run: Run) -> bool:
        """Go on from a checkpoint. Where it cannot be had, it is given up. Raises if `run` was stopped."""
        try:
            await self.return_to(checkpoint)
        except WorkerError as error:
            if run.stop is not None:
                raise
            log.info("%s: %s Another way back is taken.", self._texts.active.document.uri, error)
            self._program.checkpoints.give_up(checkpoint)
            return False
        return True

    async def return_to(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint. Raises WorkerError if it cannot be had."""
        self._execution.begin_starting()
        await self._program.restore(checkpoint)
        self._texts.states.regain_process()
