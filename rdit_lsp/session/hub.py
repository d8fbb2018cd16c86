"""All sessions of a process: one for each document, shared by the clients that have it open.

A session outlives its clients: how long is decided here. Knows neither LSP messages nor what a session
does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from rdit_lsp.document import document as documents
from rdit_lsp.document.uris import is_file, path_of
from rdit_lsp.session.result_keeper import ResultKeeper
from rdit_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdit_lsp.document.document import Document
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.results.archive import Archive
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.client import Client
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.status import HostInfo

RELOAD_TAKES = 3.0
"""Seconds for which a closed document keeps everything, whatever the settings say.

Editors reload a buffer by closing and opening it, and rename a file by closing it and opening another.
"""

_Key: TypeAlias = tuple[str, "Client | None"]
"""The uri of a file; with its client for a text that is no file, as each editor has an `Untitled-1`."""


@dataclass
class _Held:
    """A session, and what is known of its document."""

    session: Session
    was_file: bool
    """It was a file when it was opened."""
    keeper: ResultKeeper | None = None
    """Keeps its results on disk, if they are a file's."""
    ending: asyncio.Task[None] | None = None
    """Ends it in a while, as it has no client."""


class Hub:
    """Document → session."""

    def __init__(
        self, guard: Guard, host: HostInfo | None = None, archive: Archive | None = None
    ) -> None:
        """`host` is this process, where clients come and go and sessions may outlive them.

        `archive` keeps results for documents that are opened again; None: they go with their session.
        """
        self.guard = guard
        self.host = host
        self._archive = archive
        self._held: dict[_Key, _Held] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Session]:
        return iter([held.session for held in self._held.values()])

    @property
    def outlives(self) -> bool:
        """Whether sessions may live on without a client, as their settings say."""
        return self.host is not None

    @property
    def is_used(self) -> bool:
        """Whether there are sessions, or some that have not ended yet."""
        return bool(self._held or self._closing)

    def find(self, uri: str) -> Session | None:
        """The session of a file, whether or not a client has it open."""
        held = self._held.get((unquote(uri), None))
        return held.session if held is not None else None

    def open(
        self,
        uri: str,
        version: int,
        text: str,
        client: Client,
        observer: SessionObserver,
        launch: Callable[[], Launch],
        may_keep: Callable[[], bool] = lambda: True,
    ) -> Attachment:
        """A client opens a document. Nothing of it runs, and no process starts.

        Where a session of it lives, the client finds all that is there; else what is on disk of its
        results. `may_keep`: whether its settings allow them to be kept there.
        """
        document, key = documents.open_document(uri, version, text), _key(uri, client)
        held = self._held.get(key) or self._moved(document, key)
        if held is None:
            held = self._held[key] = self._begin(document, may_keep)
        elif held.keeper is not None:
            held.keeper.follow(may_keep)
        if held.ending is not None:
            held.ending.cancel()
            held.ending = None
        held.was_file |= is_file(uri) and Path(path_of(uri)).exists()
        return held.session.attach(document, launch, observer, client)

    def close(self, attachment: Attachment, keep: float | None) -> None:
        """A client closes a document, or vanishes.

        Without clients a session is kept while it runs, and then for `keep` seconds; None for ever, 0 not
        even while it runs. In any case it keeps everything as long as a reload may take.
        """
        session = attachment.session
        session.detach(attachment)
        key = next((key for key, held in self._held.items() if held.session is session), None)
        if key is None or session.attachments:
            return
        if not session.holds_anything:
            self._end(key)
            return
        self._held[key].ending = asyncio.create_task(self._outlive(key, session, keep))

    async def stop(self, session: Session) -> None:
        """End a session whether or not it has clients, and wait until its processes are gone."""
        for key, held in list(self._held.items()):
            if held.session is session:
                await asyncio.wait([self._end(key)])

    async def close_all(self) -> None:
        """End everything."""
        for key in list(self._held):
            self._end(key)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _outlive(self, key: _Key, session: Session, keep: float | None) -> None:
        await asyncio.sleep(RELOAD_TAKES)
        if self.outlives and keep != 0:
            await session.wait_until_idle()
            await session.shed()
            if not await self._is_all_on_disk(key):
                # Monotonic, and it stands still while the machine sleeps.
                await (asyncio.sleep(keep) if keep is not None else asyncio.Event().wait())
        self._end(key)

    def _begin(self, document: Document, may_keep: Callable[[], bool]) -> _Held:
        """A new session of a document, with the results that were kept of it."""
        session = Session(document, self.guard)
        if self._archive is None or not is_file(document.uri):
            return _Held(session, was_file=False)
        keeper = ResultKeeper(session, self._archive, may_keep)
        keeper.bring_back()
        session.observe(keeper)
        return _Held(session, was_file=False, keeper=keeper)

    async def _is_all_on_disk(self, key: _Key) -> bool:
        """Whether nothing would be lost with a session: results are on disk, and there is no program."""
        held = self._held[key]
        if held.session.has_program or held.keeper is None:
            return False
        await held.keeper.finish()
        return held.keeper.has_all

    def _moved(self, document: Document, key: _Key) -> _Held | None:
        """The session of the document that `document` was, under another name or in another window."""
        for old, held in self._held.items():
            known = held.session.document
            if held.session.attachments or known.lines != document.lines:
                continue
            if _is_gone(known.uri) if held.was_file else known.uri == document.uri:
                self._held[key] = self._held.pop(old)
                return held
        return None

    def _end(self, key: _Key) -> asyncio.Task[None]:
        held = self._held.pop(key)
        task = asyncio.create_task(_close(held))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if held.ending is not None and held.ending is not asyncio.current_task():
            held.ending.cancel()
        return task


def _key(uri: str, client: Client) -> _Key:
    return unquote(uri), None if is_file(uri) else client


def _is_gone(uri: str) -> bool:
    return not Path(path_of(uri)).exists()


async def _close(held: _Held) -> None:
    await held.session.close()
    if held.keeper is not None:
        held.session.leave(held.keeper)
        await held.keeper.finish()
    held.session.forget()
