"""How often a client is told, by a clock that takes no time."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from support.impatient import ImpatientLoop

from rdit_lsp.document import document as documents
from rdit_lsp.lsp.publish import Publisher
from rdit_lsp.results.snapshot import SessionState, Snapshot, View

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGES_A_SECOND = 20
SECONDS = 10
DOCUMENT = documents.open_document("file:///d.py", 1, "while True: print()\n")


class _Client:
    """Counts what it is told, and asks for hints as soon as it is told to."""

    is_behind = False

    def __init__(self, *, wants_results: bool) -> None:
        self.wants_results = wants_results
        self.told = 0
        self.publisher = Publisher("file:///d.py", self, self.snapshot)

    def snapshot(self) -> Snapshot:
        """Something new each time."""
        return Snapshot(DOCUMENT, SessionState.BUSY, [View(0, 1, 1, False, "running")])

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self.told += 1

    def refresh_hints(self) -> None:
        self.told += 1
        self.publisher.hints_were_asked()

    def publish_diagnostics(self, snapshot: Snapshot) -> None: ...

    def begin_progress(self, uri: str) -> None: ...

    def report_progress(self, uri: str, snapshot: Snapshot) -> None: ...

    def end_progress(self, uri: str) -> None: ...


@pytest.mark.parametrize("wants_results", [True, False], ids=["results", "refreshes"])
def test_rate_of_a_flood(*, wants_results: bool) -> None:
    """Messages would come as fast as lines do; a refresh makes the editor ask for every hint."""

    async def flood() -> int:
        client = _Client(wants_results=wants_results)
        for _ in range(SECONDS * 1000):
            client.publisher.changed()
            await asyncio.sleep(0.001)
        client.publisher.close()
        return client.told

    with closing(ImpatientLoop()) as loop:
        told = loop.run_until_complete(flood())
    assert 5 * SECONDS <= told <= MESSAGES_A_SECOND * SECONDS
