"""The language server's own state, and everything it says to the client on its own account.

Which handler answers what is in `handlers`; what happens in a document is in `session`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from rdit_lsp.api import decode
from rdit_lsp.lsp.features import diagnostics
from rdit_lsp.lsp.jsonrpc import Protocol, converter, failed
from rdit_lsp.lsp.publish import Publisher
from rdit_lsp.outputs.pictures import PictureFiles
from rdit_lsp.session.autorun import AutoRun
from rdit_lsp.session.registry import Sessions, name_of, path_of
from rdit_lsp.settings.configuration import ConfigurationError
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rdit_lsp.lsp.features import hover
    from rdit_lsp.lsp.transport import Transport
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.results.snapshot import Snapshot, View
    from rdit_lsp.session.session import Session
    from rdit_lsp.settings.configuration import Complete, RunOn

log = logging.getLogger(__name__)


class RditServer(LanguageServer):
    """The server's own state: its sessions, their publishers, and what the client can do."""

    protocol: Protocol

    def __init__(self, guard: Guard) -> None:
        super().__init__(
            "rdit",
            VERSION,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=converter,
        )
        self.guard = guard
        self.sessions = Sessions(self._client_for, guard)
        self.publishers: dict[str, Publisher] = {}
        self.wants_results = False
        self.wants_input = False
        self.has_clipboard = False
        self.images: hover.Images | None = None
        """How the client shows images, None where it does not."""
        self.pictures = PictureFiles(guard.folder / "pictures")
        self.transport: Transport | None = None
        self._diagnostics: dict[str, list[types.Diagnostic]] = {}
        self._runners: dict[str, AutoRun] = {}
        self._progress_tokens: dict[str, str] = {}
        self._shown_progress: set[str] = set()
        self._requests: set[asyncio.Future[Any]] = set()

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log it. Whoever asked has an error reply; a pop-up on top would say it twice."""
        log.debug("%s: %s", source, error)

    # What publishers need (`publish.Wire`).

    @property
    def is_behind(self) -> bool:
        """Whether the client does not read as fast as it is written to."""
        return self.transport is not None and self.transport.is_behind

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification of rdit's own."""
        self.protocol.send_plain({"method": method, "params": params})

    def publish_diagnostics(self, snapshot: Snapshot) -> None:
        """Push the diagnostics of a document, if they differ from the last."""
        uri = snapshot.document.uri
        found = diagnostics.diagnostics(snapshot, path_of(uri), self.encoding)
        if found != self._diagnostics.get(uri, []):
            self._diagnostics[uri] = found
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))

    def refresh_hints(self) -> None:
        """Ask the client to ask for inlay hints again, whatever it says it supports.

        lsp-mode declares no support and does it; Helix answers an error, which does no harm.
        """
        workspace = self.client_capabilities.workspace
        if workspace is not None and workspace.inlay_hint is not None:
            self._send_and_forget(self.workspace_inlay_hint_refresh_async(None))

    def begin_progress(self, uri: str) -> None:
        """Show that a document runs; cancelling the progress interrupts it."""
        window = self.client_capabilities.window
        if window is None or not window.work_done_progress or uri in self._progress_tokens:
            return
        token = self._progress_tokens[uri] = f"rdit-{uri}-{id(object())}"
        self._send_and_forget(self._begin_progress(uri, token))

    async def _begin_progress(self, uri: str, token: str) -> None:
        """A token is the client's to grant: nothing may be said of it before."""
        params = types.WorkDoneProgressCreateParams(token)
        try:
            await self.window_work_done_progress_create_async(params)
        except JsonRpcException:
            self._progress_tokens.pop(uri, None)
            raise
        if self._progress_tokens.get(uri) == token:
            self._shown_progress.add(token)
            begin = types.WorkDoneProgressBegin(f"Running {name_of(uri)}", cancellable=True)
            self.progress(types.ProgressParams(token, begin))

    def report_progress(self, uri: str, snapshot: Snapshot) -> None:
        """Say which line runs."""
        token = self._progress_tokens.get(uri)
        running = next((view for view in snapshot.views if view.status == "running"), None)
        if token is not None and token in self._shown_progress and running is not None:
            report = types.WorkDoneProgressReport(message=f"line {running.first}")
            self.progress(types.ProgressParams(token, report))

    def end_progress(self, uri: str) -> None:
        """The document does not run any more."""
        token = self._progress_tokens.pop(uri, None)
        if token is not None and token in self._shown_progress:
            self._shown_progress.discard(token)
            self.progress(types.ProgressParams(token, types.WorkDoneProgressEnd()))

    # What handlers need.

    @property
    def encoding(self) -> str:
        """The negotiated position encoding."""
        return str(self.server_capabilities.position_encoding or "utf-16")

    def session(self, uri: str) -> Session:
        """The session of an open document. Raises an error reply for any other."""
        session = self.sessions.find(uri)
        if session is None:
            raise failed(f"{name_of(uri)} is not open in the editor.", JsonRpcInvalidParams.CODE)
        return session

    def completes(self, uri: str) -> Complete:
        """What completions and signatures are wanted in a document; not `auto`."""
        try:
            wanted = self.sessions.settings(uri).completion
        except ConfigurationError:
            wanted = "auto"  # The next run says what is wrong with the settings.
        if wanted != "auto":
            return wanted
        # Only the client can know who else is there.
        has_other = self.sessions.editor_settings.get("otherServer") is True
        return "beside" if has_other else "live"

    def show_file(self, path: Path, *, external: bool = False) -> None:
        """Have the client open a file, if it can; `external`: with the system's program for it."""
        window = self.client_capabilities.window
        if window is not None and window.show_document and window.show_document.support:
            params = types.ShowDocumentParams(path.as_uri(), external, take_focus=True)
            self._send_and_forget(self.window_show_document_async(params))

    def run_by_itself(self, uri: str, event: RunOn) -> None:
        """Update a document after `event` if its settings say so."""
        runner = self._runners.get(uri)
        if runner is not None:
            runner.happened(event)

    def uri_of_progress(self, token: object) -> str | None:
        """The document whose progress a token stands for."""
        return next((uri for uri, t in self._progress_tokens.items() if t == token), None)

    def forget_document(self, uri: str) -> None:
        """Take back everything the client shows of a document."""
        publisher = self.publishers.pop(uri, None)
        if publisher is not None:
            publisher.close()
        runner = self._runners.pop(uri, None)
        if runner is not None:
            runner.close()
        if self._diagnostics.pop(uri, None):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _client_for(self, uri: str) -> _DocumentObserver:
        def snapshot() -> Snapshot | None:
            session = self.sessions.find(uri)
            return session.snapshot() if session is not None else None

        publisher = self.publishers[uri] = Publisher(uri, self, snapshot)
        self._runners[uri] = AutoRun(
            lambda: self.sessions.find(uri), lambda: self.sessions.settings(uri)
        )
        return _DocumentObserver(uri, self, publisher)

    def ask_input(self, uri: str, prompt: str, *, password: bool) -> asyncio.Task[str | None]:
        """Ask the person at the editor for a line."""

        async def ask() -> str | None:
            params = {"uri": uri, "prompt": prompt, "password": password}
            return decode.input_text(await self.protocol.send_request_async("rdit/input", params))

        return asyncio.create_task(ask())

    def _send_and_forget(self, request: Any) -> None:
        """Await a reply on which nothing depends: Helix answers errors, eglot null, some never."""
        future = asyncio.ensure_future(request)
        self._requests.add(future)

        def done(ended: asyncio.Future[Any]) -> None:
            self._requests.discard(ended)
            if not ended.cancelled() and ended.exception() is not None:
                log.debug("the client refused a request: %s", ended.exception())

        future.add_done_callback(done)


class _DocumentObserver:
    """Tells the publisher and the client what one session does."""

    def __init__(self, uri: str, server: RditServer, publisher: Publisher) -> None:
        self._uri = uri
        self._server = server
        self._publisher = publisher

    @property
    def can_answer(self) -> bool:
        return self._server.wants_input

    def on_change(self) -> None:
        self._publisher.changed()

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """It is in the snapshot."""

    def on_result(self, view: View) -> None:
        """It is in the snapshot."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        asking = self._server.ask_input(self._uri, prompt, password=password)

        def answered(task: asyncio.Task[str | None]) -> None:
            failed = task.cancelled() or task.exception() is not None
            answer(None if failed else task.result())

        asking.add_done_callback(answered)
