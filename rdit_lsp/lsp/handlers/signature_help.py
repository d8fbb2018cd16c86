"""`textDocument/signatureHelp`, from live functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.api import inspection
from rdit_lsp.document import cursor
from rdit_lsp.lsp.features import signature_help as feature
from rdit_lsp.lsp.handlers.position import position_of

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer

OPTIONS = types.SignatureHelpOptions(trigger_characters=["(", ","])


async def signature_help(
    server: RditServer, params: types.SignatureHelpParams
) -> types.SignatureHelp | None:
    """The signature of the call that the cursor is in, as far as the settings ask for it."""
    at, mode = position_of(server, params), server.completion_mode(params.text_document.uri)
    if at is None or mode == "off":
        return None
    argument = cursor.argument_at(at.document, at.line, at.column)
    found = await inspection.signature(at.session, argument) if argument is not None else None
    if found is None:
        return None
    offsets = server.profile.takes_label_offsets
    return feature.signature_help(found, offsets=offsets, beside=mode == "beside")
