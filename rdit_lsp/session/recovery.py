"""After a process has ended on its own: going on from the deepest checkpoint there is."""

from __future__ import annotations

import logging
from itertools import takewhile
from typing import TYPE_CHECKING

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import RequestError
from rdit_lsp.session.run import internal_run

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.program.program import Program
    from rdit_lsp.session.execution import Execution
    from rdit_lsp.session.restore import Restorer
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts

log = logging.getLogger(__name__)

_AT_ONCE = 0.25
"""Seconds of work that are done again without being asked, to stand where a crash began."""


class Recovery:
    """Brings the program of one document back after its process has ended."""

    def __init__(
        self, texts: Texts, program: Program, execution: Execution, restorer: Restorer
    ) -> None:
        self._texts = texts
        self._program = program
        self._execution = execution
        self._restorer = restorer

    async def recover_after_crash(self, run: Run) -> None:
        """Restore the state before the statement of `run` that has ended the process, if there is one.

        The result of that statement says which variables there are now.
        """
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
        """Go on from the deepest checkpoint of the document, where there is no process."""
        if self._program.worker is None:
            document = self._texts.active.document
            await self.recover_to(document, len(document.statements))

    async def recover_to(self, document: Document, index: int) -> int | None:
        """Go on from the deepest checkpoint before statement `index`.

        What little ran between the two is run again, and nothing else: no run was asked for. Returns the
        last line that has run by then, or None where there is no checkpoint.
        """
        run = internal_run(document)
        _, start, checkpoint = await self._restorer.return_towards(document, index, run)
        if checkpoint is None:
            self._execution.settle()
            return None
        between = list(takewhile(self._ran_well, document.placed[start:index]))
        known = [self._texts.active.shown(placed.statement) for placed in between]
        line = checkpoint.line
        if sum(result.seconds or 0.0 for result in known if result is not None) < _AT_ONCE:
            try:
                await self._restorer.run_between(run, start, start + len(between))
                line = between[-1].last if between else line
            except (RequestError, WorkerError) as error:
                log.info("%s: %s", self._texts.active.document.uri, error)
        self._execution.settle()
        return line

    def _ran_well(self, placed: PlacedStatement) -> bool:
        """Whether a statement of the document that runs has ended well, as it does in a clean run."""
        result = self._texts.active.shown(placed.statement)
        return result is not None and result.status == "ok" and self._texts.active.is_fresh(placed)
