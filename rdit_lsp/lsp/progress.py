"""Work-done progress of one document: shown while a run takes long, and cancellable.

Knows LSP's progress and snapshots; `server.document_of_progress` finds the document of a cancelled one.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Protocol

from lsprotocol import types

from rdit_lsp.document.uris import name_of
from rdit_lsp.results.snapshot import SessionState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rdit_lsp.api.profile import ClientProfile
    from rdit_lsp.results.snapshot import Snapshot

DELAY = 0.3
"""Seconds that a run takes before it is shown."""

INTERVAL = 1.0
"""Seconds between two reports of the line that runs."""

_numbers = count(1)


class Wire(Protocol):
    """What progress needs of the client."""

    @property
    def profile(self) -> ClientProfile:
        """What the client can do."""

    def create_progress(self, token: str) -> Awaitable[None]:
        """Ask the client to show progress for `token`; raises JsonRpcException where it will not."""

    def send_progress(self, token: str, value: object) -> None:
        """Send `$/progress`."""

    def send_and_forget(self, request: Awaitable[object]) -> None:
        """Await in the background what nothing depends on."""


class Progress:
    """Whether and how one document is shown as running."""

    def __init__(self, uri: str, wire: Wire, snapshot: Callable[[], Snapshot | None]) -> None:
        """`snapshot` is the document as it is now, None once it is closed."""
        self._uri = uri
        self._wire = wire
        self._snapshot = snapshot
        self._timer: asyncio.TimerHandle | None = None
        """Until the next report; None while nothing runs."""
        self._token: str | None = None
        self._is_shown = False
        self._line: int | None = None
        """The line that ran at the last report."""
        self._since = 0.0
        """When it was first seen to run."""

    def has_token(self, token: object) -> bool:
        """Whether it is this progress that the client calls `token`."""
        return self._token is not None and token == self._token

    def follow(self, state: SessionState) -> None:
        """Begin or end, now that the session is in `state`."""
        is_running = state in (SessionState.BUSY, SessionState.STARTING)
        if is_running and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._begin)
        elif not is_running:
            self.end()

    def end(self) -> None:
        """Show it no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        token, self._token, self._line = self._token, None, None
        if token is not None and self._is_shown:
            self._is_shown = False
            self._wire.send_progress(token, types.WorkDoneProgressEnd())

    def _begin(self) -> None:
        if self._wire.profile.can_show_progress:
            self._token = f"rdit-{self._uri}-{next(_numbers)}"
            self._wire.send_and_forget(self._create(self._token))
        self._report()

    async def _create(self, token: str) -> None:
        # The client grants a token: `$/progress` for one that it has not granted is an error (LSP 3.17).
        await self._wire.create_progress(token)
        if token == self._token:
            self._is_shown = True
            title = f"Running {name_of(self._uri)}"
            self._wire.send_progress(token, types.WorkDoneProgressBegin(title, cancellable=True))

    def _report(self) -> None:
        if self._token is not None and self._is_shown:
            self._report_line(self._token)
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._report)

    def _report_line(self, token: str) -> None:
        loop = asyncio.get_running_loop()
        line = self._running_line()  # It takes as long as all that is shown.
        if line != self._line:
            self._line, self._since = line, loop.time()
        if line is not None:
            seconds = round(loop.time() - self._since)
            message = f"line {line}" + (f", {seconds} s" if seconds else "")
            self._wire.send_progress(token, types.WorkDoneProgressReport(message=message))

    def _running_line(self) -> int | None:
        snapshot = self._snapshot()
        views = snapshot.views if snapshot is not None else ()
        return next((view.first for view in views if view.status == "running"), None)
