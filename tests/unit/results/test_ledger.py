"""Which result a statement shows after edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rdit_lsp.document import document as documents
from rdit_lsp.document.state_keys import OFF_PATH, Keys
from rdit_lsp.outputs.stream import HELD, StreamBuffer
from rdit_lsp.results.ledger import Ledger
from rdit_lsp.results.matching import match, replaced_statements
from rdit_lsp.results.result import Result
from rdit_lsp.results.store import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from rdit_lsp.document.document import Statement
    from rdit_lsp.results.outcome import Status

CASES = {
    "insert": ("a\nb\nc", "a\nnew\nb\nc", {"a": "a", "b": "b", "c": "c"}),
    "delete": ("a\nb\nc", "a\nc", {"a": "a", "c": "c"}),
    "edit in place": ("a\nb\nc", "a\nB\nc", {"a": "a", "b": "B", "c": "c"}),
    "reformat": ("f(1,2)\nb", "f(1, 2)\n\nb", {"f(1,2)": "f(1, 2)", "b": "b"}),
    "swap": ("a\nb", "b\na", {"a": "a", "b": "b"}),
    "empty": ("a\nb", "", {}),
}


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_results_follow_their_statements(before: str, after: str, expected: dict[str, str]) -> None:
    """An edit would show a result at another statement, or lose it."""
    old = documents.open_document("file:///d.py", 1, before)
    new = documents.replace_text(old, 2, after)
    ledger = Ledger(MemoryStore())
    for statement in old.statements:
        ledger.show(statement, Result(statement.text, "ok"))
    removed, added = replaced_statements(old, new)
    ledger.move(removed, match(removed, added, Keys(lambda _: b""), lambda s: s.text))
    actual = {
        result.text: statement.text
        for statement in new.statements
        if (result := ledger.get(statement)) is not None
    }
    assert expected == actual


def test_equal_statements_are_used_once() -> None:
    """One result would be shown twice."""
    old = documents.open_document("file:///d.py", 1, "a\nb")
    new = documents.replace_text(old, 2, "a\na\na\nb")
    removed, added = replaced_statements(old, new)
    pairs = match(removed, added, Keys(lambda _: b""), lambda s: s.text)
    assert len({id(source) for source, _ in pairs}) == len(pairs)


def test_recall() -> None:
    """Going back to an earlier text would not bring its results back."""
    (statement,) = documents.open_document("file:///d.py", 1, "a").statements
    ledger = Ledger(MemoryStore())
    first, second = Result("a", "ok", key=5), Result("a", "ok", key=6)
    for result in (first, second):
        ledger.show(statement, result)
        ledger.keep(result)
    assert first is ledger.recall(statement, 5)
    assert second is ledger.recall(statement, 6)
    assert second is ledger.recall(statement, 7)
    out_of_order = Result("a", "ok", key=8, off_path=True)
    ledger.show(statement, out_of_order)
    assert out_of_order is ledger.recall(statement, 5)


def ended(text: str, key: int, status: Status = "ok") -> Result:
    """A result that led to the state `key`."""
    return Result(text, status, key=key)


@pytest.fixture
def statement() -> Statement:
    """One statement."""
    (statement,) = documents.open_document("file:///d.py", 1, "a").statements
    return statement


def test_nothing_in_place_of_what_runs(statement: Statement) -> None:
    """A statement that runs would show its result of before, and look done."""
    ledger = Ledger(MemoryStore())
    ledger.keep(ended("a", 5))
    running = Result("a", "running")
    ledger.show(statement, running)
    assert running is ledger.recall(statement, 5)


@pytest.mark.parametrize("status", ["interrupted", "timeout", "crashed", "running", "notRun"])
def test_what_did_not_end_well_is_not_kept(statement: Statement, status: Status) -> None:
    """An undo would bring back how a statement was interrupted."""
    ledger = Ledger(MemoryStore())
    ledger.keep(ended("a", 5, status))
    assert (None, False) == (ledger.recall(statement, 5), bool(ledger))


def test_state_that_no_clean_run_has_is_not_kept(statement: Statement) -> None:
    """What ran out of order would be found as what a clean run gives."""
    ledger = Ledger(MemoryStore())
    ledger.keep(ended("a", OFF_PATH))
    assert ledger.recall(statement, OFF_PATH) is None


def test_kept_result_that_was_set_aside_since(statement: Statement) -> None:
    """A result that is known to be no clean run's any more would come back."""
    ledger, result = Ledger(MemoryStore()), ended("a", 5)
    ledger.keep(result)
    result.key = OFF_PATH
    assert ledger.recall(statement, 5) is None


def test_result_of_an_edited_text_gives_way(statement: Statement) -> None:
    """After an edit and an undo the result of the text in between would stay."""
    ledger, other = Ledger(MemoryStore()), ended("b", 6)
    kept = ended("a", 5)
    for result in (kept, other):
        ledger.show(statement, result)
        ledger.keep(result)
    other.off_path = True  # Of another text, that does not count.
    assert kept is ledger.recall(statement, 5)


def test_newest_of_a_key_counts(statement: Statement) -> None:
    """Running a statement again would bring back what it gave the first time."""
    ledger = Ledger(MemoryStore())
    for result in (ended("a", 5), newest := ended("a", 5)):
        ledger.keep(result)
    assert newest is ledger.recall(statement, 5)


def test_oldest_go_first(statement: Statement) -> None:
    """A document that is edited all day would keep every result."""
    ledger = Ledger(MemoryStore())
    many = 3000
    for key in range(1, many + 1):
        ledger.keep(ended("a", key))
    assert ledger.recall(statement, 1) is None
    assert ledger.recall(statement, many) is not None


def test_forget_removes_files(statement: Statement, tmp_path: Path) -> None:
    """Long output that is no longer shown would stay on disk."""
    ledger = Ledger(MemoryStore())
    paths = [tmp_path / name for name in ("shown", "kept")]
    for path, key in zip(paths, (5, 6), strict=True):
        result = ended("a", key)
        stream = StreamBuffer("stdout", path)
        stream.append(b"x" * (4 * HELD))
        result.captured.append(stream)
        ledger.show(statement, result)
        ledger.keep(result)
    assert [True, True] == [path.exists() for path in paths]
    ledger.forget()
    assert [False, False] == [path.exists() for path in paths]
    assert not ledger
    assert ledger.get(statement) is None


def test_several_at_once() -> None:
    """A long document would be asked for statement by statement."""
    statements = documents.open_document("file:///d.py", 1, "a\nb\nc").statements
    ledger = Ledger(MemoryStore())
    ledger.show(statements[1], result := ended("b", 5))
    assert [None, result, None] == ledger.shown_at(statements)
