"""What real libraries show, without any configuration of the user's."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from support.commandline import Rdit, notes, size_of

if TYPE_CHECKING:
    import pytest


def test_show_gives_every_figure_and_closes_it(rich: Rdit) -> None:
    """A window would open on the machine of the server, or nothing at all."""
    source = (
        "import matplotlib.pyplot as plt\nfor _ in range(3): _ = plt.figure(); _ = plt.plot([1, 2])\n\n"
        "plt.show()\nplt.get_fignums()\n"
    )
    *shown, left = rich.outputs(source)
    assert [(640, 480)] * 3 == [size_of(output) for output in shown]
    assert ["display"] * 3 == [output["type"] for output in shown]
    assert left["text"] == "[]"


def test_show_in_the_statement_that_imports(rich: Rdit) -> None:
    """Scripts with a `main` import, draw and show in one statement."""
    body = "    import matplotlib.pyplot as plt\n    plt.plot([1, 2])\n    plt.show()\n"
    source = f"def main():\n{body}\nmain()\n"
    assert [(640, 480)] == [size_of(output) for output in rich.outputs(source)]


def test_figure_as_value(rich: Rdit) -> None:
    """The figure would be told as its class and address."""
    source = (
        "from matplotlib.figure import Figure\nf = Figure(figsize=(2, 1))\n_ = f.add_subplot()\nf\n"
    )
    shown = rich.shown(source)
    assert size_of(shown) == (200, 100)
    assert shown["type"] == "result"


def test_figure_of_100_megapixels(rich: Rdit) -> None:
    """Drawing it would take gigabytes."""
    source = "import matplotlib.pyplot as plt\n_ = plt.figure(figsize=(100, 100))\nplt.show()\n"
    shown = rich.shown(source)
    width, height = size_of(shown)
    assert width * height <= 8_000_000
    assert notes(shown) == ["the figure has 10,000 × 10,000 pixels; it is shown smaller"]


def test_shown_again_without_waiting_is_one_picture(rich: Rdit) -> None:
    """An animation would leave a picture for each of its frames."""
    source = (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"
        "for i in range(5): _ = ax.plot([i]); plt.show(block=False)\n\nlen(plt.get_fignums())\n"
    )
    picture, left = rich.outputs(source)
    assert size_of(picture) == (640, 480)
    assert left["text"] == "1"


def test_users_backend_wins(rich: Rdit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend chosen with MPLBACKEND is the one wanted."""
    source = "import matplotlib\nmatplotlib.get_backend().lower()\n"
    assert rich.shown("import matplotlib\n_ = matplotlib.use('svg')\n" + source)["text"] == "'svg'"
    monkeypatch.setenv("MPLBACKEND", "pdf")
    assert rich.shown(source)["text"] == "'pdf'"


def test_quiet_and_children_have_no_backend_of_ours(rich: Rdit) -> None:
    """`--quiet` is `python FILE`, and a child process could not import the backend."""
    source = "import matplotlib.pyplot as plt\nprint(plt.get_backend())\n"
    path = rich.write(source)
    plain = subprocess.run([rich.python, path], capture_output=True, check=True, env=os.environ)
    quiet = rich("run", "--python", rich.python, "--quiet", "--timeout", "90", str(path))
    assert plain.stdout == quiet.stdout
    rich.write(source, "other.py")
    child = "import subprocess, sys\nsubprocess.run([sys.executable, 'other.py'], check=True);\n"
    assert plain.stdout.decode() == rich.outputs(child)[0]["text"]


def test_environment_is_not_touched(rich: Rdit) -> None:
    """A program could tell rdit from Python."""
    value = "[n for n in os.environ if 'MPL' in n], len(sys.meta_path)"
    source = f"import os, sys, matplotlib\n{value}\n"
    probe = rich.write(f"import os, sys, matplotlib\nprint(({value}))\n", "probe.py")
    plain = subprocess.run([rich.python, probe], capture_output=True, check=True)
    assert plain.stdout.decode().strip() == rich.outputs(source)[0]["text"]


def test_tables(rich: Rdit) -> None:
    """A hover needs the table, a hint its shape and types."""
    frame = rich.shown("import pandas as pd\npd.DataFrame({'a': range(1204), 'b': 'x'})\n")
    assert "<table" in frame["data"]["text/html"]
    assert frame["metadata"]["rdit"]["shape"] == [1204, 2]
    assert frame["metadata"]["rdit"]["dtypes"][0] == "int64"
    frame = rich.shown("import polars as pl\npl.DataFrame({'a': [1, 2]})\n")
    assert "<table" in frame["data"]["text/html"]
    assert frame["metadata"]["rdit"] == {"type": "DataFrame", "shape": [2, 1], "dtypes": ["Int64"]}


def test_frame_with_a_million_columns(rich: Rdit) -> None:
    """Its types alone would be megabytes."""
    shown = rich.shown("import numpy as np, pandas as pd\npd.DataFrame(np.zeros((2, 1_000_000)))\n")
    assert shown["metadata"]["rdit"]["shape"] == [2, 1_000_000]
    assert len(json.dumps(shown)) < 100_000


def test_arrays_are_cut_as_numpy_does(rich: Rdit) -> None:
    """A large array would be told number by number."""
    shown = rich.shown("import numpy as np\nnp.zeros((1000, 3))\n")
    assert "..." in shown["text"]
    expected = {"type": "ndarray", "shape": [1000, 3], "dtype": "float64"}
    assert expected == shown["metadata"]["rdit"]


def test_pictures_and_formulas(rich: Rdit) -> None:
    """The libraries' own representations are used."""
    assert size_of(rich.shown("from PIL import Image\nImage.new('RGB', (30, 20))\n")) == (30, 20)
    shown = rich.shown("import sympy\nsympy.sqrt(1 / sympy.Symbol('x'))\n")
    assert shown["text"] == "sqrt(1/x)"
    assert shown["data"]["text/latex"] == "$\\displaystyle \\sqrt{\\frac{1}{x}}$"
    assert shown["metadata"]["rdit"]["pretty"] == "    ___\n   ╱ 1 \n  ╱  ─ \n╲╱   x "


def test_ipythons_display(rich: Rdit) -> None:
    """IPython's functions would print reprs where there is no IPython shell."""
    source = (
        "from IPython.display import HTML, Markdown, clear_output, display, update_display\n"
        "display(HTML('<b>x</b>'))\nMarkdown('**y**')\n"
        "handle = display(1, display_id='one')\nupdate_display(2, display_id='one')\n"
        "for i in range(3): clear_output(wait=True); print(i)\n"
    )
    html, markdown, updated, last = rich.outputs(source)
    assert html["data"]["text/html"] == "<b>x</b>"
    assert markdown["data"]["text/markdown"] == "**y**"
    assert updated["text"] == "2"
    assert last["text"] == "2\n"
