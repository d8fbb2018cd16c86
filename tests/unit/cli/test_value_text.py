"""How a value is written beside its line."""

from __future__ import annotations

import pytest

from rdit_lsp.cli.value_text import beside

TABLE = "a    b\n1    2"


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("1", None, "<   7 │ >1\n"),
        ("[1,\n 2]", None, "<   7 │ >[1,\n<     │ > 2]\n"),
        (TABLE, 13, "<   7 │ >a    b\n<     │ >1    2\n"),
        (TABLE, 12, f"<   7 │>\n{TABLE}\n"),
        (
            "[" + "10, " * 9 + "10]",
            30,
            "<   7 │ >[10, 10, 10, 10, 10,\n<     │ > 10, 10, 10, 10, 10]\n",
        ),
        ("[" + "10, " * 9 + "10]", None, "<   7 │ >[" + "10, " * 9 + "10]\n"),
        ("a\x07b\x1b]0;title\x07\tc\x9b", None, "<   7 │ >a\\x07b\\x1b]0;title\\x07\tc\\x9b\n"),
        ("\x1b[1;31mred\x1b[m", None, "<   7 │ >\x1b[1;31mred\x1b[m\n"),
    ],
    ids=["short", "lines", "fits", "table", "long", "file", "control", "colours"],
)
def test_beside(text: str, columns: int | None, expected: str) -> None:
    """Tables would be broken by the window's edge, or a value ring the bell."""
    assert expected == beside(7, text, columns, lambda label: f"<{label}>")
