"""What sessions give, as JSON in the shapes of `docs/protocol.md`; pure."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rdit_lsp.outputs.codec import as_json
from rdit_lsp.render.look import look

if TYPE_CHECKING:
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.planning import WayBack
    from rdit_lsp.session.report import Report
    from rdit_lsp.session.status import KeptStates, SessionStatus


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
        "look": look(view),
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
        if view.is_cause:
            found["isCause"] = True
    if view.mark_line is not None:
        found["markLine"] = view.mark_line
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


def session_status(status: SessionStatus) -> dict[str, Any]:
    """One entry of `sessions` in the answer to `rdit/status`."""
    found: dict[str, Any] = {
        "uri": status.uri,
        "state": status.state.value,
        "python": status.python,
        "pythonVersion": status.version,
        "pid": status.pid,
        "queued": status.queued,
        "checkpoints": _kept_states(status.checkpoints),
    }
    if status.python_reason:
        found["pythonReason"] = status.python_reason
    return found


def _kept_states(kept: KeptStates) -> dict[str, Any]:
    found: dict[str, Any] = {"count": kept.ready, "memory": kept.memory}
    if kept.refusal is not None:
        line, reason = kept.refusal
        found["refused"] = {"lineEnd": line, "reason": reason}
    return found
