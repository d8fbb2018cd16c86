"""Sends what sessions do to the client: coalesced, bounded in rate, and only what differs.

One `Publisher` a document. It looks at snapshots and knows LSP; it changes no session. Standard clients
are asked to request inlay hints again (`workspace/inlayHint/refresh`) and get diagnostics pushed; clients
that want them get the results themselves (`rdit/didChangeResults`).

Neovim 0.12 may mark the old hints as drawn between a refresh and its own request for the new ones
(neovim issue 32248), so a second refresh follows once the first request after a refresh was answered.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from rdit_lsp.api.encode import statement_result
from rdit_lsp.document.uris import path_of
from rdit_lsp.lsp.features.diagnostics import diagnostics
from rdit_lsp.lsp.progress import Progress
from rdit_lsp.lsp.progress import Wire as ProgressWire
from rdit_lsp.render.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lsprotocol import types

    from rdit_lsp.results.snapshot import Snapshot, View

INTERVAL = 0.055
"""Seconds between two messages about one document, for clients that get the results themselves."""

REFRESH_INTERVAL = 0.15
"""Seconds between two refreshes: each makes the client request hints, and may be sent twice."""

_SHARE = 16
"""Publishing takes at most about one part in so many of the server's time."""

_MANY = 500
"""Statements from which on looking through a document counts."""

_SECOND_REFRESH = 0.15
_LIMIT = 4000
"""Characters of each output in `rdit/didChangeResults`; `rdit/results` has all of it."""


class Wire(ProgressWire, Protocol):
    """What the client can be sent."""

    @property
    def is_behind(self) -> bool:
        """It does not read as fast as it is written to."""

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification of rdit's own."""

    def publish_diagnostics(self, uri: str, found: list[types.Diagnostic]) -> None:
        """Push the diagnostics of a document."""

    def refresh_hints(self) -> None:
        """Have the client ask for inlay hints again, if it has any."""


class Publisher:
    """Publishes one document."""

    def __init__(self, uri: str, wire: Wire, snapshot: Callable[[], Snapshot | None]) -> None:
        """`snapshot` is the document as it is now, None once it is closed."""
        self.progress = Progress(uri, wire, snapshot)
        self._uri = uri
        self._wire = wire
        self._snapshot = snapshot
        self._timer: asyncio.TimerHandle | None = None
        self._second: asyncio.TimerHandle | None = None
        self._published = 0.0
        self._took = 0.0
        """Seconds that publishing took the last time."""
        self._sent: dict[int, View] = {}
        self._sent_state: tuple[Any, ...] | None = None
        self._shown: Sequence[View] = ()
        self._diagnostics: list[types.Diagnostic] = []
        self._awaits_request = False
        self._is_closed = False

    def changed(self) -> None:
        """Something may be different: publish soon, at once if nothing was lately."""
        # A closed document's session ends later, and the document may be open again by then.
        if self._timer is not None or self._is_closed:
            return
        loop = asyncio.get_running_loop()
        interval = INTERVAL if self._wire.profile.wants_results else REFRESH_INTERVAL
        # A document of thousands of statements takes long to look through: the run comes first.
        interval = max(interval, _SHARE * self._took)
        due = max(self._published + interval - loop.time(), 0.0)
        self._timer = loop.call_later(due, self._publish)

    def hints_were_asked(self) -> None:
        """The client asked for hints and is being answered."""
        if self._awaits_request:
            self._awaits_request = False
            loop = asyncio.get_running_loop()
            self._second = loop.call_later(_SECOND_REFRESH, self._wire.refresh_hints)

    def close(self) -> None:
        """Publish no more; take back what the client still shows."""
        self._is_closed = True
        for timer in (self._timer, self._second):
            if timer is not None:
                timer.cancel()
        self._timer = None
        self.progress.end()
        self._publish_diagnostics([])

    def _publish(self) -> None:
        self._timer = None
        begin = asyncio.get_running_loop().time()
        self._published = begin
        if self._wire.is_behind:
            self.changed()
            return
        snapshot = self._snapshot()
        if snapshot is not None:
            self._send(snapshot)
            took = asyncio.get_running_loop().time() - begin
            self._took = took if len(snapshot.views) > _MANY else 0.0

    def _send(self, snapshot: Snapshot) -> None:
        path, encoding = path_of(self._uri), self._wire.profile.encoding
        self._publish_diagnostics(diagnostics(snapshot, path, encoding))
        if self._wire.profile.wants_results:
            self._notify(snapshot)
        else:
            self._refresh(snapshot)
        self.progress.follow(snapshot.state)

    def _publish_diagnostics(self, found: list[types.Diagnostic]) -> None:
        if found != self._diagnostics:
            self._diagnostics = found
            self._wire.publish_diagnostics(self._uri, found)

    def _notify(self, snapshot: Snapshot) -> None:
        """Send the results that changed since the last time."""
        now = {view.index: view for view in snapshot.views}
        changed = [view for view in snapshot.views if self._sent.get(view.index) is not view]
        removed = self._sent.keys() - now.keys()
        document = snapshot.document
        state = (document.version, snapshot.state, len(document.blocks))
        if not changed and not removed and state == self._sent_state:
            return
        self._sent, self._sent_state = now, state
        full = bool(removed)
        params: dict[str, Any] = {
            "uri": self._uri,
            "version": document.version,
            "state": snapshot.state.value,
            "count": len(document.statements),
            "results": [_bounded(view) for view in (snapshot.views if full else changed)],
        }
        if full:
            params["full"] = True
        self._wire.notify("rdit/didChangeResults", params)

    def _refresh(self, snapshot: Snapshot) -> None:
        if snapshot.views != self._shown:
            self._shown = snapshot.views
            self._awaits_request = True
            self._wire.refresh_hints()


def _bounded(view: View) -> dict[str, Any]:
    return {**statement_result(view, limit=_LIMIT), "summary": summary(view)}
