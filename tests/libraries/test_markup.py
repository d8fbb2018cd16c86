"""HTML and Markdown of user code, as what editors are given."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.lsp.features import hover
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.markup import (
    COLUMNS,
    escaped,
    markdown_table,
    safe_markdown,
    safe_svg,
    text_of,
)
from rdit_lsp.outputs.pictures import Picture, PictureFiles
from rdit_lsp.outputs.stream import Stream, StreamBuffer
from rdit_lsp.render import summary
from rdit_lsp.results.snapshot import View

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


def view(*outputs: Display | Stream) -> View:
    return View(0, 1, 1, True, "ok", outputs, 0.1)


def test_hints() -> None:
    """A hint has one line for what may be megabytes."""
    assert summary.labelled(view(PICTURE)) == "→ Figure 640×480"
    assert summary.labelled(view(FRAME)) == "→ DataFrame 1,204 × 8 (int64, object)"
    html = Display(
        "display", {"text/plain": "<IPython.core.display.HTML object>", "text/html": "<b>x</b>"}
    )
    assert summary.labelled(view(html)) == "→ x"


def test_heads_of_a_table_do_not_touch() -> None:
    """VS Code would write two names as one word."""
    html = "<table><tr><th>one</th><th>two</th></tr><tr><td>a</td><td>b</td></tr></table>"
    table = Display("result", {"text/plain": "", "text/html": html}, {"rdit": {"type": "Table"}})
    tight, plain = hover.Images(has_tight_tables=True), hover.Images()
    assert "| one\u00a0\u00a0 | two |" in hover._markdown(view(table), tight)
    assert "| one | two |" in hover._markdown(view(table), plain)


def test_pictures_in_hovers() -> None:
    """A client without pictures would show thousands of letters; VS Code cuts a hover at 100,000."""
    data = PICTURE.data["image/png"]
    images = hover.Images()
    assert f"![Figure 640×480](data:image/png;base64,{data})" in hover._markdown(
        view(PICTURE), images
    )
    without = hover._markdown(view(PICTURE), None)
    assert without.startswith("Figure 640×480 (PNG, 3 kB)")
    many = hover._markdown(view(*[PICTURE] * 100), images)
    assert len(many) < 100_000


def test_pictures_too_large_for_a_hover_are_files(tmp_path: Path) -> None:
    """A sharp or a crowded figure would be a caption only, in the one place people look at."""
    files = PictureFiles(tmp_path / "pictures")

    def file(picture: Picture) -> str:
        path = files.keep(picture)
        assert path is not None
        return path.as_uri()

    raw = b"\x89PNG\r\n\x1a\n" + bytes(100_000)
    large = replace(
        PICTURE,
        data={"image/png": base64.b64encode(raw).decode()},
        metadata={**PICTURE.metadata, "image/png": {"width": 640, "height": 480}},
    )
    text = hover._markdown(view(large), hover.Images(file, has_sizes=True))
    (uri,) = re.findall(r"!\[Figure 640×480\]\((file:.*)\|width=267,height=200\)", text)
    assert Path(uri.removeprefix("file://")).read_bytes() == raw
    assert "(PNG, 100 kB)" in hover._markdown(view(large), hover.Images()).replace("\\", "")


def test_svg_is_an_image_everywhere() -> None:
    """Inline it could run scripts; as text it could not be read."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>'
    drawn = Display(
        "result", {"text/plain": "x", "image/svg+xml": svg}, {"rdit": {"type": "Graph"}}
    )
    data = base64.b64encode(svg.encode()).decode()
    expected = f"![Graph](data:image/svg+xml;base64,{data})"
    assert expected in hover._markdown(view(drawn), hover.Images())
    assert "Graph (SVG, 64 bytes)" in hover._markdown(view(drawn), None).replace("\\", "")
    assert summary.labelled(view(drawn)) == "→ Graph"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<script>x</script><g onclick='x'/>", "<g />"),
        ("<a xlink:href='javascript:x'><text>t\\x</text></a>", "<a><text>t\\x</text></a>"),
        ("<use href='#a'/><image href='http://evil'/>", '<use href="#a" /><image />'),
        ("<style>@import 'http://evil'; a{}</style>", "<style>none a{}</style>"),
        ("<style>a{fill:u\\72l(http://evil)}</style>", "<style>a{fill:u72l(http://evil)}</style>"),
        ("<g style='fill:url(//evil)' fill='url(#a)'/>", '<g style="fill:none" fill="url(#a)" />'),
        ("<foreignObject><x/></foreignObject><x:x xmlns:x='y'/>", ""),
        ("<set attributeName='href' to='x'/><animate/>", ""),
    ],
)
def test_svg_in_files_does_nothing(inside: str, expected: str) -> None:
    """A browser that opens the file would run its scripts, or fetch what it names."""
    head = '<svg xmlns="http://www.w3.org/2000/svg"'
    link = ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    found = safe_svg(f"{head}{link}>{inside}</svg>")
    assert found in (f"{head}>{expected}</svg>", f"{head} />")


@pytest.mark.parametrize(
    "text",
    ["", "<svg>", "<svg/>", "<svg xmlns='x'/>", '<!DOCTYPE s [<!ENTITY a "a">]><svg/>', "\ud800"],
)
def test_what_is_no_svg(text: str) -> None:
    """A file would be written that nothing can show."""
    assert safe_svg(text) is None


