"""What leaves a session: frozen pictures of its document and results, for features and clients.

Pure data and its JSON shapes (`docs/protocol.md`); knows no session, no worker and no LSP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.outcome import Status


class SessionState(Enum):
    """What a session is doing."""

    IDLE = "idle"
    """Ready for the next run, with or without a worker."""
    STARTING = "starting"
    """The interpreter is coming up."""
    BUSY = "busy"
    """A statement runs."""
    DEAD = "dead"
    """The worker ended on its own; the next run starts a new one."""


@dataclass(frozen=True, eq=False)
class View:
    """One statement's result as it is shown now; the same object as long as nothing about it changes."""

    index: int
    """Position among the document's statements, from 0; -1 for a file that does not compile."""
    first: int
    """First line, from 1."""
    last: int
    is_expr: bool
    status: Status
    outputs: Sequence[Output] = ()
    seconds: float | None = None
    exit_code: int | None = None
    stale_reason: str | None = None
    """Why it is not what a clean run gives; None while it is fresh, runs, or has not run."""
    is_cause: bool = False
    """It is stale for a reason of its own, not because of a statement above it."""
    out_of_order: bool = False
    """It is stale because it ran in another state than a clean run has there, and not edited since."""
    is_docstring: bool = False
    """It is the string that the document begins with."""
    mark_line: int | None = None
    """The line that its mark stands beside where that is not its last: the one that raised its error."""
    assigned: str | None = None
    """A short text of what it has bound, if it is a simple assignment and that is to be shown."""
    reused: bool = False
    note: str | None = None
    """A sentence of rdit's own about the result."""
    ran_at: float | None = None
    """When it ended, in seconds since the epoch, where it is of an earlier program; else None."""
    lines: Mapping[int, int] = field(default_factory=dict)
    """Lines that it speaks of, as they were counted when it ran → as they are now, while it is fresh."""

    @property
    def is_invisible(self) -> bool:
        """Whether there is nothing to show beside the status."""
        return not self.outputs

    @property
    def restored(self) -> bool:
        """Whether it is of an earlier program, so that none of its variables are there."""
        return self.ran_at is not None


@dataclass(frozen=True)
class Snapshot:
    """A session at one moment."""

    document: Document
    state: SessionState
    views: Sequence[View]
    """Of the statements that have a result, in document order; one with index -1 comes first."""

    def at(self, line: int) -> list[View]:
        """The views of the statements on `line`, which counts from 1."""
        return [view for view in self.views if view.first <= line <= view.last]


@dataclass(frozen=True)
class Inspection:
    """What a look at the program has shown, and of which state of it."""

    answer: Mapping[str, Any]
    """As `rdit_lsp/worker/inspection/answers.py` gives it for the question that was asked."""
    origin: str
    """The state in words: `now`, `while line 12 runs`, `after line 12`."""
