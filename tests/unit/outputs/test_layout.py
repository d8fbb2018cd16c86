"""Nested data over several lines."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.outputs.layout import WIDTH, laid_out

VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=12) | st.binary(max_size=8) | st.booleans(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(max_size=9), inner) | st.tuples(inner, inner)
    ),
    max_leaves=60,
)


@dataclass
class Order:
    """A value whose `repr` is like a container's."""

    amounts: list[int]
    customer: str


def test_nested() -> None:
    """Two thousand characters in a line are wrapped anywhere, and nobody can read them."""
    value = {"users": [{"name": "Ada", "tags": ["x" * 30, "y" * 30]}] * 2, "rest": list(range(40))}
    found = laid_out(repr(value))
    lines = found.split("\n")
    assert lines[:3] == ["{", "    'users': [", "        {"]
    assert lines[-1] == "}"
    assert "            'name': 'Ada'," in lines
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < 24  # Short numbers share lines.


def test_classes() -> None:
    """Only the interpreter's own containers would be readable."""
    found = laid_out(repr(Order(list(range(50)), "a, [b")))
    assert found.startswith("Order(\n    amounts=[\n        0, 1, 2,")
    assert found.endswith("    customer='a, [b'\n)")


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]", "x" * 200, repr("(" * 200), "[" * 200, "(" * 100 + ")" * 100,
        "[1,\n" + "2, " * 90 + "]", "]" + "a, " * 90,
    ],
    ids=["short", "word", "string", "open", "deep", "lines", "closed"],
)  # fmt: skip
def test_nothing_to_lay_out(text: str) -> None:
    """What is no nested data would be torn apart, or take all memory."""
    assert laid_out(text) == ""


@given(VALUES)
def test_nothing_is_lost(value: object) -> None:
    """What is shown would be another value than the program's."""
    text = repr(value)
    found = laid_out(text)
    assert ast.literal_eval(found or text) == value
