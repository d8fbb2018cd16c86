"""Hovers on names with live values."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from rdit_lsp.api.inspection import value_from
from rdit_lsp.document.cursor import Expression
from rdit_lsp.lsp.features.live_hover import live_hover
from rdit_lsp.results.snapshot import Inspection

PRICE = Expression("df.price", 0, 3, 8)


def hover(
    answer: dict[str, Any],
    origin: str = "now",
    expression: Expression = PRICE,
    line: str = "df.price",
    encoding: str = "utf-16",
    **how: Any,
) -> types.Hover | None:
    value = value_from(Inspection({"found": True, **answer}, origin))
    assert value is not None
    return live_hover(value, expression, line, encoding, **how)


def shown(answer: dict[str, Any], origin: str = "now", **how: Any) -> str | None:
    found = hover(answer, origin, **how)
    return None if found is None else found.contents.value


def test_hover_of_a_short_value() -> None:
    """A number would take several lines."""
    five = {"type": "int", "summary": "5", "text": "5"}
    assert shown(five) == "```python\ndf.price: int = 5\n```"
    # Beside the status of the line it would pass for the value there.
    assert str(shown(five, rebound=9)).endswith("*rdit: its value now, after line 9*")
    answer = {"type": "list", "summary": "[1, 2] (2 items)", "text": "[1, 2]", "length": 2}
    assert "df.price: list = [1, 2]  # 2 items\n" in shown(answer)


def test_hover_of_a_table() -> None:
    """Its size would be missing, its rows be one line, or coloured as code that they are not."""
    answer = {
        "type": "pandas.Series",
        "summary": "2,000 int64",
        "text": "0    1\n1    2",
        "shape": [2000],
    }
    assert shown(answer, "while line 12 runs") == (
        "```python\ndf.price: pandas.Series  # 2,000 int64\n```\n\n"
        "```text\n0    1\n1    2\n```\n\n*rdit: from the live program, while line 12 runs*"
    )


def test_table_is_told_once() -> None:
    """The result below would show the same rows again, and pandas their number."""
    rows = "     a\n0    1\n..  ..\n99   2"
    text = f"{rows}\n\n[100 rows x 1 columns]"
    answer = {"type": "pandas.DataFrame", "summary": "100 rows × 1 columns", "text": text}
    answer |= {"shape": [100, 1]}
    assert "rows x" not in shown(answer)
    assert rows in shown(answer, shown="something else")
    assert rows not in shown(answer, shown=text)
    assert "100 rows × 1 columns" in shown(answer, shown=text)


def test_hover_of_a_definition() -> None:
    """What another server says of it anyway would be said twice."""
    answer = {
        "type": "function",
        "summary": "f(a, *b)",
        "text": "",
        "doc": "Does `it`.",
        "static": True,
    }
    text = shown(answer, "before line 3")
    assert "f(a, *b)" in text
    assert "Does \\`it\\`." in text
    assert text.endswith("*rdit: from the state before line 3*")
    assert shown(answer, beside=True) is None
    assert "Does" not in shown({**answer, "static": False}, beside=True)


def test_hover_cannot_break_out() -> None:
    """A value could put links and pictures into the hover, or a text that no editor can read."""
    text = shown({"type": "str", "summary": "", "text": "```\n![x](http://y)\n\udcff"})
    assert "````python\n```\n![x](http://y)\n\\udcff\n````" in text


def test_hover_range_is_the_name() -> None:
    """The editor would mark another word."""
    answer, name = {"type": "int", "summary": "5", "text": "5"}, Expression("b", 0, 2, 3)
    for encoding, begin in (("utf-8", 5), ("utf-16", 3), ("utf-32", 2)):
        found = hover(answer, "now", name, "😀.b", encoding)
        assert found is not None
        assert found.range == types.Range(types.Position(0, begin), types.Position(0, begin + 1))
