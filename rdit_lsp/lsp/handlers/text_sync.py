"""Text documents as the client has them, and files that change beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.edit import Change, Edit
from rdit_lsp.lsp.document_settings import fetch

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer


def did_open(server: RditServer, params: types.DidOpenTextDocumentParams) -> None:
    """`textDocument/didOpen`."""
    item = params.text_document
    fetch(server, server.documents.open(item.uri, item.version, item.text))


def did_change(server: RditServer, params: types.DidChangeTextDocumentParams) -> None:
    """`textDocument/didChange`."""
    uri = params.text_document.uri
    session = server.documents.find(uri)
    if session is None:
        return
    changes = tuple(map(_change, params.content_changes))
    session.edit(Edit(params.text_document.version, changes, server.profile.encoding))
    server.run_by_itself(uri, "type")


def did_close(server: RditServer, params: types.DidCloseTextDocumentParams) -> None:
    """`textDocument/didClose`."""
    server.documents.close(params.text_document.uri)
    server.forget_document(params.text_document.uri)


def did_save(server: RditServer, params: types.DidSaveTextDocumentParams) -> None:
    """`textDocument/didSave`, of any document: others may import it, or it has the settings of all."""
    for session in server.documents:
        session.refresh_dependencies()
    server.run_by_itself(params.text_document.uri, "save")


def files_changed(server: RditServer, _: types.DidChangeWatchedFilesParams) -> None:
    """`workspace/didChangeWatchedFiles`."""
    for session in server.documents:
        session.refresh_dependencies()


def _change(change: types.TextDocumentContentChangeEvent) -> Change:
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return Change(change.text)
    start, end = change.range.start, change.range.end
    return Change(change.text, (start.line, start.character), (end.line, end.character))
