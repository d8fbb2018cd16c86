"""The documents that one client has open, and what settings each gets.

Knows uris, folders and settings; knows nothing of LSP messages or of what a session does.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rdit_lsp.document import document as documents
from rdit_lsp.document.uris import is_file, path_of
from rdit_lsp.process.spawn import Launch, WorkerError
from rdit_lsp.settings.configuration import ConfigurationError, Settings, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.client import Client
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.hub import Hub


class Documents:
    """uri → Attachment, for one client."""

    def __init__(
        self, hub: Hub, client: Client, observer: Callable[[str], SessionObserver]
    ) -> None:
        """`observer` makes what shows the session of a uri."""
        self.hub = hub
        self.client = client
        self._observer = observer
        self._open: dict[str, Attachment] = {}

    def __iter__(self) -> Iterator[Attachment]:
        return iter(list(self._open.values()))

    def find(self, uri: str) -> Attachment | None:
        """What the client has of an open document."""
        return self._open.get(unquote(uri))

    def open(self, uri: str, version: int, text: str) -> Attachment:
        """The client has opened a document. Nothing of it runs, and no process starts."""
        attachment = self.find(uri)
        if attachment is not None:
            attachment.change(documents.replace_text(attachment.document, version, text))
            return attachment
        observer, launch = self._observer(uri), partial(self.launch, uri)
        may_keep = partial(self._may_keep, uri)
        attachment = self.hub.open(uri, version, text, self.client, observer, launch, may_keep)
        self._open[unquote(uri)] = attachment
        return attachment

    def close(self, uri: str) -> None:
        """The client has closed a document."""
        attachment = self._open.pop(unquote(uri), None)
        if attachment is not None:
            self.hub.close(attachment, self._keep(uri))
            self.client.document_settings.pop(uri, None)

    def leave(self) -> None:
        """The client has gone, with or without a word."""
        for uri in list(self._open):
            self.close(uri)

    def settings(self, uri: str) -> Settings:
        """The settings of a document. Raises ConfigurationError."""
        client = self.client
        editor = {**client.editor_settings, **client.document_settings.get(uri, {})}
        return settings_for(self._home(uri), editor, self._workspace_of(uri))

    def launch(self, uri: str) -> Launch:
        """How to start the worker of a document. Raises WorkerError with the reason why not."""
        folder, client = self._home(uri), self.client
        try:
            settings = self.settings(uri)
            interpreter = choose(folder, settings, client.environment)
        except (ConfigurationError, InterpreterError) as error:
            raise WorkerError(str(error)) from error
        path = path_of(uri)
        return Launch(
            python=interpreter.command,
            path=path,
            argv=(path, *settings.args),
            cwd=str(settings.cwd or folder),
            env=settings.env,
            environ=client.environ,
            umask=client.umask,
            is_file=is_file(uri),
            checkpoints=settings.checkpoints == "auto",
            figure_format=settings.figure_format,
            checkpoint_memory=settings.checkpoint_memory,
            figure_dpi=settings.figure_dpi,
            assignments=settings.assignments,
        )

    def _keep(self, uri: str) -> float | None:
        try:
            return self.settings(uri).keep_sessions
        except ConfigurationError:
            return Settings().keep_sessions

    def _may_keep(self, uri: str) -> bool:
        """Whether results may be written to disk; not where the settings are no help."""
        try:
            return self.settings(uri).keep_results
        except ConfigurationError:
            return False

    def _home(self, uri: str) -> Path:
        """The folder a document belongs to: its own, or the workspace for one that is not saved."""
        if is_file(uri):
            return Path(path_of(uri)).parent
        home = self.client.environment.get("HOME")
        return self._workspace_of(uri) or (Path(home) if home else Path.home())

    def _workspace_of(self, uri: str) -> Path | None:
        """The folder the client has open that a document is in; the first one for a document in none."""
        folders = self.client.workspaces
        around = [folder for folder in folders if Path(path_of(uri)).is_relative_to(folder)]
        return max(around, key=lambda folder: len(folder.parts), default=None) or next(
            iter(folders), None
        )
