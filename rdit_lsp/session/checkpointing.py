"""Keeping states of the program to go back to: when one is due during a run, and when one is asked for.

Knows keys and the program's checkpoints, not how one goes back to them: that is `restore`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.process.replies import Exited
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import RequestError

if TYPE_CHECKING:
    from rdit_lsp.document.document import PlacedStatement
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.program.program import Program
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts


class Checkpointing:
    """Takes the checkpoints of one document."""

    def __init__(self, texts: Texts, program: Program) -> None:
        self._texts = texts
        self._program = program

    async def take_if_due(self, run: Run, following: PlacedStatement, *, is_last: bool) -> None:
        """Take a checkpoint of the state before `following`, if one is due.

        `is_last`: it is the last statement of the run, which is the one most often edited next.
        """
        program, index = self._program, following.index
        live, freshness = program.live, self._texts.active.freshness
        if live is None or live in program.checkpoints or index == 0:
            return
        self._texts.states.run_chain.follow(freshness.start, run.document.statements)
        if live != self._texts.states.run_chain[index]:
            return  # No clean run comes through here.
        shown = self._texts.active.shown(following.statement)
        hot = is_last or (shown is not None and shown.text != following.statement.text)
        if program.is_checkpoint_due(hot=hot):
            last = run.document.placed[index - 1].last
            await program.keep(last, on_path=self._texts.states.run_chain.keys)

    async def take(self, name: str | None) -> Checkpoint:
        """Keep the present state. Raises RequestError where there is none, or no way to come back to it."""
        if self._program.live is None:
            raise RequestError("nothing has run yet, so there is no state to keep.")
        index = self.place_of_live()
        document = self._texts.active.document
        last = document.placed[index - 1].last if index else 0
        made = await self._program.keep(last, name=name or f"after line {last}")
        if isinstance(made, Exited):
            raise WorkerError("Python ended before its state could be kept.")
        if index is not None:
            made.place = document, index
        elif made.fork is None:
            self._program.checkpoints.give_up(made)
            raise RequestError(
                f"this state cannot be kept: {made.refusal}, and a run of the file does not lead to it."
            )
        return made

    def place_of_live(self) -> int | None:
        """The index of the statement before which the document's text leads to the present state."""
        freshness, statements = self._texts.active.freshness, self._texts.active.document.statements
        chain = freshness.shown_chain
        chain.follow(freshness.start, statements)
        indexes = range(len(statements), -1, -1)
        return next((index for index in indexes if chain[index] == self._program.live), None)
