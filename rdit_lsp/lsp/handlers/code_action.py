"""`textDocument/codeAction`: all that a person can do at a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.lsp.features.code_actions import code_actions

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer

OPTIONS = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Source])


def code_action(server: RditServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The actions for the selected lines."""
    session = server.documents.find(params.text_document.uri)
    if session is None:
        return []
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()] or None
    first, last = _selected_lines(params.range)
    named = session.status.checkpoints.named
    snapshot, has_commands = session.snapshot(first, last), server.profile.wants_results
    return code_actions(snapshot, first, last, only, named, has_commands=has_commands)


def _selected_lines(selection: types.Range) -> tuple[int, int]:
    """First and last line, from 1; a selection that ends before a line's first column leaves it out."""
    first, last = selection.start.line + 1, selection.end.line + 1
    if last > first and selection.end.character == 0:
        last -= 1
    return first, last
