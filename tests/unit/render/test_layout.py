"""The text of nested containers over several lines."""

from __future__ import annotations

import ast
from pprint import pformat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.render.layout import laid_out

VALUES = st.recursive(
    st.integers() | st.text() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=40,
)


@given(VALUES, st.integers(10, 100))
def test_value_stays_the_same(value: object, width: int) -> None:
    """What is shown would be another value."""
    assert value == ast.literal_eval(laid_out(repr(value), width))


@pytest.mark.parametrize(
    "value",
    [
        {"host": "localhost", "port": 8080, "names": ["a" * 20, "b" * 20, "c" * 20]},
        [{"id": number, "tags": ["x" * 30, "y" * 30]} for number in range(3)],
        {("a", "b"): {1: "x" * 50, 2: "y" * 50}},
    ],
)
def test_layout_is_that_of_pprint(value: object) -> None:
    """Readers of Python know one layout of nested data."""
    expected = pformat(value, width=80, sort_dicts=False, compact=True)
    assert expected == laid_out(repr(value), 80)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "defaultdict(<class 'int'>, {'a': 1})",
            "defaultdict(<class 'int'>,\n            {'a': 1})",
        ),
        ("P(x=1, y=[1, 2, 3], z='long enough')", "P(x=1,\n  y=[1, 2, 3],\n  z='long enough')"),
        ("('a string that is rather long',)", "('a string that is rather long',)"),
    ],
)
def test_objects(text: str, expected: str) -> None:
    """Only what literals are made of would be laid out."""
    assert expected == laid_out(text, 26)


@pytest.mark.parametrize(
    "text",
    [
        "it's [1, 2, 3] or [4, 5, 6] and so on",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "[1, 2, 3) + (4, 5, 6, 7, 8, 9, 10]",
        "[1, 2, 3, 4, 5] [6, 7, 8, 9, 10] and so on",
        "{" * 26 + "}" * 26,
        "no brackets at all in this rather long line",
        "several lines\n[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]",
    ],
)
def test_text_that_is_no_container(text: str) -> None:
    """A `repr` of a user's own would be torn apart."""
    assert text == laid_out(text, 26)


def test_depth() -> None:
    """A value that is nested deeply would end in a RecursionError."""
    text = "[" * 5000 + "1" + "]" * 5000
    assert text == laid_out(text, 40)
