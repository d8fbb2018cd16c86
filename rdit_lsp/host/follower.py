"""Follows a session for a terminal: what is there, and what comes, as events of `rdit run --format jsonl`.

An observer, and no client: it keeps no session alive, and answers no `input()`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from rdit_lsp.api.encode import statement_result
from rdit_lsp.document.uris import path_of
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.text import decode, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdit_lsp.document.document import Document
    from rdit_lsp.host.connection import Connection
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.session import Session

_MOST = 1 << 24
"""Bytes of output that wait for a reader who does not read; what comes then is left out, and it is said."""

_Event: TypeAlias = dict[str, Any]


class Follower:
    """The events of one session for one reader."""

    def __init__(self, session: Session) -> None:
        """It observes the session from now on."""
        self._session = session
        self._waiting: deque[Iterator[_Event]] = deque()
        self._size = 0
        self._has_gap = False
        self._arrived = asyncio.Event()
        self._put_first(session)
        session.observe(self)

    async def follow(self, connection: Connection) -> None:
        """Send all events until the session ends. Raises OSError once the reader has gone."""
        end, gone = (
            asyncio.ensure_future(each) for each in (self._session.ended(), connection.gone())
        )
        try:
            while not gone.done():
                await self._send_waiting(connection)
                if end.done():
                    await connection.send(self._end())
                    return
                arrived = asyncio.ensure_future(self._arrived.wait())
                await asyncio.wait([end, gone, arrived], return_when=asyncio.FIRST_COMPLETED)
                arrived.cancel()
        finally:
            end.cancel()
            gone.cancel()

    def close(self) -> None:
        """Observe no more."""
        self._session.leave(self)

    async def _send_waiting(self, connection: Connection) -> None:
        self._arrived.clear()
        while self._waiting:
            events = self._waiting.popleft()
            # In a thread: whole outputs are read back from disk.
            for line in await asyncio.to_thread(_lines, events):
                await connection.send_line(line)
        self._size = 0
        if self._has_gap:
            self._has_gap = False
            await connection.send({"event": "gap"})

    def _end(self) -> _Event:
        took = datetime.now(timezone.utc) - self._session.status.times.started
        milliseconds = round(took.total_seconds() * 1000, 3)
        return {"event": "end", "status": "exit", "exitCode": 0, "durationMs": milliseconds}

    def _put_first(self, session: Session) -> None:
        python = session.status.python
        self._put(iter([{"event": "start", "file": path_of(session.uri), "python": python}]))
        for view in session.snapshot().views:
            if view.status != "notRun":
                self._put(_all_of(view, session.document))

    def _put(self, events: Iterator[_Event], size: int = 0) -> None:
        if self._size > _MOST:
            self._has_gap = True
            return
        self._size += size
        self._waiting.append(events)
        self._arrived.set()

    # As `SessionObserver`.

    @property
    def can_answer(self) -> bool:
        """A reader reads."""
        return False

    def on_change(self) -> None:
        """Nothing: every event is passed on as it happens."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Pass it on."""
        output = {"type": stream, "text": decode(data)}
        event = {"event": "output", "nodeIndex": index or 0, "output": output}
        self._put(iter([event]), len(data))

    def on_result(self, view: View) -> None:
        """Pass on displays and failures, then the whole result."""
        self._put(_end_of(view, self._session.running_document))

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """Never called, as `can_answer` is False."""


def _lines(events: Iterator[_Event]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def _all_of(view: View, document: Document) -> Iterator[_Event]:
    """The events of a result that is there already; of one that is under way, those so far."""
    for output in view.outputs:
        if not isinstance(output, Display | Failure):
            yield _output_event(view, output)
    if view.status != "running":
        yield from _end_of(view, document)


def _end_of(view: View, document: Document) -> Iterator[_Event]:
    for output in view.outputs:
        if isinstance(output, Display | Failure):
            yield _output_event(view, output)
    source = printable("\n".join(document.lines[view.first - 1 : view.last]))
    yield {"event": "statement", "source": source, "result": statement_result(view, complete=True)}


def _output_event(view: View, output: Output) -> _Event:
    event = {
        "event": "output",
        "nodeIndex": view.index,
        "lineEnd": view.last,
        "output": as_json(output, complete=True),
    }
    if isinstance(output, Failure) and output.printed:
        event["printed"] = True
    return event
