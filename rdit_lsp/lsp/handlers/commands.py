"""rdit's own requests, which are commands too: decode, call the session, reply with JSON."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from rdit_lsp.api import decode
from rdit_lsp.api.encode import (
    checkpoint_result,
    execute_result,
    session_status,
    statement_result,
    way_back_result,
)
from rdit_lsp.export import files
from rdit_lsp.export.model import About
from rdit_lsp.lsp.features import live
from rdit_lsp.lsp.handlers.looks import look
from rdit_lsp.lsp.jsonrpc import failed
from rdit_lsp.outputs.pictures import pictures_of
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.render import output_text
from rdit_lsp.session.planning import RequestError
from rdit_lsp.session.registry import is_file, name_of, path_of
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rdit_lsp.lsp.language_server import RditServer
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.report import Report

T = TypeVar("T")

CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value


def add(server: RditServer) -> None:
    """Register these handlers, each as a request and as a command."""
    handlers = {name: partial(handler, server) for name, handler in _HANDLERS.items()}
    server.protocol.commands = handlers
    for name, handler in handlers.items():
        server.feature(name)(handler)
        server.command(name)(handler)


def _execute(server: RditServer, raw: Any) -> asyncio.Future[dict[str, Any]]:
    """Run some of a document; the reply comes when it is over. Cancelling it interrupts."""
    order = _decoded(decode.Execute.decode, raw)
    session = server.session(order.uri)
    version = session.document.version
    if order.version is not None and order.version != version:
        text = f"{name_of(order.uri)} is at version {version}, not {order.version}."
        raise JsonRpcException(text, CONTENT_MODIFIED)
    try:
        report = session.execute(order.request)
    except RequestError as error:
        raise failed(f"{name_of(order.uri)}: {error}", JsonRpcInvalidParams.CODE) from error
    reply = asyncio.ensure_future(_reply_of_run(name_of(order.uri), report))
    # A task that is cancelled before its first step would not tell what it is to wait for.
    reply.add_done_callback(lambda ended: report.cancel() if ended.cancelled() else None)
    return reply


def _interrupt(server: RditServer, raw: Any) -> dict[str, Any]:
    """Interrupt what a document runs."""
    session = server.session(_decoded(decode.uri_of, raw))
    return {"interrupted": session.interrupt()}


async def _reset(server: RditServer, raw: Any) -> dict[str, Any]:
    """Start over with an empty namespace, and no results."""
    await server.session(_decoded(decode.uri_of, raw)).reset()
    return {"status": "ok"}


def _status(server: RditServer, raw: Any = None) -> dict[str, Any]:
    """What one session, or every one, does and holds."""
    uri = _decoded(decode.optional_uri_of, raw)
    chosen = [server.session(uri)] if uri is not None else list(server.sessions)
    return {
        "status": "ok",
        "version": VERSION,
        "sessions": [session_status(session.status) for session in chosen],
    }


async def _checkpoint(server: RditServer, raw: Any) -> dict[str, Any]:
    """Keep the state a document is in, under a name."""
    wanted = _decoded(decode.TakeCheckpoint.decode, raw)
    taking = server.session(wanted.uri).checkpoint(wanted.name)
    return checkpoint_result(await _answered(name_of(wanted.uri), taking))


async def _restore(server: RditServer, raw: Any) -> dict[str, Any]:
    """Bring a state back that was kept."""
    wanted = _decoded(decode.Restore.decode, raw)
    restoring = server.session(wanted.uri).restore(wanted.checkpoint)
    way_back = await _answered(name_of(wanted.uri), restoring)
    return {"status": "restored", "wayBack": way_back_result(way_back)}


async def _checkpoints(server: RditServer, raw: Any) -> dict[str, Any]:
    """The states that are kept."""
    session = server.session(_decoded(decode.uri_of, raw))
    return {"checkpoints": [checkpoint_result(c) for c in await session.checkpoints()]}


async def _results(server: RditServer, raw: Any) -> dict[str, Any]:
    """The results of a document, whole."""
    wanted = _decoded(decode.Results.decode, raw)
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


async def _open_output(server: RditServer, raw: Any) -> dict[str, Any]:
    """Write all that a statement has given into a file, and have the client open it."""
    wanted, views = _views(server, raw)
    path = server.guard.folder / f"{name_of(wanted.uri)}-line-{views[0].first}.txt"
    await asyncio.to_thread(output_text.write, views, path)
    if wanted.show:
        server.show_file(path)
    return {"path": str(path)}


async def _variables(server: RditServer, raw: Any) -> dict[str, Any]:
    """What names the program has, and what they stand for."""
    session = server.session(_decoded(decode.uri_of, raw))
    document = session.document
    inspection = await look(session, live.VARIABLES)
    if inspection is not None:
        # Reading a long text takes longer than others should wait.
        return await asyncio.to_thread(live.variables, inspection, document)
    if not session.status.has_program:
        return {"variables": [], "origin": "before anything has run"}
    raise failed(f"The variables of {name_of(document.uri)} cannot be had at the moment.")


def _views(server: RditServer, raw: Any) -> tuple[decode.Place, Sequence[View]]:
    """The place that an argument names, and what has run there. Raises an error reply for nothing."""
    wanted = _decoded(decode.Place.decode, raw)
    views = server.session(wanted.uri).snapshot(wanted.line, wanted.line).at(wanted.line)
    if not views:
        text = f"{name_of(wanted.uri)}: nothing has run at line {wanted.line}."
        raise failed(text, JsonRpcInvalidParams.CODE)
    return wanted, views


def _open_picture(server: RditServer, raw: Any) -> dict[str, Any]:
    """Open the pictures of a statement with the system's program for them."""
    wanted, views = _views(server, raw)
    found = pictures_of(output for view in views for output in view.outputs)
    paths = [path for picture in found if (path := server.pictures.keep(picture)) is not None]
    if not paths:
        raise failed(f"{name_of(wanted.uri)}: there is no picture to open at line {wanted.line}.")
    for path in paths if wanted.show else ():
        server.show_file(path, external=True)
    return {"paths": list(map(str, paths))}


