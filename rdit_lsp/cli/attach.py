"""`rdit attach`: follow a document that lives in the host, in a terminal.

Writes what is there and what comes; changes nothing, and keeps nothing alive.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from rdit_lsp.cli.result_lines import ResultLines
from rdit_lsp.cli.sessions import refuse
from rdit_lsp.cli.standard_output import Output, write
from rdit_lsp.host.place import NoHostError
from rdit_lsp.host.remote import Remote
from rdit_lsp.outputs.codec import display_from
from rdit_lsp.render.summary import as_text, is_by_the_way

if TYPE_CHECKING:
    from types import FrameType

_Event = dict[str, Any]


def attach(file: str, layout: str) -> int:
    """Follow the session of `file` until it ends; returns the exit code."""
    signal.signal(signal.SIGTERM, _end)
    try:
        remote = Remote.reach()
        if remote is None or not remote.ask("attach", path=os.path.abspath(file)).get("attached"):
            print(f"rdit: {file} does not live in the host.", file=sys.stderr)
            return 1
        remote.wait()
        follower = _Text() if layout == "text" else None
        for event in remote.lines():
            if follower is not None:
                follower.show(event)
            else:
                write("stdout", json.dumps(event).encode() + b"\n")
            if event["event"] == "end":
                return 0
    except NoHostError as error:
        return refuse(error)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except OSError:
        pass  # The host was killed, as below.
    print("rdit: the host has ended.", file=sys.stderr)
    return 1


def _end(_sign: int, _frame: FrameType | None) -> NoReturn:
    """As Ctrl-C: a reader has nothing to finish."""
    os._exit(128 + signal.SIGINT)


class _Text:
    """Streams as they come, and each value beside its line."""

    def __init__(self) -> None:
        self._out = Output()
        self._lines = ResultLines(self._out)

    def show(self, event: _Event) -> None:
        """Write what an event brings."""
        if event["event"] == "output":
            self._show_output(event, event["output"])
        elif event["event"] == "statement" and (note := event["result"].get("note")):
            self._lines.note(note)
        elif event["event"] == "gap":
            self._lines.note("some output came faster than it was read, and is left out here.")
        self._out.check()

    def _show_output(self, event: _Event, item: _Event) -> None:
        kind = item["type"]
        if kind in ("stdout", "stderr"):
            self._lines.stream(kind, item["text"].encode("utf-8", "backslashreplace"))
        elif kind == "error":
            if not event.get("printed"):
                self._lines.failure(item["text"])
        else:
            display = display_from(kind, item["data"], item.get("metadata"))
            if not is_by_the_way(display):
                self._lines.value(as_text(display), event["lineEnd"])
