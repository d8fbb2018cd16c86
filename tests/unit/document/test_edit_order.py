"""Edits that overtake each other: the text is the one that was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document import document as documents
from rdit_lsp.document.edit import Change, Edit, apply
from rdit_lsp.document.edit_order import EditOrder

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document

TEXT = "a = 1\nb = 2\nc = 3\n"


def typed(version: int, line: int, text: str) -> Edit:
    """Put `text` at the end of a line, or of the last one; what comes of two depends on their order."""
    return Edit(version, (Change(text, (line, 1_000), (line, 1_000)),))


def opened() -> Document:
    return documents.open_document("file:///d.py", 0, TEXT)


def applied(edits: list[Edit]) -> Document:
    """The document after edits that come in this order."""
    memory, document = EditOrder(), opened()
    for edit in edits:
        document = memory.apply(document, edit)
    return document


@given(
    steps=st.lists(st.integers(1, 3), max_size=8),
    places=st.lists(st.integers(0, 5), min_size=8, max_size=8),
    data=st.data(),
)
def test_order_of_arrival_does_not_matter(
    steps: list[int], places: list[int], data: st.DataObject
) -> None:
    """The server would have another text than the editor, and show the results of that."""
    versions = [sum(steps[: number + 1]) for number in range(len(steps))]
    edits = [
        typed(version, place, f" + {version}\n#")
        for version, place in zip(versions, places, strict=False)
    ]
    expected = opened()
    for edit in edits:
        expected = apply(expected, edit)
    actual = applied(data.draw(st.permutations(edits)))
    assert (expected.version, expected.text) == (actual.version, actual.text)


@pytest.mark.parametrize("versions", [[0, 0, 0], [3, 2, 1], [-1, -1], [7, 7, 7]])
def test_versions_that_do_not_grow(versions: list[int]) -> None:
    """A client that does not count, or not as LSP has it, would have its edits applied twice or lost."""
    memory, document = EditOrder(), opened()
    for version in versions:
        document = memory.apply(document, typed(version, 0, "0"))
    assert "a = 1" + "0" * len(versions) == document.lines[0]


def test_edit_after_a_new_text_stands_alone() -> None:
    """An edit that waits for a missing one would bring the text before a reload back."""
    memory = EditOrder()
    memory.apply(opened(), typed(5, 0, "0"))
    memory.forget()
    document = memory.apply(documents.open_document("file:///d.py", 8, "x = 1"), typed(6, 0, "2"))
    assert ["x = 12"] == list(document.lines)


def test_numbers_left_out_are_not_waited_for_for_ever() -> None:
    """The edits of a client that leaves out numbers would pile up."""
    memory, document = EditOrder(), opened()
    for version in range(2, 1002, 2):
        document = memory.apply(document, typed(version, 0, "0"))
        assert len(memory) < 100
    assert "a = 1" + "0" * 500 == document.lines[0]
