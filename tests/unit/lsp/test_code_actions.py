"""Code actions: which there are, in which order, and what they would do."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from rdit_lsp.document.document import open_document
from rdit_lsp.lsp.features.code_actions import code_actions
from rdit_lsp.lsp.features.code_lens import code_lenses
from rdit_lsp.outputs.display import Display
from rdit_lsp.results.snapshot import SessionState, Snapshot, View

URI = "file:///d.py"
VALUE = Display("result", {"text/plain": "3"})
RUNS = [
    "Run this statement",
    "Update: run what is stale",
    "Run to here",
    "Run the file",
    "Run from here on",
]
STOP = "Stop the program, keep the results"
LAST = "Reset: empty namespace"


def titles(
    text: str,
    *views: View,
    state: SessionState = SessionState.IDLE,
    lines: tuple[int, int] = (1, 1),
    **how: Any,
) -> list[str]:
    snapshot = Snapshot(open_document(URI, 1, text), state, views)
    found = code_actions(snapshot, *lines, how.pop("only", None), **how)
    return [action.title.removeprefix("rdit: ") for action in found]


def test_before_anything_has_run() -> None:
    """One could not begin, or would be offered what comes to nothing."""
    assert [*RUNS, LAST] == titles("1\n2\n")


def test_while_it_runs() -> None:
    """To stop it, one would have to search."""
    for state in (SessionState.BUSY, SessionState.STARTING):
        assert ["Interrupt", *RUNS, LAST] == titles("1\n2\n", state=state)


def test_selection_and_cells() -> None:
    """The likeliest would not be first."""
    found = titles("# %%\n1\n2\n", lines=(2, 3))
    assert ["Run the selected lines", "Run this cell", *RUNS] == found[:7]
    assert [RUNS[0], "Run this cell", *RUNS[1:]] == titles("# %%\n1\n")[:6]


def test_results_and_checkpoints() -> None:
    """A client without views of its own could not get at them."""
    view = View(0, 1, 1, True, "ok", [VALUE])
    found = titles("1 + 2\n3\n", view, checkpoints=[("7", "before")])
    assert found[5:] == [
        "Open the whole output",
        "Copy the result",
        "Insert the result as a comment",
        "Export as a page",
        "Keep checkpoint",
        "Restore checkpoint: before",
        STOP,
        LAST,
    ]
    elsewhere = titles("1 + 2\n3\n", view, lines=(2, 2))
    assert ["Keep checkpoint", STOP, LAST] == elsewhere[5:]


def test_a_program_that_is_gone_can_be_neither_kept_nor_stopped() -> None:
    """Actions would be offered that come to nothing."""
    restored = View(0, 1, 1, True, "ok", ran_at=1.0)
    assert [LAST] == titles("1 + 2\n3\n", restored, lines=(2, 2))[5:]


def test_client_with_commands() -> None:
    """Twelve actions of rdit would stand among the four that another server offers."""
    view = View(0, 1, 1, True, "ok", [VALUE])
    assert ["Insert the result as a comment"] == titles("1 + 2\n", view, has_commands=True)
    assert [] == titles("1 + 2\n", has_commands=True)
    assert RUNS == titles("1 + 2\n", view, has_commands=True, only=["source.rdit"])[:5]


def test_kinds() -> None:
    """An editor that organizes imports on save would run the file."""
    organize = types.CodeActionKind.SourceOrganizeImports.value
    assert [] == titles("1\n", only=[organize])
    for kind in ("", "source", "source.rdit"):
        assert RUNS == titles("1\n", only=[kind])[:5]


def test_arguments() -> None:
    """Another line would run than the one that was chosen."""
    snapshot = Snapshot(open_document(URI, 1, "1\n2\n"), SessionState.IDLE, [])
    first = code_actions(snapshot, 2, 2, None)[0]
    assert first.command is not None
    assert ("rdit/execute", [{"uri": URI, "scope": "statement", **position(2)}]) == (
        first.command.command,
        first.command.arguments,
    )
    chosen = code_actions(snapshot, 1, 2, None)[0]
    assert chosen.command is not None
    lines = {"from": 1, "to": 2}
    assert [{"uri": URI, "scope": "range", "lineRange": lines}] == chosen.command.arguments


def test_lenses() -> None:
    """A document with cells would have a lens on each line."""
    for text, lines, title in (
        ("1; 2\n3\n", [0, 1], "▶ Run"),
        ("1\n# %%\n3\n", [1], "▶ Run cell"),
        ("", [], ""),
    ):
        snapshot = Snapshot(open_document(URI, 1, text), SessionState.IDLE, [])
        found = code_lenses(snapshot)
        assert lines == [lens.range.start.line for lens in found]
        assert {lens.command.title for lens in found if lens.command} <= {title}


def position(line: int) -> dict[str, Any]:
    return {"position": {"line": line - 1, "character": 0}}
