"""Texts of documents, and files that change beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document import document as documents
from rdit_lsp.document.edit_order import Edit
from rdit_lsp.document.positions import from_units

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
            session.refresh_dependencies()
        server.run_by_itself(params.text_document.uri, "save")

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
        for session in server.sessions:
            session.refresh_dependencies()


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
