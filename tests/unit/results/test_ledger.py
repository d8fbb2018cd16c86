"""Which result a statement shows after edits."""

from __future__ import annotations

import pytest

from rdit_lsp.document import document as documents
from rdit_lsp.document.state_keys import Keys
from rdit_lsp.results.ledger import Ledger
from rdit_lsp.results.matching import match, replaced_statements
from rdit_lsp.results.result import Result

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
    ledger = Ledger()
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
    ledger = Ledger()
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
