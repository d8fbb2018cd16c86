"""How often a client is told, and what, by a clock that takes no time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from support import instant_loop

from rdit_lsp.api.profile import ClientProfile
from rdit_lsp.document import document as documents
from rdit_lsp.lsp.publish import Publisher
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.results.snapshot import SessionState, Snapshot, View

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from lsprotocol import types

MESSAGES_A_SECOND = 20
SECONDS = 10
URI = "file:///d.py"
DOCUMENT = documents.open_document(URI, 1, "while True: print()\n")
FAILURE = Failure("ValueError", "no", "Traceback …")


class _Client:
    """Keeps what it is sent, and asks for hints as soon as it is told to."""

    is_behind = False

    def __init__(self, *, wants_results: bool, view: View | None = None) -> None:
        self.profile = ClientProfile(wants_results=wants_results)
        self.told = 0
        self.diagnostics: list[list[types.Diagnostic]] = []
        self.publisher = Publisher(URI, self, self.snapshot)
        self._view = view

    def snapshot(self) -> Snapshot:
        """Something new each time, unless there is a view that stays."""
        view = self._view or View(0, 1, 1, False, "running")
        return Snapshot(DOCUMENT, SessionState.BUSY, [view])

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self.told += 1

    def refresh_hints(self) -> None:
        self.told += 1
        self.publisher.hints_were_asked()

    def publish_diagnostics(self, uri: str, found: list[types.Diagnostic]) -> None:
        assert uri == URI
        self.diagnostics.append(found)

    async def create_progress(self, token: str) -> None:
        raise AssertionError("the client shows no progress")

    def send_progress(self, token: str, value: object) -> None:
        raise AssertionError("the client shows no progress")

    def send_and_forget(self, request: Awaitable[object]) -> None:
        raise AssertionError("nothing is to be requested")


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

    told = instant_loop.run(flood())
    assert 5 * SECONDS <= told <= MESSAGES_A_SECOND * SECONDS


@pytest.mark.parametrize("wants_results", [True, False], ids=["results", "refreshes"])
def test_only_what_differs(*, wants_results: bool) -> None:
    """A client would draw again, or ask for every hint, although nothing is different."""

    async def change_nothing() -> _Client:
        view = View(0, 1, 1, False, "error", [FAILURE])
        client = _Client(wants_results=wants_results, view=view)
        for _ in range(10):
            client.publisher.changed()
            await asyncio.sleep(1)
        client.publisher.close()
        return client

    client = instant_loop.run(change_nothing())
    # A refresh is sent twice: the second one is for Neovim.
    assert client.told == (1 if wants_results else 2)
    assert [len(found) for found in client.diagnostics] == [1, 0]


def test_a_client_that_reads_slowly() -> None:
    """Messages would pile up in the server's memory, to be outdated when they are read."""

    async def stall() -> tuple[int, int]:
        client = _Client(wants_results=True)
        client.is_behind = True
        client.publisher.changed()
        await asyncio.sleep(10)
        told_before, client.is_behind = client.told, False
        await asyncio.sleep(1)
        client.publisher.close()
        return told_before, client.told

    assert instant_loop.run(stall()) == (0, 1)


def test_closed_is_closed() -> None:
    """The old session of a document that is opened anew would publish results of the new one."""

    async def close() -> _Client:
        client = _Client(wants_results=True, view=View(0, 1, 1, False, "error", [FAILURE]))
        client.publisher.changed()
        await asyncio.sleep(1)
        client.publisher.changed()
        client.publisher.close()
        client.publisher.changed()
        await asyncio.sleep(10)
        return client

    client = instant_loop.run(close())
    assert client.told == 1
    assert client.diagnostics[-1] == []
