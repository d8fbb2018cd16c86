"""Progress of a run, by a clock that takes no time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from support import instant_loop

from rdit_lsp.api.profile import ClientProfile
from rdit_lsp.document import document as documents
from rdit_lsp.lsp.progress import Progress
from rdit_lsp.results.snapshot import SessionState, Snapshot, View

if TYPE_CHECKING:
    from collections.abc import Awaitable

URI = "file:///folder/d.py"
DOCUMENT = documents.open_document(URI, 1, "1\n2\n3\n")


class _Client:
    """Keeps what it is sent, and grants tokens when it is told to."""

    def __init__(self, *, shows: bool = True) -> None:
        self.profile = ClientProfile(can_show_progress=shows)
        self.line = 2
        self.sent: list[tuple[str, object]] = []
        self.tokens: list[str] = []
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.requests: list[asyncio.Future[object]] = []
        self.progress = Progress(URI, self, self.snapshot)

    def snapshot(self) -> Snapshot:
        view = View(0, self.line, self.line, False, "running")
        return Snapshot(DOCUMENT, SessionState.BUSY, [view])

    async def create_progress(self, token: str) -> None:
        self.tokens.append(token)
        await self.granted

    def send_progress(self, token: str, value: object) -> None:
        self.sent.append((token, value))

    def send_and_forget(self, request: Awaitable[object]) -> None:
        self.requests.append(asyncio.ensure_future(request))

    @property
    def words(self) -> list[str | None]:
        """What the messages say."""
        return [getattr(v, "title", None) or getattr(v, "message", None) for _, v in self.sent]


def test_a_long_run() -> None:
    """One would not see that something runs, or where it is, or it would be shown for ever."""

    async def run_long() -> _Client:
        client = _Client()
        client.granted.set_result(None)
        client.progress.follow(SessionState.STARTING)
        await asyncio.sleep(0.2)
        assert client.tokens == []
        client.progress.follow(SessionState.BUSY)
        await asyncio.sleep(1)
        assert client.progress.has_token(client.tokens[0])
        assert not client.progress.has_token("another")
        client.line = 3
        await asyncio.sleep(3)
        client.progress.follow(SessionState.IDLE)
        assert not client.progress.has_token(client.tokens[0])
        await asyncio.sleep(10)
        return client

    client = instant_loop.run(run_long())
    assert client.words == ["Running d.py", "line 3", "line 3, 1 s", "line 3, 2 s", None]
    assert isinstance(client.sent[-1][1], types.WorkDoneProgressEnd)
    assert {token for token, _ in client.sent} == set(client.tokens)


def test_a_short_run() -> None:
    """Something would flash at every run."""

    async def run_short() -> _Client:
        client = _Client()
        client.progress.follow(SessionState.BUSY)
        await asyncio.sleep(0.2)
        client.progress.follow(SessionState.IDLE)
        await asyncio.sleep(10)
        return client

    assert instant_loop.run(run_short()).tokens == []


def test_over_before_the_token_is_granted() -> None:
    """It would be shown as running until the editor ends."""

    async def grant_late() -> _Client:
        client = _Client()
        client.progress.follow(SessionState.BUSY)
        await asyncio.sleep(1)
        client.progress.end()
        client.granted.set_result(None)
        await asyncio.wait(client.requests)
        return client

    client = instant_loop.run(grant_late())
    assert (len(client.tokens), client.sent) == (1, [])


def test_no_token() -> None:
    """A client that grants none would get messages it does not know, and no progress of the next run."""

    async def refuse() -> _Client:
        client = _Client()
        client.granted.set_exception(JsonRpcException("no", -32601))
        for state in (SessionState.BUSY, SessionState.IDLE) * 2:
            client.progress.follow(state)
            await asyncio.sleep(3)
        assert all(request.exception() for request in client.requests)
        return client

    client = instant_loop.run(refuse())
    assert (len(client.tokens), client.sent) == (2, [])


def test_a_client_without_progress() -> None:
    """It would answer each request with an error."""

    async def run_long() -> _Client:
        client = _Client(shows=False)
        client.progress.follow(SessionState.BUSY)
        await asyncio.sleep(10)
        client.progress.end()
        return client

    client = instant_loop.run(run_long())
    assert (client.tokens, client.sent) == ([], [])
