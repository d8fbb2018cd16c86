"""Code actions and code lenses: every command with its arguments, for clients that know no rdit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from rdit_lsp.document.document import is_cell_marker
from rdit_lsp.export import script
from rdit_lsp.outputs.display import Display

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.results.snapshot import Snapshot, View

_KIND = types.CodeActionKind.Source + ".rdit"


def code_actions(
    snapshot: Snapshot,
    first: int,
    last: int,
    only: list[str] | None,
    checkpoints: Sequence[tuple[str, str]] = (),
) -> list[types.CodeAction]:
    """The actions for lines `first` to `last`, which count from 1.

    `checkpoints` are the ids and names of those that were made by hand.
    """
    if only is not None and not any(_is_kind(wanted) for wanted in only):
        return []
    document = snapshot.document
    here = {"position": {"line": first - 1, "character": 0}}
    chosen = {"lineRange": {"from": first, "to": last}}
    busy = snapshot.state.value in ("busy", "starting")
    actions = [
        _run("Run this statement", document, {"scope": "statement", **here}),
        _run("Update: run what is stale", document, {"scope": "stale"}),
        _run("Run to here", document, {"scope": "toHere", **here}),
        _run("Run the file", document, {"scope": "file"}),
        _run("Run from here on", document, {"scope": "fromHere", **here}),
    ]
    if last > first:
        actions.insert(0, _run("Run the selected lines", document, {"scope": "range", **chosen}))
    if any(is_cell_marker(line) for line in document.lines):
        actions.insert(1, _run("Run this cell", document, {"scope": "cell", **here}))
    stop = _action("Interrupt", "rdit/interrupt", {"uri": document.uri})
    actions.insert(0 if busy else len(actions), stop)
    actions += _taking_away(snapshot, first, here)
    actions += [
        _insert(document, view)
        for view in snapshot.at(first)[-1:]
        if script.comments(view, document.lines)
    ]
    if snapshot.at(first):
        wanted = {"uri": document.uri, "to": "html", "show": True}
        actions.append(_action("Export as a page", "rdit/export", wanted))
    if any(view.status != "notRun" for view in snapshot.views):
        actions.append(_action("Keep checkpoint", "rdit/checkpoint", {"uri": document.uri}))
    for identifier, name in checkpoints:
        wanted = {"uri": document.uri, "checkpointId": identifier}
        actions.append(_action(f"Restore checkpoint: {name}", "rdit/restore", wanted))
    actions.append(_action("Reset: empty namespace", "rdit/reset", {"uri": document.uri}))
    return actions


def code_lenses(snapshot: Snapshot) -> list[types.CodeLens]:
    """A lens above each cell, or above each statement where there are no cells."""
    document = snapshot.document
    cells = [number for number, line in enumerate(document.lines, 1) if is_cell_marker(line)]
    if cells:
        return [_lens(line, "Run cell", document, "cell") for line in cells]
    firsts = dict.fromkeys(placed.first for placed in document.placed)
    return [_lens(line, "Run", document, "statement") for line in firsts]


def _lens(line: int, title: str, document: Document, scope: str) -> types.CodeLens:
    start = types.Position(line - 1, 0)
    arguments = {
        "uri": document.uri,
        "scope": scope,
        "position": {"line": line - 1, "character": 0},
    }
    command = types.Command(f"▶ {title}", "rdit/execute", arguments=[arguments])
    return types.CodeLens(types.Range(start, start), command)


def _run(title: str, document: Document, arguments: dict[str, Any]) -> types.CodeAction:
    # No version: the action is carried out on the text as it is when it is chosen.
    return _action(title, "rdit/execute", {"uri": document.uri, **arguments})


def _action(title: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    title = f"rdit: {title}"
    return types.CodeAction(
        title, _KIND, command=types.Command(title, command, arguments=[argument])
    )


def _taking_away(snapshot: Snapshot, line: int, here: dict[str, Any]) -> Iterator[types.CodeAction]:
    """Actions that open or copy what the statements of a line put out."""
    outputs = [output for view in snapshot.at(line) for output in view.outputs]
    place = {"uri": snapshot.document.uri, **here}
    if outputs:
        yield _action("Open the whole output", "rdit/openOutput", place)
    if any(isinstance(output, Display) and output.has_picture for output in outputs):
        yield _action("Open the picture", "rdit/openPicture", place)
    if outputs:
        yield _action("Copy the result", "rdit/copyResult", place)


def _insert(document: Document, view: View) -> types.CodeAction:
    """Put the result below its statement, in the place of comments that are there from an earlier time."""
    lines, begin = document.lines, view.last
    end = begin
    while end < len(lines) and lines[end].startswith(script.PREFIX.rstrip()):
        end += 1
    text = "\n".join(script.comments(view, lines)) + "\n"
    start, stop = types.Position(begin, 0), types.Position(end, 0)
    if begin >= len(lines):
        # The last line has no end; what lies beyond a line counts as its end in LSP.
        start = types.Position(begin - 1, len(lines[-1].encode("utf-8", "replace")))
        stop, text = start, "\n" + text
    edit = types.WorkspaceEdit({document.uri: [types.TextEdit(types.Range(start, stop), text)]})
    return types.CodeAction("rdit: Insert the result as a comment", _KIND, edit=edit)


def _is_kind(wanted: str) -> bool:
    """Whether a client that asks for `wanted` gets our kind (LSP: kinds are hierarchical)."""
    return wanted in ("", _KIND) or _KIND.startswith(wanted + ".")
