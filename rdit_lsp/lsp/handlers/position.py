"""The place in a document that a request is about, in rdit's own lines and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lsprotocol import types

from rdit_lsp.document.positions import from_units

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.lsp.language_server import RditServer
    from rdit_lsp.session.attachment import Attachment

PositionParams: TypeAlias = types.HoverParams | types.CompletionParams | types.SignatureHelpParams


class Position(NamedTuple):
    """Where the cursor is."""

    session: Attachment
    document: Document
    """As it is now; the session may have another after an `await`."""
    line: int
    """From 0."""
    column: int
    """In characters, from 0."""

    @property
    def text(self) -> str:
        """The line's text."""
        return self.document.lines[self.line]


def position_of(server: RditServer, params: PositionParams) -> Position | None:
    """Where a request's position is; None in a document that is not open."""
    session = server.documents.find(params.text_document.uri)
    if session is None:
        return None
    document = session.document
    line = min(params.position.line, len(document.lines) - 1)
    units = params.position.character
    column = from_units(document.lines[line], units, server.profile.encoding)
    return Position(session, document, line, column)
