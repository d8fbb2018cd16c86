"""HTML and Markdown of user code, as what editors are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.features import hover, summary
from rdit_lsp.markup import COLUMNS, markdown_table, safe_markdown, text_of
from rdit_lsp.outputs import Display, as_json
from rdit_lsp.snapshot import View

PICTURE = Display(
    "display",
    {"text/plain": "<Figure>", "image/png": "AAAA" * 1000},
    {"rdit": {"type": "Figure", "pixels": [640, 480]}},
)
FRAME = Display(
    "result",
    {"text/plain": "a\nb", "text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"},
    {"rdit": {"type": "DataFrame", "shape": [1204, 8], "dtypes": ["int64", "object"]}},
)


def view(*outputs: Display) -> View:
    return View(0, 1, 1, True, "ok", outputs, 0.1)


def test_hints() -> None:
    """A hint has one line for what may be megabytes."""
    assert summary.labelled(view(PICTURE)) == "→ Figure 640×480"
    assert summary.labelled(view(FRAME)) == "→ DataFrame 1,204 × 8 (int64, object)"
    html = Display(
        "display", {"text/plain": "<IPython.core.display.HTML object>", "text/html": "<b>x</b>"}
    )
    assert summary.labelled(view(html)) == "→ x"


def test_pictures_in_hovers() -> None:
    """A client without pictures would show thousands of letters; VS Code cuts a hover at 100,000."""
    data = PICTURE.data["image/png"]
    assert f"![Figure 640×480](data:image/png;base64,{data})" in hover._markdown(
        view(PICTURE), images=True
    )
    without = hover._markdown(view(PICTURE), images=False)
    assert without.startswith("Figure 640×480 (PNG, 3 kB)")
    many = hover._markdown(view(*[PICTURE] * 100), images=True)
    assert len(many) < 100_000


def test_tables_in_hovers() -> None:
    """HTML would be shown as text, or not at all."""
    text = hover._markdown(view(FRAME), images=False)
    assert "| a |\n| --: |\n| 1 |" in text
    assert "DataFrame 1,204 × 8" in text


def test_half_a_picture_is_never_sent() -> None:
    """A client would try to draw it."""
    item = as_json(PICTURE, limit=100)
    assert list(item["data"]) == ["text/plain"]
    assert item["metadata"]["rdit"]["leftOut"] == {"image/png": 4000}


def test_spanning_cells() -> None:
    """Tables with an index of several levels would be out of line."""
    html = (
        "<table><thead><tr><th></th><th colspan=2>x</th></tr><tr><th></th><th>a</th><th>b</th></tr></thead>"
        "<tbody><tr><th rowspan=2>i</th><td>1</td><td>2</td></tr>"
        "<tr><td>3</td><td>4</td></tr></tbody></table>"
    )
    expected = "|  | x · a | b |\n| --- | --: | --: |\n| i | 1 | 2 |\n|  | 3 | 4 |"
    assert markdown_table(html) == expected


def test_large_table_is_cut() -> None:
    """An editor would lay out a million cells."""
    html = f"<table>{('<tr>' + '<td>1</td>' * 500 + '</tr>') * 500}</table>"
    lines = (markdown_table(html) or "").split("\n")
    assert len(lines) <= 63
    assert max(line.count("|") for line in lines) == COLUMNS + 2


@given(st.text())
def test_no_text_ends_a_cell_or_makes_html(text: str) -> None:
    """Data in a table would break the table, or become markup."""
    from html import escape

    table = markdown_table(f"<table><tr><td>{escape(text)}</td><td>x</td></tr></table>") or ""
    assert len(table.split("\n")) == 3
    cell = table.split("\n")[2].replace("\\\\", "").replace("\\|", "").replace("\\<", "")
    assert cell.count("|") == 3
    assert "<" not in cell


@given(st.text())
def test_any_html_can_be_read(html: str) -> None:
    """Broken HTML would be an error of rdit's own."""
    markdown_table(html)
    text_of(html)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>x</script> **b**", "&lt;script>x&lt;/script> **b**"),
        ("![a](http://evil/x.png)", "[a](http://evil/x.png)"),
        ("[a](javascript:x)", "[a](#x)"),
        ("[a](command:x)", "[a](#x)"),
        ("`<b>` and ```<i>```", "`<b>` and ```<i>```"),
        ("1 < 2 and a <- b", "1 < 2 and a <- b"),
    ],
)
def test_markdown_is_defused(text: str, expected: str) -> None:
    """A hover would fetch pictures, or run an editor's commands at a click."""
    assert safe_markdown(text) == expected
