"""The language server's own state, and what it sends to the client on its own account.

Which handler answers what is in `server.py`; what happens in a document is in `session`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from rdit_lsp.api import decode
from rdit_lsp.api.profile import ClientProfile
from rdit_lsp.api.service import Service
from rdit_lsp.lsp.document_observer import DocumentObserver
from rdit_lsp.lsp.jsonrpc import Protocol, converter
from rdit_lsp.outputs.pictures import PictureFiles
from rdit_lsp.session.documents import Documents
from rdit_lsp.settings.configuration import ConfigurationError
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from pathlib import Path

    from rdit_lsp.lsp.transport import Transport
    from rdit_lsp.session.client import Client
    from rdit_lsp.session.hub import Hub
    from rdit_lsp.settings.configuration import Complete, RunOn

log = logging.getLogger(__name__)


class RditServer(LanguageServer):
    """What one client has open, what it shows of each document, and what it wants and can do."""

    protocol: Protocol

    def __init__(self, hub: Hub, client: Client) -> None:
        super().__init__(
            "rdit",
            VERSION,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=converter,
        )
        self.documents = Documents(hub, client, self._observer_of)
        folder = hub.guard.folder
        self.pictures = PictureFiles(folder / "pictures")
        self.service = Service(self.documents, self, folder, self.pictures)
        self.profile = ClientProfile()
        self.transport: Transport | None = None
        self.remark: str | None = None
        """What the client is told once it is ready."""
        self._observers: dict[str, DocumentObserver] = {}
        """By uri: what the client shows of each open document."""
        self._requests: set[asyncio.Future[Any]] = set()

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log it: the client gets an error reply, and a pop-up on top would say the same twice."""
        log.debug("%s: %s", source, error)

    # What handlers need.

    @property
    def client(self) -> Client:
        """Who it serves."""
        return self.documents.client

    def configure(self, section: Mapping[str, Any]) -> None:
        """Take `section` as the client's part of the settings."""
        self.client.editor_settings = section
        has_other_server = decode.Options.decode(section).other_server
        self.profile = replace(self.profile, has_other_server=has_other_server)

    def completion_mode(self, uri: str) -> Complete:
        """What completions and signatures to offer in a document; never `auto`."""
        try:
            wanted = self.documents.settings(uri).completion
        except ConfigurationError:
            wanted = "auto"  # The next run says what is wrong with the settings.
        return self.profile.completion(wanted)

    def run_by_itself(self, uri: str, event: RunOn) -> None:
        """Update a document after `event` if its settings say so."""
        observer = self._observers.get(uri)
        if observer is not None:
            observer.auto_run.happened(event)

    def hints_were_asked(self, uri: str) -> None:
        """The client asked for the inlay hints of a document and is being answered."""
        observer = self._observers.get(uri)
        if observer is not None:
            observer.publisher.hints_were_asked()

    def document_of_progress(self, token: object) -> str | None:
        """The uri of the document whose progress a token stands for."""
        observers = self._observers.items()
        return next((uri for uri, o in observers if o.publisher.progress.has_token(token)), None)

    def forget_document(self, uri: str) -> None:
        """Take back everything the client shows of a document."""
        observer = self._observers.pop(uri, None)
        if observer is not None:
            observer.close()

    def leave(self) -> None:
        """The client is going, or has gone: its documents go on without it, and so do their runs."""
        self.service.leave()
        self.documents.leave()
        for uri in list(self._observers):
            self.forget_document(uri)
        # Last: a document that was left does not take an error for an answer.
        self.protocol.give_up_requests()

    # What is sent to the client: `service.Client`, and `Wire` of observer, publisher and progress.

    @property
    def is_behind(self) -> bool:
        """Whether the client does not read as fast as it is written to."""
        return self.transport is not None and self.transport.is_behind

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification of rdit's own."""
        self.protocol.send_plain({"method": method, "params": params})

    def publish_diagnostics(self, uri: str, found: list[types.Diagnostic]) -> None:
        """Push the diagnostics of a document."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))

    def refresh_hints(self) -> None:
        """Have the client ask for inlay hints again, if it has any."""
        if self.profile.can_refresh_hints:
            self.send_and_forget(self.workspace_inlay_hint_refresh_async(None))

    async def create_progress(self, token: str) -> None:
        """Ask the client to show progress; raises JsonRpcException where it will not."""
        await self.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token))

    def send_progress(self, token: str, value: Any) -> None:
        """Send `$/progress`."""
        self.progress(types.ProgressParams(token, value))

    def show_file(self, path: Path, *, external: bool = False) -> None:
        """Have the client open a file, if it can; `external`: with the system's program for it."""
        if self.profile.can_open_files:
            params = types.ShowDocumentParams(path.as_uri(), external, take_focus=True)
            self.send_and_forget(self.window_show_document_async(params))

    def ask_input(self, uri: str, prompt: str, *, password: bool) -> asyncio.Task[str | None]:
        """Ask the person at the client for a line; None is end of file."""

        async def ask() -> str | None:
            params = {"uri": uri, "prompt": prompt, "password": password}
            return decode.input_text(await self.protocol.send_request_async("rdit/input", params))

        return asyncio.create_task(ask())

    def send_and_forget(self, request: Awaitable[object]) -> None:
        """Await a reply on which nothing depends: Helix sends errors, eglot null, some clients none."""
        future = asyncio.ensure_future(request)
        self._requests.add(future)

        def done(ended: asyncio.Future[Any]) -> None:
            self._requests.discard(ended)
            if not ended.cancelled() and ended.exception() is not None:
                log.debug("the client refused a request: %s", ended.exception())

        future.add_done_callback(done)

    def _observer_of(self, uri: str) -> DocumentObserver:
        observer = self._observers[uri] = DocumentObserver(uri, self, self.documents)
        return observer
