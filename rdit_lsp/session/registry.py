"""All sessions of a server: which documents are open, and what settings each gets.

Knows uris, folders and settings; knows nothing of LSP messages or of what a session does.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from rdit_lsp.document import document as documents
from rdit_lsp.process.spawn import Launch, WorkerError
from rdit_lsp.session.session import Session
from rdit_lsp.settings.configuration import ConfigurationError, Settings, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.session.events import SessionObserver

_RENAME_TAKES = 3.0
"""Seconds between the closing of a renamed document and its opening under the new name, at most."""


class Sessions:
    """uri → Session."""

    def __init__(self, observer: Callable[[str], SessionObserver], guard: Guard) -> None:
        """`observer` makes what shows the session of a uri."""
        self.editor_settings: Mapping[str, Any] = {}
        """The editor's part of section `rdit`."""
        self.document_settings: dict[str, Mapping[str, Any]] = {}
        """By uri: the same for single documents, over that."""
        self.workspaces: tuple[Path, ...] = ()
        """The folders the editor has open."""
        self._guard = guard
        self._observer = observer
        self._sessions: dict[str, Session] = {}
        self._observers: dict[Session, SessionObserver] = {}
        """What shows each session."""
        self._saved: set[str] = set()
        """Documents that were files when they were opened."""
        self._parked: dict[Session, asyncio.TimerHandle] = {}
        """Sessions of closed documents whose files are gone, until they end."""
        self._closing: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def find(self, uri: str) -> Session | None:
        """The session of an open document."""
        return self._sessions.get(unquote(uri))

    def open(self, uri: str, version: int, text: str) -> Session:
        """A document was opened. Nothing of it runs, and no process starts."""
        document = documents.open_document(uri, version, text)
        session = self.find(uri)
        if session is not None:
            session.change(documents.replace_text(session.document, version, text))
            return session
        observer, launch = self._observer(uri), partial(self.launch, uri)
        session = self._renamed(document)
        if session is not None:
            session.leave(self._observers.pop(session))
            session.observe(observer)
            session.rename(document, launch)
        else:
            session = Session(document, launch, observer, self._guard)
        self._sessions[unquote(uri)] = session
        self._observers[session] = observer
        if is_file(uri) and Path(path_of(uri)).exists():
            self._saved.add(uri)
        return session

    def close(self, uri: str) -> None:
        """A document was closed: its process ends, and what it left behind.

        Editors report a renamed file as one that is closed and another that is opened. So the session of
        a file that is no longer there waits a moment for its text to be opened under a new name.
        """
        session = self._sessions.pop(unquote(uri), None)
        if session is None:
            return
        self.document_settings.pop(uri, None)
        if uri in self._saved and not Path(path_of(uri)).exists():
            loop = asyncio.get_running_loop()
            self._parked[session] = loop.call_later(_RENAME_TAKES, self._end, session)
        else:
            self._end(session)

    def _renamed(self, document: documents.Document) -> Session | None:
        """The parked session of the document that `document` was before it was renamed."""
        for session, timer in self._parked.items():
            if session.document.lines == document.lines:
                timer.cancel()
                del self._parked[session]
                return session
        return None

    def _end(self, session: Session) -> None:
        self._parked.pop(session, None)
        self._observers.pop(session, None)
        task = asyncio.create_task(_close(session))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close_all(self) -> None:
        """End everything."""
        for timer in self._parked.values():
            timer.cancel()
        for session in [*self._sessions.values(), *self._parked]:
            self._end(session)
        self._sessions.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    def settings(self, uri: str) -> Settings:
        """The settings of a document. Raises ConfigurationError."""
        editor = {**self.editor_settings, **self.document_settings.get(uri, {})}
        return settings_for(self._home(uri), editor, self._workspace_of(uri))

    def launch(self, uri: str) -> Launch:
        """How to start the worker of a document. Raises WorkerError with the reason why not."""
        folder = self._home(uri)
        try:
            settings = self.settings(uri)
            interpreter = choose(folder, settings)
        except (ConfigurationError, InterpreterError) as error:
            raise WorkerError(str(error)) from error
        path = path_of(uri)
        return Launch(
            python=interpreter.command,
            reason=interpreter.reason,
            path=path,
            argv=(path, *settings.args),
            cwd=str(settings.cwd or folder),
            env=settings.env,
            is_file=is_file(uri),
            checkpoints=settings.checkpoints == "auto",
            figure_format=settings.figure_format,
            checkpoint_memory=settings.checkpoint_memory,
            figure_dpi=settings.figure_dpi,
        )

    def _home(self, uri: str) -> Path:
        """The folder a document belongs to: its own, or the workspace for one that is not saved."""
        if is_file(uri):
            return Path(path_of(uri)).parent
        return self._workspace_of(uri) or Path.home()

    def _workspace_of(self, uri: str) -> Path | None:
        """The folder the editor has open that a document is in; the first one for a document in none."""
        around = [folder for folder in self.workspaces if Path(path_of(uri)).is_relative_to(folder)]
        return max(around, key=lambda folder: len(folder.parts), default=None) or next(
            iter(self.workspaces), None
        )


async def _close(session: Session) -> None:
    await session.close()
    session.forget()


def is_file(uri: str) -> bool:
    """Whether a uri names a file, be it there or not."""
    return urlsplit(uri).scheme == "file"


def path_of(uri: str) -> str:
    """The path that code of a document carries: the file's, or what an unsaved one is called."""
    parts = urlsplit(uri)
    return unquote(parts.path) or unquote(uri)


def name_of(uri: str) -> str:
    """What a user calls the document."""
    return Path(path_of(uri)).name
