"""The language server on standard input and output: which handler answers what, start and end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.io_ import run_async

from rdit_lsp.lsp.handlers import (
    code_action,
    code_lens,
    commands,
    completion,
    hover,
    inlay_hint,
    lifecycle,
    signature_help,
    text_sync,
)
from rdit_lsp.lsp.language_server import RditServer
from rdit_lsp.lsp.transport import Transport, are_pipes
from rdit_lsp.process.posix.children import reap_orphans
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.posix.guard_keeper import keep
from rdit_lsp.process.posix.limits import raise_limit
from rdit_lsp.results.archive import Archive, cache_folder
from rdit_lsp.session.client import Client
from rdit_lsp.session.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Callable

_Handler: TypeAlias = "Callable[[RditServer, Any], Any]"

HANDLERS: tuple[tuple[str, _Handler, object], ...] = (
    (types.INITIALIZE, lifecycle.initialize, None),
    (types.INITIALIZED, lifecycle.initialized, None),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, lifecycle.configuration_changed, None),
    (types.WINDOW_WORK_DONE_PROGRESS_CANCEL, lifecycle.progress_cancelled, None),
    (types.SHUTDOWN, lifecycle.shutdown, None),
    (types.TEXT_DOCUMENT_DID_OPEN, text_sync.did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, text_sync.did_change, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, text_sync.did_close, None),
    (types.TEXT_DOCUMENT_DID_SAVE, text_sync.did_save, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, text_sync.files_changed, None),
    (types.TEXT_DOCUMENT_INLAY_HINT, inlay_hint.inlay_hint, None),
    (types.TEXT_DOCUMENT_HOVER, hover.hover, None),
    (types.TEXT_DOCUMENT_COMPLETION, completion.completion, completion.OPTIONS),
    (types.TEXT_DOCUMENT_SIGNATURE_HELP, signature_help.signature_help, signature_help.OPTIONS),
    (types.TEXT_DOCUMENT_CODE_ACTION, code_action.code_action, code_action.OPTIONS),
    (types.TEXT_DOCUMENT_CODE_LENS, code_lens.code_lens, code_lens.OPTIONS),
)
"""LSP method, handler, and the options that `initialize` announces."""


def create_server(hub: Hub, client: Client, remark: str | None = None) -> RditServer:
    """A server for one client, with all its handlers; the client is told `remark`."""
    server = RditServer(hub, client)
    server.remark = remark
    for method, handler, options in HANDLERS:
        server.feature(method, options)(partial(handler, server))
    commands.register(server)
    return server


def serve_stdio(early: bytes = b"", remark: str | None = None) -> NoReturn:
    """Serve one client on standard input and output until it sends `exit` or closes them.

    `early` has been read from standard input already; the client is told `remark`.
    """
    begin_logging(logging.StreamHandler())
    if not are_pipes(0, 1):
        sys.exit("rdit: the language server talks to an editor through pipes, and here are none.")
    raise_limit()
    guard = Guard()  # A fork: it comes before any thread.
    hub = Hub(guard, archive=Archive(cache_folder()))
    server = create_server(hub, Client(), remark)
    try:
        code = asyncio.run(_serve(server, early))
    except KeyboardInterrupt:
        code = 130
    finally:
        guard.close()
    sys.exit(code)


async def _serve(server: RditServer, early: bytes) -> int:
    hub = server.documents.hub
    watch_processes(hub.guard)
    try:
        return await converse(server, await Transport.take_over_stdio(early))
    finally:
        await hub.close_all()


def watch_processes(guard: Guard) -> None:
    """What a server of any kind does once it has an event loop and everything is imported."""
    # What has been imported stays: no collection needs to traverse it again.
    gc.freeze()
    gc.enable()
    reap_orphans(guard.pid)
    keep(guard)


async def converse(server: RditServer, transport: Transport) -> int:
    """Serve one client until it sends `exit` or goes; the exit code that it is to see."""
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
    except SystemExit as ended:  # How pygls ends; outside of this call it would end the event loop.
        return ended.code if isinstance(ended.code, int) else 1
    return 1  # The client closed its end without `exit`.


def begin_logging(handler: logging.Handler) -> None:
    """Log to `handler` what RDIT_LOG asks for."""
    level = os.environ.get("RDIT_LOG", "").upper()
    logging.basicConfig(
        handlers=[handler],
        level=level if isinstance(logging.getLevelName(level), int) else "WARNING",
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("pygls").addFilter(_is_unexpected)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_unexpected)


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether a log record is more than an error reply that the client has already."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
