"""matplotlib's figures: the settings they are drawn by, and values that are a part of one."""

from __future__ import annotations

import pytest
from support.commandline import Rdit, notes, size_of

IMPORTS = "import matplotlib.pyplot as plt, numpy as np, pandas as pd\n"
FIGURE = IMPORTS + "fig = plt.figure(figsize=(4, 3))\n_ = plt.plot([1, 2])\nplt.show()\n"


def settings(rdit: Rdit, **chosen: object) -> None:
    """Have a project that chooses these."""
    lines = "".join(f"{name} = {value!r}\n" for name, value in chosen.items())
    rdit.write(f"[tool.rdit]\n{lines}", "pyproject.toml")


def test_figure_as_svg(rich: Rdit) -> None:
    """Lines would be blurred where somebody zooms in."""
    settings(rich, figureFormat="svg")
    shown = rich.shown(FIGURE)
    assert set(shown["data"]) == {"text/plain", "image/svg+xml"}
    assert "<script" not in shown["data"]["image/svg+xml"]
    assert shown["metadata"]["image/svg+xml"] == {"width": 400, "height": 300}
    assert shown["metadata"]["rdit"]["pixels"] == [400, 300]
    assert shown["data"] == rich.shown(FIGURE)["data"]


def test_figure_too_large_for_svg_is_png(rich: Rdit) -> None:
    """A million points would be a hundred megabytes."""
    settings(rich, figureFormat="svg")
    shown = rich.shown(IMPORTS + "_ = plt.scatter(*np.random.rand(2, 300_000), s=1)\nplt.show()\n")
    assert size_of(shown) == (640, 480)
    (note,) = notes(shown)
    assert note in (
        "the figure is more than 8 MB as SVG; it is shown as PNG",
        "the figure takes too long as SVG; it is shown as PNG",
    )


def test_sharper_figures_are_shown_at_their_own_size(rich: Rdit) -> None:
    """A figure for a screen of twice the resolution would be twice as large."""
    settings(rich, figureDpi=200)
    shown = rich.shown(FIGURE)
    assert size_of(shown) == (800, 600)
    assert shown["metadata"]["image/png"] == {"width": 400, "height": 300}
    assert shown["metadata"]["rdit"]["pixels"] == [400, 300]


def test_huge_figure_at_a_high_resolution(rich: Rdit) -> None:
    """The setting would ask for gigabytes."""
    settings(rich, figureDpi=1200)
    shown = rich.shown(
        IMPORTS + "_ = plt.figure(figsize=(20, 20))\n_ = plt.plot([1])\nplt.show()\n"
    )
    width, height = size_of(shown)
    assert 7_900_000 < width * height <= 8_000_000
    assert shown["metadata"]["rdit"]["pixels"] == [2000, 2000]
    assert notes(shown) == []


def test_title_tells_figures_apart(rich: Rdit) -> None:
    """Ten figures of one size would all be `Figure 640×480`."""
    shown = rich.shown(IMPORTS + "_ = plt.plot([1])\n_ = plt.title('Sales\\n2024')\nplt.show()\n")
    assert shown["metadata"]["rdit"]["title"] == "Sales 2024"


@pytest.mark.parametrize(
    "expression",
    [
        "df.plot()",
        "df.hist()",
        "df.plot(subplots=True)",
        "plt.plot([1, 2])",
        "plt.bar([1, 2], [3, 4])",
        "plt.hist([1, 2, 2])",
        "plt.boxplot([1, 2, 3])",
        "plt.gca()",
        "plt.title('x')",
        "plt.colorbar(plt.imshow([[1, 2]]))",
        "plt.subplots(2)",
        "plt.figure().subfigures(1, 2)[0].subplots()",
    ],
)
def test_part_of_a_figure_stands_for_it(rich: Rdit, expression: str) -> None:
    """A person who explores would see `<Axes: >` and wonder where the plot is."""
    source = IMPORTS + f"df = pd.DataFrame({{'a': [1, 2], 'b': [2, 1]}})\n{expression}\n"
    shown = rich.shown(source)
    assert size_of(shown) == (640, 480)
    assert shown["type"] == "result"
    assert shown["metadata"]["rdit"]["part"] is True
    assert "Figure" not in shown["text"] or "subplots" in expression


def test_grid_of_seaborn_stands_for_its_figure(rich: Rdit) -> None:
    """`sns.relplot(…)` returns no part of matplotlib's, and has no representation of its own."""
    source = IMPORTS + (
        "class Grid:\n    __module__ = 'seaborn.axisgrid'\n    figure = plt.subplots()[0]\n\nGrid()\n"
    )
    assert size_of(rich.shown(source)) == (640, 480)


@pytest.mark.parametrize(
    "expression",
    [
        "plt.Line2D([1], [2])",
        "[1, (2, {3: 4})]",
        "plt.xlim()",
        "plt.figure()",
        "np.array([object()])",
        "pd.Series(['a'])",
        "type('Mock', (), {'__getattr__': lambda self, name: plt.gcf()})()",
    ],
)
def test_what_is_no_part_of_a_figure(rich: Rdit, expression: str) -> None:
    """A list of numbers would become a picture."""
    assert "image/png" not in rich.shown(IMPORTS + expression + "\n")["data"]


@pytest.mark.parametrize("end", ["plt.show()", "plt.savefig('x.png')", "plt.show(block = False)"])
def test_program_that_shows_its_figures_is_left_alone(rich: Rdit, end: str) -> None:
    """Each line that builds a figure up would show it half done, and take the time to draw it."""
    outputs = rich.outputs(IMPORTS + f"plt.plot([1, 2])\nplt.title('x')\n{end}\n")
    values = [output for output in outputs if output["type"] == "result"]
    assert [["text/plain"]] * 2 == [list(output["data"]) for output in values]


def test_comment_shows_nothing(rich: Rdit) -> None:
    """Without `plt.show()` in the file, one wants to see what the lines are."""
    shown = rich.outputs(IMPORTS + "plt.plot([1, 2])\n# plt.show()\n")[-1]
    assert size_of(shown) == (640, 480)


def test_figure_that_takes_long_is_not_drawn_again_and_again(rich: Rdit) -> None:
    """A file with a heavy figure would take minutes more than under plain Python."""
    source = IMPORTS + (
        "import time\nfrom matplotlib.artist import Artist\nclass Slow(Artist):\n"
        "    def draw(self, renderer): time.sleep(20)\n\n"
        "ax = plt.gca()\nax.add_artist(Slow())\nax.set_title('x')\n"
    )
    first, second = rich.outputs(source)
    assert notes(first) == ["the figure took more than 3 seconds"]
    assert notes(second) == ["the figure takes long to draw; it is not drawn for each of its parts"]


def test_export_has_each_figure_once(rich: Rdit) -> None:
    """A reader would see one picture after each line that builds it up."""
    source = IMPORTS + (
        "plt.plot([1, 2])\nplt.title('one')\nprint('between')\nplt.ylabel('y')\n"
        "fig, ax = plt.subplots()\nax.plot([2, 1])\n"
    )
    page = rich.export(source, "html").decode()
    assert page.count("<img") == 2
    assert 'alt="Figure 640×480: one"' in page
    assert "Text(0" not in page
    assert rich.export(source, "py").decode().count("#> [Figure") == 2
    notebook = rich.export(source, "ipynb").decode()
    assert notebook.count('"image/png"') >= 2
