"""Runs that may be taken back: the state before one is held for as long as it takes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from rdit_lsp.process.replies import Refusal
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.session.planning import RequestError, WayBack

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.program.program import Program
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.session.checkpointing import Checkpointing
    from rdit_lsp.session.execution import Execution
    from rdit_lsp.session.restore import Restorer
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts

log = logging.getLogger(__name__)


class Savepoint(NamedTuple):
    """The state before a run; with neither field, there was no program."""

    checkpoint: Checkpoint | None = None
    """A checkpoint for this run alone; None where there can be none."""
    place: tuple[Document, int] | None = None
    """Otherwise the text and the index of the statement before which that state is reached."""


class Transactions:
    """Opens savepoints, and rolls back to them."""

    def __init__(
        self,
        texts: Texts,
        program: Program,
        execution: Execution,
        restorer: Restorer,
        checkpointing: Checkpointing,
    ) -> None:
        self._texts = texts
        self._program = program
        self._execution = execution
        self._restorer = restorer
        self._checkpointing = checkpointing

    async def open(self, run: Run) -> Savepoint | None:
        """Hold the state before `run`, if its policy may take it back; None if not.

        Raises RequestError where the policy asks for that and there is no way back.
        """
        if run.request.policy == "commit_always":
            return None
        if self._program.live is None:
            return Savepoint()
        held = await self._program.hold()
        if isinstance(held, Checkpoint):
            return Savepoint(held)
        index = self._checkpointing.place_of_live()
        if index is None:
            reason = held.reason if isinstance(held, Refusal) else "it has ended"
            raise RequestError(
                f"this run could not be taken back: the program cannot be copied, because {reason}."
            )
        return Savepoint(place=(self._texts.active.document, index))

    async def settle(self, run: Run, savepoint: Savepoint, status: RunStatus) -> WayBack | None:
        """Roll back where the run's policy says so; returns how, None where it was not."""
        if status == "ok" and run.request.policy != "rollback_always":
            return None
        way_back = await self._roll_back(savepoint)
        self._texts.active.put_back(run.document, run.replaced)
        return way_back

    def close(self, savepoint: Savepoint) -> None:
        """Let go of what was held."""
        if savepoint.checkpoint is not None:
            self._program.checkpoints.give_up(savepoint.checkpoint)

    async def _roll_back(self, savepoint: Savepoint) -> WayBack:
        if savepoint.place is not None:
            return await self._restorer.rerun_to(*savepoint.place)
        if savepoint.checkpoint is None:
            await self._restorer.restart_empty()
            self._execution.settle()
            return WayBack("start")
        try:
            await self._restorer.return_to(savepoint.checkpoint)
        except WorkerError as error:
            log.warning("%s: a run was not taken back: %s", self._texts.active.document.uri, error)
            raise
        self._execution.settle()
        return WayBack("checkpoint", savepoint.checkpoint.line or None)
