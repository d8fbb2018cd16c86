"""`textDocument/completion`, from live objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.api import inspection
from rdit_lsp.document import cursor
from rdit_lsp.lsp.features.completion import completions
from rdit_lsp.lsp.handlers.position import position_of

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer

OPTIONS = types.CompletionOptions(trigger_characters=[".", "[", '"', "'"])


async def completion(
    server: RditServer, params: types.CompletionParams
) -> types.CompletionList | None:
    """What live objects offer at the cursor, as far as the settings ask for it."""
    at, mode = position_of(server, params), server.completion_mode(params.text_document.uri)
    if at is None or mode == "off":
        return None
    place = cursor.completion_at(at.document, at.line, at.column)
    if place is None:
        return None
    beside = mode == "beside"
    found = await inspection.candidates(at.session, place, at.document, beside=beside)
    if found is None:
        return None
    where = at.line, at.column
    return completions(found, place, where, at.document, server.profile.encoding, beside=beside)
