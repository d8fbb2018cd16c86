"""What leaves a session: frozen pictures of its document and results, for features and clients.

Pure data and its JSON shapes (`docs/protocol.md`); knows no session, no worker and no LSP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any

from rdit_lsp.outputs.outputs import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.outputs.outputs import Output
    from rdit_lsp.program.checkpoints import Checkpoint, Checkpoints
    from rdit_lsp.results.ledger import Status
    from rdit_lsp.session.planning import RunStatus, WayBack


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
    reused: bool = False
    note: str | None = None
    """A sentence of rdit's own about the result."""
    lines: Mapping[int, int] = field(default_factory=dict)
    """Lines that it speaks of, as they were counted when it ran → as they are now, while it is fresh."""

    @property
    def is_invisible(self) -> bool:
        """Whether there is nothing to show beside the status."""
        return not self.outputs


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
class Sight:
    """What a look at the program has shown, and of which state of it."""

    answer: Mapping[str, Any]
    """As `rdit_lsp/worker/inspection.py` gives it for the question that was asked."""
    origin: str
    """The state in words: `now`, `while line 12 runs`, `after line 12`."""


@dataclass(frozen=True)
class Report:
    """How a run ended."""

    execution_id: str
    status: RunStatus
    views: Sequence[View]
    """Of the statements in its scope, in document order."""
    way_back: WayBack | None = None


def statement_result(
    view: View, *, complete: bool = False, limit: int | None = None
) -> dict[str, Any]:
    """The `StatementResult` of the public protocol; `complete` and `limit` as in `as_json`."""
    found: dict[str, Any] = {
        "nodeIndex": view.index,
        "lineStart": view.first,
        "lineEnd": view.last,
        "isExpr": view.is_expr,
        "status": view.status,
        "isInvisible": view.is_invisible,
        "durationMs": None if view.seconds is None else round(view.seconds * 1000, 3),
        "output": [as_json(output, complete=complete, limit=limit) for output in view.outputs],
    }
    if view.exit_code is not None:
        found["exitCode"] = view.exit_code
    if view.reused:
        found["reused"] = True
    if view.stale_reason is not None:
        found["stale"] = True
        found["staleReason"] = view.stale_reason
    if view.note is not None:
        found["note"] = view.note
    return found


def execute_result(report: Report, *, limit: int | None = None) -> dict[str, Any]:
    """The `ExecuteResult` of the public protocol."""
    found: dict[str, Any] = {
        "executionId": report.execution_id,
        "status": report.status,
        "results": [statement_result(view, limit=limit) for view in report.views],
    }
    if report.way_back is not None:
        found["wayBack"] = way_back_result(report.way_back)
    return found


def way_back_result(way_back: WayBack) -> dict[str, Any]:
    """The `wayBack` of the public protocol."""
    found: dict[str, Any] = {"kind": way_back.kind}
    if way_back.line is not None:
        found["lineStart"] = way_back.line
    return found


def checkpoint_result(checkpoint: Checkpoint) -> dict[str, Any]:
    """The `Checkpoint` of the public protocol."""
    found: dict[str, Any] = {
        "checkpointId": checkpoint.id,
        "kind": "process" if checkpoint.is_ready else "rerun",
        "automatic": checkpoint.name is None,
        "time": datetime.fromtimestamp(checkpoint.made, tz=timezone.utc).isoformat(),
        "lineEnd": checkpoint.line,
        "workMs": round(checkpoint.work * 1000, 3),
    }
    if checkpoint.name is not None:
        found["name"] = checkpoint.name
    if checkpoint.memory is not None and checkpoint.is_ready:
        found["memory"] = checkpoint.memory.unshared
    if checkpoint.refusal is not None:
        found["reason"] = checkpoint.refusal
    return found


def kept_result(checkpoints: Checkpoints) -> dict[str, Any]:
    """What `rdit/status` says of checkpoints."""
    found: dict[str, Any] = {"count": len(checkpoints), "memory": checkpoints.held}
    if checkpoints.refusal is not None:
        line, reason = checkpoints.refusal
        found["refused"] = {"lineEnd": line, "reason": reason}
    return found
