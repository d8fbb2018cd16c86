"""What sessions give, as JSON in the shapes of `docs/protocol.md`; pure."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rdit_lsp.outputs.codec import as_json
from rdit_lsp.outputs.display import Display
from rdit_lsp.render.layout import laid_out
from rdit_lsp.render.look import look

if TYPE_CHECKING:
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.client import Client
    from rdit_lsp.session.planning import WayBack
    from rdit_lsp.session.report import Report
    from rdit_lsp.session.status import HostInfo, KeptStates, RunInfo, SessionStatus

_WIDTH = 80
"""Characters of a line of nested data that is laid out, as `pprint` has them."""


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
        "output": [_item(output, complete=complete, limit=limit) for output in view.outputs],
    }
    if view.exit_code is not None:
        found["exitCode"] = view.exit_code
    if view.ran_at is not None:
        found["restored"] = True
        found["ranAt"] = datetime.fromtimestamp(view.ran_at, tz=timezone.utc).isoformat()
    if view.reused:
        found["reused"] = True
    if view.stale_reason is not None:
        found["stale"] = True
        found["staleReason"] = view.stale_reason
        if view.is_cause:
            found["isCause"] = True
    if view.mark_line is not None:
        found["markLine"] = view.mark_line
    if view.assigned is not None:
        found["assigned"] = view.assigned
    if view.note is not None:
        found["note"] = view.note
    return found


def _item(output: Output, *, complete: bool, limit: int | None) -> dict[str, Any]:
    """The `OutputItem` of the public protocol; a complete one is nested data laid out, too."""
    item = as_json(output, complete=complete, limit=limit)
    if not complete or not isinstance(output, Display) or output.data.keys() != {"text/plain"}:
        return item
    pretty = laid_out(output.text, _WIDTH)
    if pretty == output.text:
        return item
    metadata = item.get("metadata", {})
    return {
        **item,
        "metadata": {**metadata, "rdit": {**metadata.get("rdit", {}), "pretty": pretty}},
    }


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
        "clients": [client_name(client) for client in status.clients],
        "startedAt": status.times.started.isoformat(),
        "queue": [_run_info(run) for run in status.queue],
    }
    if status.times.detached is not None:
        found["detachedSince"] = status.times.detached.isoformat()
    if status.running is not None:
        found["running"] = _run_info(status.running)
    return found


def host_info(host: HostInfo) -> dict[str, Any]:
    """`host` in the answer to `rdit/status`."""
    return {"pid": host.pid, "version": host.version, "since": host.since.isoformat()}


def client_name(client: Client) -> dict[str, Any]:
    """Who has a document open."""
    return {"name": client.name, "pid": client.pid}


def _run_info(run: RunInfo) -> dict[str, Any]:
    return {"scope": run.scope, "client": client_name(run.client)}


def _kept_states(kept: KeptStates) -> dict[str, Any]:
    found: dict[str, Any] = {"count": kept.ready, "memory": kept.memory}
    if kept.refusal is not None:
        line, reason = kept.refusal
        found["refused"] = {"lineEnd": line, "reason": reason}
    return found
