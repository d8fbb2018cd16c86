"""Nested data over several lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.render.layout import WIDTH, laid_out

USERS = {
    "users": [{"name": "Ada Lovelace", "langs": ["en", "fr"], "street": "St James's Square"}],
    "total": (1,),
    "none": {},
}
LAID_OUT = """\
{
    'users': [
        {
            'name': 'Ada Lovelace',
            'langs': ['en', 'fr'],
            'street': "St James's Square"
        }
    ],
    'total': (1,),
    'none': {}
}"""


def test_nested_data_is_indented() -> None:
    """A dictionary of a hundred keys would be one line that wraps at random."""
    assert LAID_OUT == laid_out(repr(USERS))


def test_numbers_share_lines() -> None:
    """A hundred numbers would take a hundred lines."""
    lines = (laid_out(repr(list(range(100)))) or "").split("\n")
    assert 8 == len(lines)
    assert max(map(len, lines)) <= WIDTH


def test_objects_with_fields() -> None:
    """A dataclass would stay one line, or lose its name."""
    text = f"Point(x=1, label='a, b) c', items=[{', '.join(['None'] * 20)}])"
    assert "Point(\n    x=1,\n    label='a, b) c',\n    items=[" in (laid_out(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        repr("(a, b)" * 30),
        "[" + "1, " * 50,
        "[" * 60 + "x" * 60 + "]" * 60,
        "(1]" * 30 + ")",
        "array([[1, 2],\n       [3, 4]])" + " " * 80,
        "<Model " + "word " * 20 + "(a, b)>",
    ],
)
def test_what_is_left_as_it_is(text: str) -> None:
    """Short data, strings, what is cut off, and what has lines of its own would look broken."""
    assert laid_out(text) is None


values = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(), inner)
        | st.tuples(inner, inner)
    ),
)


@given(values)
def test_only_space_between_items_is_added(value: object) -> None:
    """What is shown would not be what `repr` says: it would not read back as the same value."""
    text = repr(value)
    found = laid_out(text)
    if found is not None:
        assert text.replace(" ", "") == re.sub(r"\s", "", found)