def test_picture_files_are_few(tmp_path: Path) -> None:
    """Moving a slider for an hour would fill the disk."""
    files = PictureFiles(tmp_path)
    for number in range(300):
        assert files.keep(Picture("image/png", b"%d" % number)) is not None
    kept = files.keep(Picture("image/png", b"299"))
    assert kept is not None
    assert kept.read_bytes() == b"299"
    assert len(list(tmp_path.iterdir())) == 200
    assert PictureFiles(tmp_path / "299" / "no").keep(Picture("image/png", b"x")) is not None
    assert PictureFiles(kept).keep(Picture("image/png", b"x")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order_id", "order_id"),
        ("datetime64[s]", "datetime64[s]"),
        ("c*d", "c*d"),
        ("DataFrame 3 × 2 (int64, str)", "DataFrame 3 × 2 (int64, str)"),
        ("a $5 & {b}", "a $5 & {b}"),
        ("a*b*c", "a\\*b\\*c"),
        ("__init__", "\\_\\_init\\_\\_"),
        ("[a](b)", "\\[a](b)"),
        ("![a](b)", "\\!\\[a](b)"),
        ("<b>", "\\<b>"),
        ("# a", "\\# a"),
        ("a | b", "a \\| b"),
        ("&lt;", "\\&lt;"),
        ("`a`", "\\`a\\`"),
        ("*", "\\*"),
    ],
)
def test_only_what_markdown_would_take_is_escaped(text: str, expected: str) -> None:
    """Names would be full of backslashes in clients that show the text; or a name would be a link."""
    assert expected == escaped(text)


def test_hovers_are_bounded() -> None:
    """An editor would lay out megabytes, or cut them where a code block is open."""
    text = Display("display", {"text/plain": "x" * 15_000})
    shown = hover._markdown(view(*[text] * 200), None)
    assert len(shown) < 100_000
    assert "*… and 195 more outputs*" in shown
    cell = f"<td>{'y' * 190}</td>"
    wide = f"<table>{f'<tr>{cell * 30}</tr>' * 60}</table>"
    table = Display("result", {"text/plain": "cut by pandas", "text/html": wide})
    assert "cut by pandas" in hover._markdown(view(table), None)


def test_tables_in_hovers() -> None:
    """HTML would be shown as text, or not at all."""
    text = hover._markdown(view(FRAME), None)
    assert "|   a |\n| --: |\n|   1 |" in text
    assert "DataFrame 1,204 × 8" in text


def test_formulas_in_hovers() -> None:
    """LaTeX is for programs."""
    data = {"text/plain": "x**2", "text/latex": "$x^{2}$"}
    formula = Display("result", data, {"rdit": {"type": "Pow", "pretty": " 2\nx "}})
    assert "```text\n 2\nx \n```" in hover._markdown(view(formula), None)
    assert summary.labelled(view(formula)) == "→ x**2"


def test_progress_bar_on_one_line(tmp_path: Path) -> None:
    """It would shrink to what is done of it."""
    written = StreamBuffer("stdout", tmp_path / "spill")
    written.append(b"\r 5% [#      ]\r38% [##\t    ]\r42% [###    ]")
    assert summary.labelled(view(written.freeze())) == "→ 42% [###    ]"
    written.append(b"\n a \t b \xe2\x80\xa8 c")
    assert summary.labelled(view(written.freeze())) == "→ 42% [###    ] ⏎ a b c"


def test_warnings_on_one_line(tmp_path: Path) -> None:
    """A long path, and the code that stands there anyway, would leave no room for what is said."""
    written = StreamBuffer("stderr", tmp_path / "spill")
    written.append(b"/a/b.py:3: UserWarning: care: ful\n  warnings.warn('careful')\n")
    assert summary.labelled(view(written.freeze())) == "→ UserWarning: care: ful"
    written.append(b"/a/c.py:70: DeprecationWarning: old\nmore\n")
    assert summary.labelled(view(written.freeze())).endswith("⏎ DeprecationWarning: old ⏎ more")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A title\n\nwith **bold** text", "→ A title …"),
        ("The mean is **5.0**.", "→ The mean is 5.0."),
        ("2**8 and 2**3**4, a ** b ** c", "→ 2**8 and 2**3**4, a ** b ** c"),
        ("#5", "→ #5"),
    ],
)
def test_markdown_on_one_line(text: str, expected: str) -> None:
    """Its marks would stand in the text that they are for."""
    prose = Display("result", {"text/plain": text, "text/markdown": text}, {"rdit": {}})
    assert summary.labelled(view(prose)) == expected
    report = Display("result", {"text/plain": "<A object at 0x7>", "text/markdown": text}, {})
    assert summary.labelled(view(report)) == expected


def test_half_a_picture_is_never_sent() -> None:
    """A client would try to draw it."""
    item = as_json(PICTURE, limit=100)
    assert list(item["data"]) == ["text/plain"]
    assert item["metadata"]["rdit"]["leftOut"] == {"image/png": 4000}


def test_spanning_cells() -> None:
    """Tables with an index of several levels would be out of line, as all in an editor that shows text."""
    html = (
        "<table><thead><tr><th></th><th colspan=2>x</th></tr><tr><th></th><th>a</th><th>b</th></tr></thead>"
        "<tbody><tr><th rowspan=2>i</th><td>1</td><td>2</td></tr>"
        "<tr><td>3</td><td>4</td></tr></tbody></table>"
    )
    expected = (
        "|     | x · a |   b |\n| --- | ----: | --: |\n| i   |     1 |   2 |\n|     |     3 |   4 |"
    )
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
