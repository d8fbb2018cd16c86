"""What the program holds now, at the cursor: hover, completion, signature help."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from rdit_lsp.document import cursor
from rdit_lsp.document.positions import from_units
from rdit_lsp.lsp.features import hover, live

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.lsp.language_server import RditServer
    from rdit_lsp.results.snapshot import Inspection
    from rdit_lsp.session.session import Session

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds that an answer waits for what the program holds, at most."""


def add(server: RditServer) -> None:
    """Register these handlers."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        spot = _spot(server, params)
        if spot is None:
            return None
        document, line = spot.document, spot.line + 1
        snapshot = spot.session.snapshot(line, line)
        result = hover.hover(snapshot, line, server.images)
        expression = cursor.expression_at(document, spot.line, spot.column)
        if expression is None:
            return result
        inspection = await look(spot.session, live.hover_question(expression))
        if inspection is None:
            return result
        beside = server.completes(document.uri) == "beside"
        text = document.lines[spot.line]
        shown = hover.value_at(snapshot, line)
        value = live.hover(
            inspection, expression, text, server.encoding, beside=beside, shown=shown
        )
        return live.joined(value, result)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=[".", "[", '"', "'"]),
    )
    async def complete(params: types.CompletionParams) -> types.CompletionList | None:
        spot, wanted = _spot(server, params), server.completes(params.text_document.uri)
        if spot is None or wanted == "off":
            return None
        document, beside = spot.document, wanted == "beside"
        place = cursor.completion_at(document, spot.line, spot.column)
        question = live.completion_question(place, document, beside=beside) if place else None
        inspection = await look(spot.session, question) if question is not None else None
        if place is None or inspection is None:
            return None
        where = spot.line, spot.column
        return live.completions(inspection, place, where, document, server.encoding, beside=beside)

    @server.feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        types.SignatureHelpOptions(trigger_characters=["(", ","]),
    )
    async def signature(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        spot, wanted = _spot(server, params), server.completes(params.text_document.uri)
        if spot is None or wanted == "off":
            return None
        argument = cursor.argument_at(spot.document, spot.line, spot.column)
        if argument is None:
            return None
        inspection = await look(spot.session, live.signature_question(argument))
        if inspection is None:
            return None
        offsets = _takes_offsets(server.client_capabilities)
        return live.signature_help(inspection, offsets=offsets, beside=wanted == "beside")


class _Spot(NamedTuple):
    """Where the cursor is."""

    session: Session
    document: Document
    """As it is now; it may be another after an `await`."""
    line: int
    """From 0."""
    column: int
    """In characters."""


def _spot(
    server: RditServer,
    params: types.HoverParams | types.CompletionParams | types.SignatureHelpParams,
) -> _Spot | None:
    """Where a request's position is; None in a document that is not open."""
    session = server.sessions.find(params.text_document.uri)
    if session is None:
        return None
    document = session.document
    line = min(params.position.line, len(document.lines) - 1)
    column = from_units(document.lines[line], params.position.character, server.encoding)
    return _Spot(session, document, line, column)


async def look(session: Session, question: live.Question) -> Inspection | None:
    """What the program says to `question`; None where nothing has run, or nothing is said in time."""
    try:
        inspection: Inspection | None = await asyncio.wait_for(
            session.inspect(question, LOOK), 1.5 * LOOK
        )
    except asyncio.TimeoutError:
        return None
    except Exception:  # What is shown beside it must not be lost with it.
        log.exception("%s: a look at the program failed", session.document.uri)
        return None
    return inspection


def _takes_offsets(client: types.ClientCapabilities) -> bool:
    """Whether the client finds parameters in the label by where they begin and end."""
    document = client.text_document
    help_ = document.signature_help if document is not None else None
    information = help_.signature_information if help_ is not None else None
    parameters = information.parameter_information if information is not None else None
    return bool(parameters is not None and parameters.label_offset_support)
