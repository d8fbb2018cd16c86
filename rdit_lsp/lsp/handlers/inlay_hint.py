"""`textDocument/inlayHint`: results at the ends of their statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.lsp.features.inlay_hints import inlay_hints

if TYPE_CHECKING:
    from lsprotocol import types

    from rdit_lsp.lsp.language_server import RditServer


def inlay_hint(server: RditServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The hints of the lines that the client shows."""
    uri = params.text_document.uri
    session = server.documents.find(uri)
    if session is None:
        return []
    first, last = params.range.start.line + 1, params.range.end.line + 1
    found = inlay_hints(session.snapshot(first, last), server.profile.encoding, first, last)
    server.hints_were_asked(uri)
    return found
