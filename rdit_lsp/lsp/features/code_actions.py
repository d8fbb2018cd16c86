"""Code actions: every command with its arguments, for clients that know none of rdit's own messages."""

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
    *,
    has_commands: bool = False,
) -> list[types.CodeAction]:
    """The actions for lines `first` to `last`, which count from 1.

    `checkpoints` has the id and the name of each that was made by hand. `has_commands`: the client has a
    command for all but the comment, which would only push other servers' actions out of sight.
    """
    if only is not None and not any(_is_kind(wanted) for wanted in only):
        return []
    if has_commands and only is None:
        return list(_insertions(snapshot, first))
    document = snapshot.document
    is_running = snapshot.state.value in ("busy", "starting")
    stop = _action("Interrupt", "rdit/interrupt", {"uri": document.uri})
    return [
        *([stop] if is_running else []),
        *_runs(document, first, last),
        *_result_actions(snapshot, first),
        *_checkpoint_actions(snapshot, checkpoints),
        _action("Reset: empty namespace", "rdit/reset", {"uri": document.uri}),
    ]


def _runs(document: Document, first: int, last: int) -> list[types.CodeAction]:
    """Actions that run some of the document, the likeliest first."""
    here = _position(first)
    runs = [
        _run("Run this statement", document, {"scope": "statement", **here}),
        _run("Update: run what is stale", document, {"scope": "stale"}),
        _run("Run to here", document, {"scope": "toHere", **here}),
        _run("Run the file", document, {"scope": "file"}),
        _run("Run from here on", document, {"scope": "fromHere", **here}),
    ]
    if last > first:
        chosen = {"scope": "range", "lineRange": {"from": first, "to": last}}
        runs.insert(0, _run("Run the selected lines", document, chosen))
    if any(is_cell_marker(line) for line in document.lines):
        runs.insert(1, _run("Run this cell", document, {"scope": "cell", **here}))
    return runs


def _run(title: str, document: Document, arguments: dict[str, Any]) -> types.CodeAction:
    # No version: the action is carried out on the text as it is when it is chosen.
    return _action(title, "rdit/execute", {"uri": document.uri, **arguments})


def _action(title: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    title = f"rdit: {title}"
    return types.CodeAction(
        title, _KIND, command=types.Command(title, command, arguments=[argument])
    )


def _result_actions(snapshot: Snapshot, line: int) -> Iterator[types.CodeAction]:
    """Actions that open, copy, insert or export the results of a line."""
    document, views = snapshot.document, snapshot.at(line)
    outputs = [output for view in views for output in view.outputs]
    place = {"uri": document.uri, **_position(line)}
    if outputs:
        yield _action("Open the whole output", "rdit/openOutput", place)
    if any(isinstance(output, Display) and output.has_picture for output in outputs):
        yield _action("Open the picture", "rdit/openPicture", place)
    if outputs:
        yield _action("Copy the result", "rdit/copyResult", place)
    yield from _insertions(snapshot, line)
    if views:
        wanted = {"uri": document.uri, "to": "html", "show": True}
        yield _action("Export as a page", "rdit/export", wanted)


def _insertions(snapshot: Snapshot, line: int) -> Iterator[types.CodeAction]:
    """The action that writes the result of a line into the text."""
    for view in snapshot.at(line)[-1:]:
        if script.comments(view, snapshot.document.lines):
            yield _insert(snapshot.document, view)


def _checkpoint_actions(
    snapshot: Snapshot, checkpoints: Sequence[tuple[str, str]]
) -> Iterator[types.CodeAction]:
    """Actions that keep the state of the program, restore one that was kept, or end it."""
    uri = snapshot.document.uri
    has_run = any(view.status != "notRun" and not view.restored for view in snapshot.views)
    if has_run:
        yield _action("Keep checkpoint", "rdit/checkpoint", {"uri": uri})
    for identifier, name in checkpoints:
        wanted = {"uri": uri, "checkpointId": identifier}
        yield _action(f"Restore checkpoint: {name}", "rdit/restore", wanted)
    if has_run:
        yield _action("Stop the program, keep the results", "rdit/stop", {"uri": uri})


def _insert(document: Document, view: View) -> types.CodeAction:
    """Put the result below its statement, in place of the comments of an earlier export."""
    lines, begin = document.lines, view.last
    end = begin
    while end < len(lines) and lines[end].startswith(script.PREFIX.rstrip()):
        end += 1
    text = "\n".join(script.comments(view, lines)) + "\n"
    start, stop = types.Position(begin, 0), types.Position(end, 0)
    if begin >= len(lines):
        # The last line has no line end. A column past a line's text counts as its end in LSP.
        start = types.Position(begin - 1, len(lines[-1].encode("utf-8", "replace")))
        stop, text = start, "\n" + text
    edit = types.WorkspaceEdit({document.uri: [types.TextEdit(types.Range(start, stop), text)]})
    return types.CodeAction("rdit: Insert the result as a comment", _KIND, edit=edit)


def _is_kind(wanted: str) -> bool:
    """Whether a client that asks for `wanted` gets rdit's kind (LSP: kinds are hierarchical)."""
    return wanted in ("", _KIND) or _KIND.startswith(wanted + ".")


def _position(line: int) -> dict[str, Any]:
    """The `position` of a command's argument, for a line that counts from 1."""
    return {"position": {"line": line - 1, "character": 0}}