def _copy_result(server: RditServer, raw: Any) -> dict[str, Any]:
    """The text of a result, for the client's clipboard; opened where the client has none for us."""
    wanted, views = _views(server, raw)
    text = output_text.to_copy(views, server.pictures.keep)
    if server.has_clipboard:
        return {"text": text}
    path = server.guard.folder / f"{name_of(wanted.uri)}-line-{views[0].first}-result.txt"
    path.write_text(text, "utf-8", "backslashreplace")
    server.show_file(path)
    return {"text": text, "path": str(path)}


async def _export(server: RditServer, raw: Any) -> dict[str, Any]:
    """Write a document with the results it has, without running it."""
    wanted = _decoded(decode.Export.decode, raw)
    session = server.session(wanted.uri)
    name = name_of(wanted.uri)
    # A document without a file goes where the server's own files are.
    file = path_of(wanted.uri) if is_file(wanted.uri) else str(server.guard.folder / name)
    about = About(name, session.status.version)
    try:
        target = files.target_of(file, wanted.to, wanted.output)
        await asyncio.to_thread(files.save, session.snapshot(), wanted.to, about, target)
    except OSError as error:
        raise failed(f"{error.filename}: {error.strerror}.") from error
    except ImportError as error:
        raise failed(f"{name} cannot be exported without {error.name}: install it.") from error
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
        raise failed(f"{name}: {error}", JsonRpcInvalidParams.CODE) from error
    except WorkerError as error:
        raise failed(f"{name} cannot be run: {error}") from error


def _decoded(decoded_from: Callable[[Any], Any], raw: Any) -> Any:
    try:
        return decoded_from(raw)
    except decode.MessageError as error:
        raise failed(str(error), JsonRpcInvalidParams.CODE) from error


_HANDLERS: dict[str, Callable[[RditServer, Any], Any]] = {
    "rdit/execute": _execute,
    "rdit/interrupt": _interrupt,
    "rdit/reset": _reset,
    "rdit/status": _status,
    "rdit/results": _results,
    "rdit/checkpoint": _checkpoint,
    "rdit/restore": _restore,
    "rdit/checkpoints": _checkpoints,
    "rdit/variables": _variables,
    "rdit/openOutput": _open_output,
    "rdit/openPicture": _open_picture,
    "rdit/copyResult": _copy_result,
    "rdit/export": _export,
}
