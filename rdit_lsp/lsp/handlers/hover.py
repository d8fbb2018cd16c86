"""`textDocument/hover`: the live value of the name at the cursor, and the result of its statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.api import inspection
from rdit_lsp.document import cursor
from rdit_lsp.lsp.features import hover as results
from rdit_lsp.lsp.features.live_hover import joined, live_hover
from rdit_lsp.lsp.handlers.position import position_of

if TYPE_CHECKING:
    from lsprotocol import types

    from rdit_lsp.lsp.language_server import RditServer


async def hover(server: RditServer, params: types.HoverParams) -> types.Hover | None:
    """The value above the result, or the one of them that there is."""
    at = position_of(server, params)
    if at is None:
        return None
    line = at.line + 1
    snapshot = at.session.snapshot(line, line)
    images = results.images_for(server.profile.images, server.pictures)
    result = results.hover(snapshot, line, images)
    expression = cursor.expression_at(at.document, at.line, at.column)
    if expression is None:
        return result
    value = await inspection.live_value(at.session, expression.text)
    if value is None:
        return result
    beside = server.completion_mode(at.document.uri) == "beside"
    shown = results.value_at(snapshot, line)
    encoding = server.profile.encoding
    return joined(
        live_hover(value, expression, at.text, encoding, beside=beside, shown=shown), result
    )
