"""Charts of plotly and altair: pictures where something installed draws them, words elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.commandline import Rdit, notes, size_of

PLOTLY = "import plotly.express as px\nfig = px.bar(x=[1, 2], y=[3, 4], title='Sales')\n"
ALTAIR = (
    "import altair as alt, pandas as pd\n"
    "data = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\n"
    "chart = alt.Chart(data, title='T').mark_bar().encode(x='a:Q', y='b')\n"
)


def without(module: str) -> str:
    """The beginning of a script in whose environment this is not installed."""
    return f"import sys\nsys.modules[{module!r}] = None\n"


def test_plotly_opens_no_browser_and_says_what_it_is(rich: Rdit) -> None:
    """`fig.show()` would open a browser on the machine of the server."""
    displayed, value = rich.outputs(without("kaleido") + PLOTLY + "fig.show()\nfig\n")
    for shown in (displayed, value):
        assert shown["text"] == "Figure(1 × bar, 'Sales')"
        assert shown["metadata"]["rdit"]["title"] == "Sales"
        assert "text/html" in shown["data"]
        assert notes(shown) == ["the chart needs kaleido to be a picture here"]
        assert shown["metadata"]["rdit"]["needs"] == "kaleido"
        script = Path(shown["metadata"]["rdit"]["script"])
        assert script.name == "plotly.min.js"
        assert script.is_file()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="kaleido draws with a Chromium")
def test_plotly_with_kaleido_is_a_picture(rich: Rdit) -> None:
    """Nothing would be seen of it where scripts do not run."""
    shown = rich.shown(PLOTLY + "fig\n")
    assert size_of(shown) == (700, 500)
    assert shown["text"] == "Figure(1 × bar, 'Sales')"
    assert "text/html" in shown["data"]
    # Threads of theirs would keep the program from forking, and from ending.
    assert rich.shown(PLOTLY + "fig\nimport threading\nthreading.active_count()\n")["text"] == "1"


def test_kaleido_without_a_browser_says_why(rich: Rdit) -> None:
    """One would wait for a picture that never comes."""
    broken = "import os\nos.environ['BROWSER_PATH'] = '/no/such/browser'\n"
    shown = rich.shown(broken + PLOTLY + "fig\n")
    assert "image/png" not in shown["data"]
    (note,) = notes(shown)
    assert note.startswith("the chart cannot be drawn: ")


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ("chart", "Chart(bar, x=a:Q, y=b, 'T')"),
        ("chart | chart", "HConcatChart([bar, bar])"),
        ("alt.Chart(data).mark_line(color='red').facet('a:N')", "FacetChart(line)"),
        ("alt.Chart()", "Chart()"),
    ],
)
def test_altair_says_what_it_is(rich: Rdit, chart: str, expected: str) -> None:
    """`alt.Chart(...)` says nothing."""
    shown = rich.shown(without("vl_convert") + ALTAIR + chart + "\n")
    assert shown["text"] == expected
    assert notes(shown)[-1] == "the chart needs vl-convert-python to be a picture here"


def test_altair_with_vl_convert_is_a_picture(rich: Rdit) -> None:
    """Nothing would be seen of it where scripts do not run."""
    shown = rich.shown(ALTAIR + "chart\n")
    width, height = size_of(shown)
    assert shown["metadata"]["rdit"]["pixels"] == [width, height]
    assert shown["text"] == "Chart(bar, x=a:Q, y=b, 'T')"
    rich.write('[tool.rdit]\nfigureFormat = "svg"\n', "pyproject.toml")
    shown = rich.shown(ALTAIR + "chart\n")
    assert shown["data"]["image/svg+xml"].startswith("<svg")
    assert shown["metadata"]["rdit"]["pixels"][0] > 100


def test_no_display_asks_the_network(rich: Rdit) -> None:
    """A display would tell a stranger that it is looked at, or wait for them."""
    remote = "alt.Chart('http://127.0.0.1:9/data.csv').mark_bar().encode(x='a:Q')\n"
    shown = rich.shown(ALTAIR + remote)
    assert notes(shown) == ["the chart is not drawn: its data is on the network"]
    assert shown["text"] == "Chart(bar, x=a:Q)"
