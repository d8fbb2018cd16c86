"""Which statements are the same before and after an edit, for any edit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.results import document

from rdit_lsp.document import document as documents
from rdit_lsp.document.state_keys import Keys
from rdit_lsp.results.matching import match, replaced_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rdit_lsp.document.document import Statement

    Pairs: TypeAlias = list[tuple[Statement, Statement]]

LINES = [
    "a",
    "b",
    "a = 1",
    "a=1",
    "a = 2",
    "print(a)",
    "print(b)",
    "if a:\n    b",
    "# c",
    "",
    "foo(",
]
texts = st.lists(st.sampled_from(LINES), max_size=8).map("\n".join)


def matched(
    before: str, after: str, ran_as: Callable[[Statement], str | None] = lambda s: s.text
) -> tuple[Pairs, list[Statement], list[Statement]]:
    """The pairs, and what the edit has removed and added."""
    old = document(before)
    new = documents.replace_text(old, 2, after)
    removed, added = replaced_statements(old, new)
    return match(removed, added, Keys(lambda _: b""), ran_as), removed, added


@given(texts, texts)
def test_each_is_used_once(before: str, after: str) -> None:
    """One result would be shown twice, or two at one statement."""
    pairs, removed, added = matched(before, after)
    assert (
        len({source for source, _ in pairs}) == len({target for _, target in pairs}) == len(pairs)
    )
    assert {source for source, _ in pairs} <= {*removed}
    assert {target for _, target in pairs} <= {*added}


@given(texts, texts)
def test_what_is_kept_is_not_replaced(before: str, after: str) -> None:
    """A result would be looked for although its statement is still there."""
    old = document(before)
    new = documents.replace_text(old, 2, after)
    removed, added = replaced_statements(old, new)
    kept = [statement for statement in old.statements if statement not in removed]
    assert kept == [statement for statement in new.statements if statement not in added]


@given(texts, texts)
def test_equal_texts_are_paired(before: str, after: str) -> None:
    """A statement that was moved would lose its result to one that is only like it."""
    pairs, removed, added = matched(before, after)
    same = Counter(source.text for source, target in pairs if source.text == target.text)
    assert Counter(s.text for s in removed) & Counter(s.text for s in added) == same


@given(texts)
def test_nothing_changed(text: str) -> None:
    """Saving would make statements new ones."""
    assert ([], [], []) == matched(text, text)


CASES: Mapping[str, tuple[str, str, dict[str, str]]] = {
    "edited in place": ("a\nf(1)\nb", "a\nf(2)\nb", {"f(1)": "f(2)"}),
    "all edited": ("f(1)\ng(1)", "f(2)\ng(2)", {"f(1)": "f(2)", "g(1)": "g(2)"}),
    "the most alike": (
        "total = first + second\nx",
        "new\ntotal = first + 2 * second\ny",
        {"total = first + second": "total = first + 2 * second"},
    ),
    "nothing alike": ("alpha(1)", "x = 2\ny = 3", {}),
    "moved down": (
        "one()\ntwo()\nthree()",
        "two()\nthree()\none()",
        {text: text for text in ("one()", "two()", "three()")},
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_pairs(before: str, after: str, expected: dict[str, str]) -> None:
    """An edited statement would lose its result, or get another one's."""
    pairs, _, _ = matched(before, after)
    assert expected == {source.text: target.text for source, target in pairs}


def test_what_it_was_when_it_ran() -> None:
    """A statement edited and edited back would not find its result, which its twin has taken."""
    pairs, _, _ = matched("x\ny", "run\nx", lambda s: "run" if s.text == "y" else s.text)
    assert {("x", "x"), ("y", "run")} == {(source.text, target.text) for source, target in pairs}


def test_many_changes_at_once() -> None:
    """Another branch of a long file would take seconds to compare."""
    before = "\n".join(f"before_{number}(1)" for number in range(300))
    after = "\n".join(f"after_{number}(1)" for number in range(290))
    pairs, removed, added = matched(before, after)
    assert ([], 300, 290) == (pairs, len(removed), len(added))
