"""`textDocument/hover`: the live value of the name at the cursor, and the result of its statement."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from rdit_lsp.api import inspection
from rdit_lsp.document import cursor
from rdit_lsp.document.bindings import last_bindings
from rdit_lsp.lsp.features import hover as results
from rdit_lsp.lsp.features.live_hover import joined, live_hover
from rdit_lsp.lsp.handlers.position import position_of

if TYPE_CHECKING:
    from lsprotocol import types

    from rdit_lsp.lsp.handlers.position import Position
    from rdit_lsp.lsp.language_server import RditServer
    from rdit_lsp.results.snapshot import Snapshot

_NAME = re.compile(r"\w+")
"""What an expression begins with."""


async def hover(server: RditServer, params: types.HoverParams) -> types.Hover | None:
    """The value above the result, or the one of them that there is."""
    at = position_of(server, params)
    if at is None:
        return None
    line = at.line + 1
    snapshot = at.session.snapshot(line, line)
    images = results.images_for(server.profile.images, server.pictures)
    expression = cursor.expression_at(at.document, at.line, at.column)
    value = None
    if expression is not None:
        value = await inspection.live_value(at.session, expression.text)
    if expression is None or value is None:
        return results.hover(snapshot, line, images)
    beside = server.completion_mode(at.document.uri) == "beside"
    rebound = await _rebound(at, snapshot, expression.text) if value.origin == "now" else None
    live = live_hover(
        value,
        expression,
        at.text,
        server.profile.encoding,
        beside=beside,
        shown=results.value_at(snapshot, line),
        rebound=rebound,
    )
    is_titled = live is not None and value.has_shape
    return joined(live, results.hover(snapshot, line, images, is_titled=is_titled))


async def _rebound(at: Position, here: Snapshot, expression: str) -> int | None:
    """The line below the statement here that has run and bound the expression's name last, if there is."""
    found = _NAME.match(expression)
    if found is None:
        return None
    # In a thread: finding names in a long text would hold up the event loop.
    lines = await asyncio.to_thread(last_bindings, at.document, [found[0]])
    line = lines.get(found[0], 0)
    last_here = max((view.last for view in here.at(at.line + 1)), default=at.line + 1)
    if line <= last_here:
        return None
    has_run = any(view.status != "notRun" for view in at.session.snapshot(line, line).at(line))
    return line if has_run else None
