"""Columns in all three encodings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document.positions import from_units, to_units

ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(line=st.text(st.characters(codec="utf-8"), max_size=12), data=st.data())
def test_columns_survive_the_way_there_and_back(
    encoding: str, line: str, data: st.DataObject
) -> None:
    """Columns after a character outside ASCII would be off in some editor."""
    codec, width = ENCODINGS[encoding]
    column = data.draw(st.integers(0, len(line)))
    units = to_units(line, column, encoding)
    assert len(line[:column].encode(codec)) // width == units
    assert column == from_units(line, units, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_columns_past_the_end_are_the_end(encoding: str) -> None:
    """A client that is a key ahead would crash the server."""
    for line in ("abc", "é😀"):
        assert len(line) == from_units(line, 99, encoding)
        assert to_units(line, len(line), encoding) == to_units(line, 99, encoding)


def test_inside_a_character() -> None:
    """A column in the middle of a surrogate pair would give half a character."""
    assert 0 == from_units("😀x", 1, "utf-16")
    assert 0 == from_units("😀x", 3, "utf-8")
