"""Texts of documents, and files that change beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.edit import Change, Edit

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer


def add(server: RditServer) -> None:
    """Register these handlers."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.sessions.open(item.uri, item.version, item.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        session = server.sessions.find(params.text_document.uri)
        if session is None:
            return
        changes = tuple(map(_change, params.content_changes))
        session.edit(Edit(params.text_document.version, changes, server.encoding))
        server.run_by_itself(params.text_document.uri, "type")

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.sessions.close(params.text_document.uri)
        server.forget_document(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        # Any document may be one that another imports, or the settings of all.
        for session in server.sessions:
            session.refresh_dependencies()
        server.run_by_itself(params.text_document.uri, "save")

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
        for session in server.sessions:
            session.refresh_dependencies()


def _change(change: types.TextDocumentContentChangeEvent) -> Change:
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return Change(change.text)
    start, end = change.range.start, change.range.end
    return Change(change.text, (start.line, start.character), (end.line, end.character))
