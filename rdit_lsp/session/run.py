"""One request on its way: its frozen source, what it has given so far, and why it is to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rdit_lsp.session.planning import Request

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document, Statement
    from rdit_lsp.process.stopping import Ladder
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.result import Result
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.report import Report


@dataclass(eq=False)
class Run:
    """The work of one `rdit/execute`, or of rdit itself on the way to a state."""

    id: str
    request: Request
    document: Document
    """The text as it was asked for; its statements are the interpreter's once it has split them."""
    done: asyncio.Future[Report]
    owner: Attachment | None = None
    """The client that asked for it; None for a run of rdit's own."""
    results: dict[Statement, Result] = field(default_factory=dict)
    replaced: dict[Statement, Result] = field(default_factory=dict)
    """What its statements showed before it."""
    stop: RunStatus | None = None
    """Why it is to end early: `interrupted` or `timeout`."""
    ladder: Ladder | None = None
    """What was done to stop it."""

    @property
    def was_interrupted(self) -> bool:
        """Whether the program has been told to stop."""
        return self.ladder is not None and self.ladder.means is not None

    def finish(self, report: Report) -> None:
        """Answer with `report`, unless it was answered."""
        if not self.done.done():
            self.done.set_result(report)

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless it was answered."""
        if not self.done.done():
            self.done.set_exception(error)


def internal_run(document: Document) -> Run:
    """A run that brings the program to a state of `document`; its report is not awaited."""
    done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
    return Run("", Request("stale"), document, done)
