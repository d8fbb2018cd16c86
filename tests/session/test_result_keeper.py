"""Results that are written to disk as they come, and found there by the next session of a document."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from support import processes
from support.observers import LIMIT, Recorder
from support.sessions import UNTIL_TOLD, text_of

from rdit_lsp.results.archive import Archive
from rdit_lsp.session import hub, result_keeper
from rdit_lsp.session.client import Client
from rdit_lsp.session.documents import Documents
from rdit_lsp.session.hub import Hub
from rdit_lsp.session.planning import Request
from rdit_lsp.session.status import HostInfo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from support.sessions import Place

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.results.record import Record
    from rdit_lsp.session.attachment import Attachment

TEXT = "x = 6\nx * 7\nprint('end')\n"


class Watched(Archive):
    """An archive that writes down what is saved, and may be made to fail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.saved: list[Record | None] = []
        self.threads: set[int] = set()
        self.saves = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.failure: Exception | None = None

    def save(self, uri: str, record: Record | None) -> bool:
        """As `Archive.save`."""
        self.threads.add(threading.get_ident())
        self.saved.append(record)
        try:
            if self.failure is not None:
                raise self.failure
            return super().save(uri, record)
        finally:
            self._loop.call_soon_threadsafe(self.saves.set)


class Server:
    """A process that has documents open, and outlives its clients if it is a host."""

    def __init__(
        self, guard: Guard, place: Place, *, is_host: bool = False, **settings: object
    ) -> None:
        info = HostInfo(1, "0", datetime.now(timezone.utc)) if is_host else None
        self.archive = Watched(place.folder / "cache")
        self.hub = Hub(guard, info, self.archive)
        section = {"python": sys.executable, "env": dict(place.env), **settings}
        client = Client(editor_settings=section)
        self.seen = Recorder()
        self.documents = Documents(self.hub, client, lambda _: self.seen)
        self._file = place.folder / place.name

    def open(self, text: str = TEXT) -> Attachment:
        """Open the file with this text."""
        self._file.write_text(text)
        return self.documents.open(self._file.as_uri(), 1, text)

    async def ran(self, text: str = TEXT) -> Attachment:
        """The file, all of which has run."""
        opened = self.open(text)
        await opened.execute(Request("file"))
        return opened

    async def end(self) -> None:
        """End it."""
        await self.hub.close_all()


@pytest.fixture
async def serve(guard: Guard, place: Place) -> AsyncIterator[Callable[..., Server]]:
    """Starts servers with one cache; after the test nothing of them is left."""
    started: list[Server] = []

    def start(**how: Any) -> Server:
        started.append(Server(guard, place, **how))
        return started[-1]

    yield start
    for server in started:
        await server.end()
    await processes.gone(f"{place.env[processes.MARK]}")


async def other_tasks() -> None:
    """Wait until everything is done that was begun."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        _, left = await asyncio.wait(others, timeout=LIMIT)
        assert not left


def shown(opened: Attachment) -> list[tuple[str, bool]]:
    """Text of each result, and whether it was restored."""
    return [(text_of(view), view.restored) for view in opened.snapshot().views]


RESTORED = [("", True), ("42", True), ("end\n", True)]


async def test_results_of_an_ended_server_come_back(serve: Callable[..., Server]) -> None:
    """What ended with the server in good order would be lost."""
    before = serve()
    await before.ran()
    await before.end()
    assert RESTORED == shown(serve().open())


async def test_files_are_written_beside_the_event_loop(serve: Callable[..., Server]) -> None:
    """A slow disk would hold up every document of the server."""
    before = serve()
    await before.ran()
    await before.end()
    assert before.archive.threads
    assert threading.get_ident() not in before.archive.threads


async def test_runs_that_follow_each_other_are_written_together(
    serve: Callable[..., Server],
) -> None:
    """A file would be written for each key stroke of a document that runs as one types."""
    server = serve()
    opened = await server.ran()
    for _ in range(9):
        await opened.execute(Request("file"))
    await server.end()
    assert 1 <= len(server.archive.saved) < 10


async def test_a_long_run_is_written_while_it_goes_on(
    serve: Callable[..., Server], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash in the morning would cost the whole night."""
    monkeypatch.setattr(result_keeper, "_DURING_RUN", 0.0)
    server = serve()
    opened = server.open(f"import os, time\n'early'\n{UNTIL_TOLD}\n'late'\n")
    run = opened.execute(Request("file"))
    while not any(record and len(record.results) > 2 for record in server.archive.saved):
        await asyncio.wait_for(server.archive.saves.wait(), LIMIT)
        server.archive.saves.clear()
    other = serve().open(opened.document.text)
    assert [("", None), ("early", None)] == [
        (text_of(view), view.stale_reason) for view in other.snapshot().views[:2]
    ]
    (place.folder / "go").touch()
    assert "ok" == (await run).status


@pytest.mark.parametrize("failure", [MemoryError(), ValueError("odd"), RecursionError()])
async def test_no_failure_reaches_a_run(
    serve: Callable[..., Server], caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    """A bug in what is a convenience would fail the work itself, or keep a document from closing."""
    server = serve()
    server.archive.failure = failure
    opened = await server.ran()
    assert "ok" == (await opened.execute(Request("file"))).status
    await server.end()
    assert any("results are not kept" in each.getMessage() for each in caplog.records)
    assert logging.ERROR == caplog.records[-1].levelno


async def test_a_reload_shows_what_is_live(serve: Callable[..., Server]) -> None:
    """A buffer that is read anew would show the results of its program as of one that is gone."""
    server = serve()
    opened = await server.ran()
    server.documents.close(opened.document.uri)
    assert [(text, False) for text, _ in RESTORED] == shown(server.open())


async def test_a_session_that_is_all_on_disk_is_not_kept(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host would stay for eight hours for each file that was only looked at."""
    before = serve()
    await before.ran()
    await before.end()
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    host = serve(is_host=True)
    opened = host.open()
    assert RESTORED == shown(opened)
    host.documents.close(opened.document.uri)
    await other_tasks()
    assert not host.hub.is_used
    assert RESTORED == shown(host.open())


@pytest.mark.parametrize("may_keep", [True, False])
async def test_a_program_that_was_stopped(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, *, may_keep: bool
) -> None:
    """Results that are nowhere on disk would go with the last window."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    host = serve(is_host=True, keepResults=may_keep)
    opened = await host.ran()
    assert await opened.stop()
    assert RESTORED == shown(opened)
    host.documents.close(opened.document.uri)
    if may_keep:
        await other_tasks()
    assert may_keep is not host.hub.is_used
    assert RESTORED == shown(host.open())


async def test_one_document_written_in_two_ways(serve: Callable[..., Server], place: Place) -> None:
    """An editor that escapes addresses in another way would not find what the first has left."""
    before = serve()
    uri = f"{place.folder.as_uri()}/a b.py"
    opened = before.documents.open(uri, 1, "1\n")
    await opened.execute(Request("file"))
    await before.end()
    other = serve().documents.open(uri.replace(" ", "%20"), 1, "1\n")
    assert [("1", True)] == shown(other)


async def test_a_text_that_is_no_file_is_not_kept(serve: Callable[..., Server]) -> None:
    """Every editor has an `Untitled-1`: one would show the results of another."""
    server = serve()
    opened = server.documents.open("untitled:Untitled-1", 1, "1\n")
    await opened.execute(Request("file"))
    await server.end()
    assert [] == server.archive.saved
