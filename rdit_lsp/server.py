"""The language server: wiring between pygls and sessions. A handler looks up, calls, and returns.

Decoding of rdit's own messages is in `messages`, everything a client sees is in `features` and
`publish`, everything that happens is in `session`.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import os
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lsprotocol import converters, types
from pygls import uris
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)

from rdit_lsp import document as documents
from rdit_lsp import messages
from rdit_lsp.autorun import AutoRun
from rdit_lsp.children import bury_orphans
from rdit_lsp.configuration import ConfigurationError
from rdit_lsp.edits import Edit
from rdit_lsp.export import files
from rdit_lsp.export.formats import About
from rdit_lsp.features import actions, diagnostics, hints, hover, live, page, places
from rdit_lsp.guard import Guard
from rdit_lsp.limits import raise_limit
from rdit_lsp.pictures import PictureFiles, pictures_of
from rdit_lsp.positions import from_units
from rdit_lsp.publish import Publisher
from rdit_lsp.run import RequestError
from rdit_lsp.sessions import Sessions, is_file, name_of, path_of
from rdit_lsp.snapshot import (
    checkpoint_result,
    execute_result,
    kept_result,
    statement_result,
    way_back_result,
)
from rdit_lsp.spawn import WorkerError
from rdit_lsp.transport import Transport, are_pipes
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from cattrs import Converter
    from pygls.protocol.json_rpc import MsgId

    from rdit_lsp.configuration import Complete, RunOn
    from rdit_lsp.document import Placed
    from rdit_lsp.ledger import Result
    from rdit_lsp.outputs import StreamName
    from rdit_lsp.pictures import Picture
    from rdit_lsp.session import Session
    from rdit_lsp.snapshot import Report, Sight, Snapshot, View

log = logging.getLogger(__name__)

T = TypeVar("T")

CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value
REQUEST_FAILED = types.LSPErrorCodes.RequestFailed.value

LOOK = 0.5
"""Seconds that an answer waits for what the program holds, at most."""


_SHOW_IMAGES = ("Visual Studio Code", "VSCodium", "Code - OSS", "code-server", "Cursor", "Windsurf")


class Protocol(LanguageServerProtocol):
    """pygls' protocol, with texts left to `documents` and exactly one reply to every request.

    pygls' own text documents split lines at form feeds and U+2028 too, and cost milliseconds per key.
    """

    commands: Mapping[str, Callable[..., Any]] = {}
    """rdit's own, which are commands and plain requests alike."""

    def _handle_request(self, msg_id: MsgId, method_name: str, params: Any) -> None:
        """Begin rdit's own commands at once, so that no message that follows overtakes them.

        pygls leaves coroutines to a later turn of the event loop, and cancels a command's generator
        but not the command.
        """
        arguments = [params]
        name = method_name
        if method_name == types.WORKSPACE_EXECUTE_COMMAND:
            name, arguments = params.command, list(params.arguments or ())
        if name not in self.commands:
            super()._handle_request(msg_id, method_name, params)
            return
        reply = _begin(self.commands[name], arguments)
        self._request_futures[msg_id] = reply  # type: ignore[assignment]  # Both kinds are in it.
        reply.add_done_callback(partial(self._send_handler_result, msg_id=msg_id))

    def send_plain(self, message: dict[str, Any]) -> None:
        """Send what is JSON already; pygls would walk through all of it to make JSON of it."""
        self._send_data({"jsonrpc": self.VERSION, **message})

    def _send_response(
        self, msg_id: MsgId, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        if error is None and isinstance(result, dict):
            self._result_types.pop(msg_id, None)
            self.send_plain({"id": msg_id, "result": result})
        else:
            super()._send_response(msg_id, result, error)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Leave the text to our handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Leave the text to our handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Leave the text to our handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Decode a message; a request that cannot be decoded is answered, not only logged."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


class RditServer(LanguageServer):
    """The server's own state: its sessions, their publishers, and what the client can do."""

    protocol: Protocol

    def __init__(self, guard: Guard) -> None:
        super().__init__(
            "rdit",
            VERSION,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=_converter,
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
            raise _failed(f"{name_of(uri)} is not open in the editor.", JsonRpcInvalidParams.CODE)
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

    def _client_for(self, uri: str) -> _SessionClient:
        def snapshot() -> Snapshot | None:
            session = self.sessions.find(uri)
            return session.snapshot() if session is not None else None

        publisher = self.publishers[uri] = Publisher(uri, self, snapshot)
        self._runners[uri] = AutoRun(
            lambda: self.sessions.find(uri), lambda: self.sessions.settings(uri)
        )
        return _SessionClient(uri, self, publisher)

    def ask_input(self, uri: str, prompt: str, *, password: bool) -> asyncio.Task[str | None]:
        """Ask the person at the editor for a line."""

        async def ask() -> str | None:
            params = {"uri": uri, "prompt": prompt, "password": password}
            return messages.input_text(await self.protocol.send_request_async("rdit/input", params))

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


class _SessionClient:
    """Tells the publisher and the client what one session does."""

    def __init__(self, uri: str, server: RditServer, publisher: Publisher) -> None:
        self._uri = uri
        self._server = server
        self._publisher = publisher

    def on_change(self) -> None:
        self._publisher.changed()

    def on_output(self, result: Result | None, stream: StreamName, data: bytes) -> None:
        """It is in the snapshot."""

    def on_result(self, result: Result, placed: Placed) -> None:
        """It is in the snapshot."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        if not self._server.wants_input:
            answer(None)
            return
        asking = self._server.ask_input(self._uri, prompt, password=password)

        def answered(task: asyncio.Task[str | None]) -> None:
            failed = task.cancelled() or task.exception() is not None
            answer(None if failed else task.result())

        asking.add_done_callback(answered)


def create_server(guard: Guard) -> RditServer:
    """A server with all its features."""
    server = RditServer(guard)
    _add_lifecycle(server)
    _add_documents(server)
    _add_features(server)
    _add_completions(server)
    _add_commands(server)
    return server


def serve_stdio() -> None:
    """Serve one client on standard input and output until it says exit or goes away."""
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("RDIT_LOG", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("pygls").addFilter(_is_unexpected)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_unexpected)
    if not are_pipes(0, 1):
        sys.exit("rdit: the language server talks to an editor through pipes, and here are none.")
    raise_limit()
    guard = Guard()  # A fork: it comes before any thread.
    server = create_server(guard)
    try:
        asyncio.run(_serve(server))
    except (KeyboardInterrupt, SystemExit) as ended:
        code = ended.code if isinstance(ended, SystemExit) else 130
    else:
        code = 1  # The client went away without saying exit.
    finally:
        guard.close()
    sys.exit(code)


async def _serve(server: RditServer) -> None:
    # What has been imported stays, so no collection needs to look at it again.
    gc.freeze()
    gc.enable()
    bury_orphans(server.guard.pid)
    transport = await Transport.take_over_stdio()
    server.transport = transport
    server.protocol.set_writer(transport)
    server._stop_event = threading.Event()
    try:
        await run_async(
            stop_event=server._stop_event,
            reader=transport,
            protocol=server.protocol,
            logger=logging.getLogger("pygls"),
            error_handler=server.report_server_error,
        )
    finally:
        await server.sessions.close_all()


def _add_lifecycle(server: RditServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = messages.Options.decode(params.initialization_options)
        server.wants_results = options.result_notifications
        server.wants_input = options.input
        server.has_clipboard = options.clipboard
        server.images = _images(params.client_info, options, server.pictures)
        server.sessions.editor_settings = options.settings
        root = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
        path = uris.to_fs_path(root) if root else None
        server.sessions.workspace = Path(path) if path else None

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        if workspace is None or not workspace.configuration:
            return
        item = types.ConfigurationItem(section="rdit")
        try:
            found = await server.workspace_configuration_async(types.ConfigurationParams([item]))
        except JsonRpcException as error:
            log.warning("the client did not tell its configuration: %s", error)
            return
        if found and isinstance(found[0], dict):
            merged = {**server.sessions.editor_settings, **_set_keys(found[0])}
            server.sessions.editor_settings = merged

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def changed(params: types.DidChangeConfigurationParams) -> None:
        section = messages.section_of(params.settings)
        if section is not None:
            server.sessions.editor_settings = _set_keys(section)
            for session in server.sessions:
                session.look_around()

    @server.feature(types.SHUTDOWN)
    async def shutdown(_: None) -> None:
        for uri in list(server.publishers):
            server.forget_document(uri)
        await server.sessions.close_all()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancelled(params: types.WorkDoneProgressCancelParams) -> None:
        uri = server.uri_of_progress(params.token)
        session = server.sessions.find(uri) if uri is not None else None
        if session is not None:
            session.interrupt()


def _add_documents(server: RditServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.sessions.open(item.uri, item.version, item.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        session = server.sessions.find(params.text_document.uri)
        if session is None:
            return
        version = params.text_document.version

        def change(document: documents.Document) -> documents.Document:
            for each in params.content_changes:
                document = _edited(document, version, each, server.encoding)
            return document

        session.edit(Edit(version, change))
        server.run_by_itself(params.text_document.uri, "type")

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.sessions.close(params.text_document.uri)
        server.forget_document(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        # Any document may be one that another imports, or the settings of all.
        for session in server.sessions:
            session.look_around()
        server.run_by_itself(params.text_document.uri, "save")

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
        for session in server.sessions:
            session.look_around()


def _add_features(server: RditServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        session = server.sessions.find(uri)
        if session is None:
            return []
        first, last = params.range.start.line + 1, params.range.end.line + 1
        snapshot = session.snapshot(first, last)
        found = hints.inlay_hints(snapshot, server.encoding, first, last)
        publisher = server.publishers.get(uri)
        if publisher is not None:
            publisher.hints_were_asked()
        return found

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        spot = _spot(server, params)
        if spot is None:
            return None
        document, line = spot.document, spot.line + 1
        snapshot = spot.session.snapshot(line, line)
        result = hover.hover(snapshot, line, server.images)
        expression = places.expression_at(document, spot.line, spot.column)
        if expression is None:
            return result
        sight = await _look(spot.session, live.hover_question(expression))
        if sight is None:
            return result
        beside = server.completes(document.uri) == "beside"
        text = document.lines[spot.line]
        shown = hover.value_at(snapshot, line)
        value = live.hover(sight, expression, text, server.encoding, beside=beside, shown=shown)
        return live.joined(value, result)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Source]),
    )
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        session = server.sessions.find(params.text_document.uri)
        if session is None:
            return []
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()] or None
        first, last = messages.selected_lines(params.range)
        snapshot = session.snapshot(first, last)
        return actions.code_actions(snapshot, first, last, only, session.kept.names())

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        session = server.sessions.find(params.text_document.uri)
        return actions.code_lenses(session.snapshot(1, 0)) if session is not None else []


def _add_completions(server: RditServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=[".", "[", '"', "'"]),
    )
    async def complete(params: types.CompletionParams) -> types.CompletionList | None:
        spot, wanted = _spot(server, params), server.completes(params.text_document.uri)
        if spot is None or wanted == "off":
            return None
        document, beside = spot.document, wanted == "beside"
        place = places.completion_at(document, spot.line, spot.column)
        question = live.completion_question(place, document, beside=beside) if place else None
        sight = await _look(spot.session, question) if question is not None else None
        if place is None or sight is None:
            return None
        where = spot.line, spot.column
        return live.completions(sight, place, where, document, server.encoding, beside=beside)

    @server.feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        types.SignatureHelpOptions(trigger_characters=["(", ","]),
    )
    async def signature(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        spot, wanted = _spot(server, params), server.completes(params.text_document.uri)
        if spot is None or wanted == "off":
            return None
        argument = places.argument_at(spot.document, spot.line, spot.column)
        if argument is None:
            return None
        sight = await _look(spot.session, live.signature_question(argument))
        if sight is None:
            return None
        offsets = _takes_offsets(server.client_capabilities)
        return live.signature_help(sight, offsets=offsets, beside=wanted == "beside")


def _add_commands(server: RditServer) -> None:
    def execute(raw: Any) -> asyncio.Future[dict[str, Any]]:
        order = _decoded(messages.Execute.decode, raw)
        session = server.session(order.uri)
        version = session.document.version
        if order.version is not None and order.version != version:
            text = f"{name_of(order.uri)} is at version {version}, not {order.version}."
            raise JsonRpcException(text, CONTENT_MODIFIED)
        try:
            report = session.execute(order.request)
        except RequestError as error:
            raise _failed(f"{name_of(order.uri)}: {error}", JsonRpcInvalidParams.CODE) from error
        reply = asyncio.ensure_future(_reply_of_run(name_of(order.uri), report))
        # A task that is cancelled before its first step would not tell what it is to wait for.
        reply.add_done_callback(lambda ended: report.cancel() if ended.cancelled() else None)
        return reply

    def interrupt(raw: Any) -> dict[str, Any]:
        session = server.session(_decoded(messages.uri_of, raw))
        return {"interrupted": session.interrupt()}

    async def reset(raw: Any) -> dict[str, Any]:
        await server.session(_decoded(messages.uri_of, raw)).reset()
        return {"status": "ok"}

    def status(raw: Any = None) -> dict[str, Any]:
        uri = _decoded(messages.optional_uri_of, raw)
        chosen = [server.session(uri)] if uri is not None else list(server.sessions)
        return {
            "status": "ok",
            "version": VERSION,
            "sessions": [_session_status(session) for session in chosen],
        }

    async def checkpoint(raw: Any) -> dict[str, Any]:
        wanted = _decoded(messages.TakeCheckpoint.decode, raw)
        taking = server.session(wanted.uri).checkpoint(wanted.name)
        return checkpoint_result(await _answered(name_of(wanted.uri), taking))

    async def restore(raw: Any) -> dict[str, Any]:
        wanted = _decoded(messages.Restore.decode, raw)
        restoring = server.session(wanted.uri).restore(wanted.checkpoint)
        way_back = await _answered(name_of(wanted.uri), restoring)
        return {"status": "restored", "wayBack": way_back_result(way_back)}

    async def checkpoints(raw: Any) -> dict[str, Any]:
        session = server.session(_decoded(messages.uri_of, raw))
        return {"checkpoints": [checkpoint_result(c) for c in await session.checkpoints()]}

    async def results(raw: Any) -> dict[str, Any]:
        wanted = _decoded(messages.Results.decode, raw)
        views = server.session(wanted.uri).snapshot().views
        if wanted.lines is not None:
            first, last = wanted.lines
            views = [view for view in views if view.first <= last and view.last >= first]
        # Whole outputs may be read back from disk.
        encode = partial(statement_result, complete=True)
        found = await asyncio.to_thread(lambda: [encode(view) for view in views])
        if wanted.picture_files:
            for result, view in zip(found, views, strict=True):
                result["output"] = server.pictures.instead(result["output"], view.outputs)
        return {"results": found}

    async def open_output(raw: Any) -> dict[str, Any]:
        wanted, views = _views(server, raw)
        path = server.guard.folder / f"{name_of(wanted.uri)}-line-{views[0].first}.txt"
        await asyncio.to_thread(page.write, views, path)
        if wanted.show:
            server.show_file(path)
        return {"path": str(path)}

    async def variables(raw: Any) -> dict[str, Any]:
        session = server.session(_decoded(messages.uri_of, raw))
        document = session.document
        sight = await _look(session, live.VARIABLES)
        if sight is not None:
            # Reading a long text takes longer than others should wait.
            return await asyncio.to_thread(live.variables, sight, document)
        if session.worker is None:
            return {"variables": [], "origin": "before anything has run"}
        raise _failed(f"The variables of {name_of(document.uri)} cannot be had at the moment.")

    handlers: dict[str, Callable[..., Any]] = {
        "rdit/execute": execute,
        "rdit/interrupt": interrupt,
        "rdit/reset": reset,
        "rdit/status": status,
        "rdit/results": results,
        "rdit/checkpoint": checkpoint,
        "rdit/restore": restore,
        "rdit/checkpoints": checkpoints,
        "rdit/variables": variables,
        "rdit/openOutput": open_output,
        "rdit/openPicture": partial(_open_picture, server),
        "rdit/copyResult": partial(_copy_result, server),
        "rdit/export": partial(_export, server),
    }
    server.protocol.commands = handlers
    for name, handler in handlers.items():
        server.feature(name)(handler)
        server.command(name)(handler)


def _views(server: RditServer, raw: Any) -> tuple[messages.Place, Sequence[View]]:
    """The place that an argument names, and what has run there. Raises an error reply for nothing."""
    wanted = _decoded(messages.Place.decode, raw)
    views = server.session(wanted.uri).snapshot(wanted.line, wanted.line).at(wanted.line)
    if not views:
        text = f"{name_of(wanted.uri)}: nothing has run at line {wanted.line}."
        raise _failed(text, JsonRpcInvalidParams.CODE)
    return wanted, views


def _open_picture(server: RditServer, raw: Any) -> dict[str, Any]:
    """Open the pictures of a statement with the system's program for them."""
    wanted, views = _views(server, raw)
    found = pictures_of(output for view in views for output in view.outputs)
    paths = [path for picture in found if (path := server.pictures.keep(picture)) is not None]
    if not paths:
        raise _failed(f"{name_of(wanted.uri)}: there is no picture to open at line {wanted.line}.")
    for path in paths if wanted.show else ():
        server.show_file(path, external=True)
    return {"paths": list(map(str, paths))}


def _copy_result(server: RditServer, raw: Any) -> dict[str, Any]:
    """The text of a result, for the client's clipboard; opened where the client has none for us."""
    wanted, views = _views(server, raw)
    text = page.to_copy(views, server.pictures.keep)
    if server.has_clipboard:
        return {"text": text}
    path = server.guard.folder / f"{name_of(wanted.uri)}-line-{views[0].first}-result.txt"
    path.write_text(text, "utf-8", "backslashreplace")
    server.show_file(path)
    return {"text": text, "path": str(path)}


class _Spot(NamedTuple):
    """Where the cursor is."""

    session: Session
    document: documents.Document
    """As it is now; it may be another after an `await`."""
    line: int
    """From 0."""
    column: int
    """In characters."""


def _spot(
    server: RditServer,
    params: types.HoverParams | types.CompletionParams | types.SignatureHelpParams,
) -> _Spot | None:
    """Where a request's position is; None in a document that is not open."""
    session = server.sessions.find(params.text_document.uri)
    if session is None:
        return None
    document = session.document
    line = min(params.position.line, len(document.lines) - 1)
    column = from_units(document.lines[line], params.position.character, server.encoding)
    return _Spot(session, document, line, column)


async def _look(session: Session, question: live.Question) -> Sight | None:
    """What the program says to `question`; None where nothing has run, or nothing is said in time."""
    try:
        sight: Sight | None = await asyncio.wait_for(session.look(question, LOOK), 1.5 * LOOK)
    except asyncio.TimeoutError:
        return None
    except Exception:  # What is shown beside it must not be lost with it.
        log.exception("%s: a look at the program failed", session.document.uri)
        return None
    return sight


def _takes_offsets(client: types.ClientCapabilities) -> bool:
    """Whether the client finds parameters in the label by where they begin and end."""
    document = client.text_document
    help_ = document.signature_help if document is not None else None
    information = help_.signature_information if help_ is not None else None
    parameters = information.parameter_information if information is not None else None
    return bool(parameters is not None and parameters.label_offset_support)


async def _export(server: RditServer, raw: Any) -> dict[str, Any]:
    """Write a document with the results it has, without running it."""
    wanted = _decoded(messages.Export.decode, raw)
    session = server.session(wanted.uri)
    name = name_of(wanted.uri)
    # A document without a file goes where the server's own files are.
    file = path_of(wanted.uri) if is_file(wanted.uri) else str(server.guard.folder / name)
    about = About(name, session.worker.version if session.worker is not None else None)
    try:
        target = files.target_of(file, wanted.to, wanted.output)
        await asyncio.to_thread(files.save, session.snapshot(), wanted.to, about, target)
    except OSError as error:
        raise _failed(f"{error.filename}: {error.strerror}.") from error
    except ImportError as error:
        raise _failed(f"{name} cannot be exported without {error.name}: install it.") from error
    assert target is not None
    if wanted.show:
        server.show_file(target, external=wanted.to == "html")
    return {"path": str(target)}


async def _reply_of_run(name: str, report: asyncio.Future[Report]) -> dict[str, Any]:
    return execute_result(await _answered(name, report))


async def _answered(name: str, future: asyncio.Future[T]) -> T:
    """What a session gives in the end; its errors become replies."""
    try:
        return await future
    except RequestError as error:
        raise _failed(f"{name}: {error}", JsonRpcInvalidParams.CODE) from error
    except WorkerError as error:
        raise _failed(f"{name} cannot be run: {error}") from error


def _begin(handler: Callable[..., Any], arguments: list[Any]) -> asyncio.Future[Any]:
    """Call `handler` now; the future of its result, be it there already or not."""
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    try:
        if len(arguments) > 1:
            raise _failed("one object is expected as argument.", JsonRpcInvalidParams.CODE)
        begun = handler(arguments[0] if arguments else None)
        if inspect.isawaitable(begun):
            return asyncio.ensure_future(begun)
        done.set_result(begun)
    except Exception as error:  # noqa: BLE001  (it is what the reply says)
        done.set_exception(error)
    return done


def _session_status(session: Session) -> dict[str, Any]:
    worker = session.worker
    return {
        "uri": session.document.uri,
        "state": session.state.value,
        "python": worker.python if worker is not None else None,
        "pythonVersion": worker.version if worker is not None else None,
        "pid": worker.pid if worker is not None else None,
        "queued": session.queued,
        "checkpoints": kept_result(session.kept),
    }


def _edited(
    document: documents.Document,
    version: int,
    change: types.TextDocumentContentChangeEvent,
    encoding: str,
) -> documents.Document:
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return documents.replace_text(document, version, change.text)
    start, end = change.range.start, change.range.end
    lines = document.lines
    last = min(end.line, len(lines) - 1)
    first = min(start.line, last)
    before = lines[first][: from_units(lines[first], start.character, encoding)]
    after = lines[last][from_units(lines[last], end.character, encoding) :]
    if end.line >= len(lines):
        after = ""  # LSP lets an end lie after the last line.
    replacement = documents.split_lines(before + change.text + after)
    return documents.edit(document, version, first, last, replacement)


def _decoded(decode: Callable[[Any], Any], raw: Any) -> Any:
    try:
        return decode(raw)
    except messages.MessageError as error:
        raise _failed(str(error), JsonRpcInvalidParams.CODE) from error


def _failed(text: str, code: int = REQUEST_FAILED) -> JsonRpcException:
    return JsonRpcException(text, code)


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether a log record is more than an error reply that the client has got already."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))


def _images(
    client: types.ClientInfo | None, options: messages.Options, files: PictureFiles
) -> hover.Images | None:
    """How hovers show pictures; where nobody says, those of VS Code and its kin do."""
    is_vscode = client is not None and client.name.startswith(_SHOW_IMAGES)
    if not (is_vscode if options.images is None else options.images):
        return None
    if not is_vscode:
        return hover.Images()

    def file(picture: Picture) -> str | None:
        path = files.keep(picture)
        return path.as_uri() if path is not None else None

    return hover.Images(file, has_sizes=True)


def _set_keys(section: dict[str, Any]) -> dict[str, Any]:
    """The keys a client has a value for: editors send null for what the user has not set."""
    return {key: value for key, value in section.items() if value is not None}


def _converter() -> Converter:
    """pygls' converter, but with rdit's own messages left as plain JSON.

    pygls turns them into named tuples, which mangles names such as those of environment variables.
    """
    converter = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCResponseMessage, JsonRPCNotification):
        converter.register_structure_hook(kind, _plain)
    return converter


def _plain(message: dict[str, Any], cls: type) -> Any:
    return cls(**{"params": None, **message} if "method" in message else message)
