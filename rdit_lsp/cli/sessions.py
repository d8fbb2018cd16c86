"""`rdit ps` and `rdit stop`: the documents that live in the host."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

from rdit_lsp.host.place import NoHostError
from rdit_lsp.host.remote import Remote, end_host

_Row = dict[str, Any]
_UNITS = ("B", "KB", "MB", "GB", "TB")


def ps(*, as_json: bool) -> int:
    """Print what lives in the host; returns the exit code."""
    try:
        remote = Remote.reach()
        found = remote.ask("ps") if remote is not None else {}
    except NoHostError as error:
        return refuse(error)
    found = found or {"host": None, "sessions": []}
    print(json.dumps(found) if as_json else "\n".join(_table(found)))
    return 0


def stop(file: str) -> int:
    """End the program of a document; returns the exit code."""
    try:
        remote = Remote.reach()
        found = remote.ask("stop", path=os.path.abspath(file)) if remote is not None else {}
    except NoHostError as error:
        return refuse(error)
    if found.get("stopped"):
        return 0
    print(f"rdit: no program of {file} lives in the host.", file=sys.stderr)
    return 1


def stop_all() -> int:
    """End every program and the host; returns the exit code."""
    try:
        was_killed = end_host()
    except NoHostError:
        return 0  # Where there can be none, there is none.
    if was_killed:
        print("rdit: the host did not answer, and was killed with its programs.", file=sys.stderr)
    return 0


def refuse(error: NoHostError) -> int:
    """Print why the host cannot be asked; returns the exit code."""
    print(f"rdit: {error}", file=sys.stderr)
    return 1


def _table(found: _Row) -> list[str]:
    host, sessions = found["host"], found["sessions"]
    if host is None:
        return ["No host runs."]
    head = (
        f"The host is process {host['pid']}, rdit {host['version']}, since {_when(host['since'])}."
    )
    if not sessions:
        return [head, "No document lives in it."]
    rows = [("DOCUMENT", "STATE", "MEMORY", "CLIENTS", "SINCE"), *map(_cells, sessions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [head, *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)]


def _cells(session: _Row) -> tuple[str, ...]:
    clients = [f"{client['name']} ({client['pid']})" for client in session["clients"]]
    detached = session.get("detachedSince")
    shown = ", ".join(clients) or (f"none since {_when(detached)}" if detached else "none")
    state = session["state"] if session["pid"] is not None else f"{session['state']}, no program"
    if session["queued"]:
        state += f", {session['queued']} waiting"
    name = session["file"] or session["uri"]
    return name, state, _size(session["memory"]), shown, _when(session["startedAt"])


def _when(text: str) -> str:
    """A time as a person says it: the day is left out where it is today."""
    when, now = datetime.fromisoformat(text).astimezone(), datetime.now().astimezone()
    if when.date() == now.date():
        return f"{when:%H:%M}"
    if now - when < timedelta(days=300):
        return f"{when:%d %b %H:%M}"
    return f"{when:%Y-%m-%d}"


def _size(size: float) -> str:
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}"
        size /= 1000
    return ""
