"""Starting and ending of the language server, on standard input and output."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading

from pygls.exceptions import JsonRpcException
from pygls.io_ import run_async

from rdit_lsp.lsp.handlers import commands, lifecycle, looks, results, text_sync
from rdit_lsp.lsp.language_server import RditServer
from rdit_lsp.lsp.transport import Transport, are_pipes
from rdit_lsp.process.posix.children import reap_orphans
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.posix.limits import raise_limit


def create_server(guard: Guard) -> RditServer:
    """A server with all its features."""
    server = RditServer(guard)
    lifecycle.add(server)
    text_sync.add(server)
    results.add(server)
    looks.add(server)
    commands.add(server)
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
    reap_orphans(server.guard.pid)
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


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether a log record is more than an error reply that the client has got already."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
