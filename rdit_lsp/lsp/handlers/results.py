"""What has run, as standard LSP shows it: inlay hints, code actions, code lenses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.lsp.features import actions, inlay_hints

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer


def add(server: RditServer) -> None:
    """Register these handlers."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        session = server.sessions.find(uri)
        if session is None:
            return []
        first, last = params.range.start.line + 1, params.range.end.line + 1
        snapshot = session.snapshot(first, last)
        found = inlay_hints.inlay_hints(snapshot, server.encoding, first, last)
        publisher = server.publishers.get(uri)
        if publisher is not None:
            publisher.hints_were_asked()
        return found

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Source]),
    )
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        session = server.sessions.find(params.text_document.uri)
        if session is None:
            return []
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()] or None
        first, last = selected_lines(params.range)
        snapshot = session.snapshot(first, last)
        return actions.code_actions(snapshot, first, last, only, session.status.checkpoints.named)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        session = server.sessions.find(params.text_document.uri)
        return actions.code_lenses(session.snapshot(1, 0)) if session is not None else []


def selected_lines(selection: types.Range) -> tuple[int, int]:
    """First and last line, from 1; a selection that ends before a line's first column leaves it out."""
    first, last = selection.start.line + 1, selection.end.line + 1
    if last > first and selection.end.character == 0:
        last -= 1
    return first, last
