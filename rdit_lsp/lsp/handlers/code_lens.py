"""`textDocument/codeLens`: a command above each cell or statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.lsp.features.code_lens import code_lenses

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer

OPTIONS = types.CodeLensOptions()


def code_lens(server: RditServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    """The lenses of a document, which depend on its text alone."""
    session = server.documents.find(params.text_document.uri)
    return code_lenses(session.snapshot(1, 0)) if session is not None else []
