"""Notebooks become scripts that run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.commandline import Rdit


def imported(plain: Rdit, *cells: tuple[str, object], nbformat: int = 4) -> str:
    """The script that a notebook of these cells becomes."""
    found = [{"cell_type": kind, "source": text, "metadata": {}} for kind, text in cells]
    notebook = {"cells": found, "nbformat": nbformat, "nbformat_minor": 5, "metadata": {}}
    (plain.folder / "book.ipynb").write_text(json.dumps(notebook))
    done = plain("import", "book.ipynb", "--output", "-")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    compile(text, "book.py", "exec")
    return text


def test_cells(plain: Rdit) -> None:
    """Text and code have to stay apart."""
    text = imported(
        plain, ("markdown", ["# Title\n", "\n", "text"]), ("code", "x = 1\nx"), ("raw", "r")
    )
    assert text == "# %% [markdown]\n# # Title\n#\n# text\n\n# %%\nx = 1\nx\n\n# %% [raw]\n# r\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%matplotlib inline\nx = 1", "# %matplotlib inline\nx = 1"),
        ("!pip install x", "# !pip install x"),
        ("if True:\n    !ls\nelse:\n    pass", "if True:\n    pass  # !ls\nelse:\n    pass"),
        ("%%bash\nls\necho", "# %%bash\n# ls\n# echo"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("%time x = 1", "x = 1  # %time"),
        ("len?", "# len?"),
        ("files = !ls", "# files = !ls"),
        ('text = """\n%not magic\n"""\n%magic', 'text = """\n%not magic\n"""\n# %magic'),
        ("x = 5\nx \\\n% 2", "x = 5\nx \\\n% 2"),
        ("await f()", "await f()"),
    ],
)
def test_what_only_ipython_understands(plain: Rdit, code: str, expected: str) -> None:
    """The script would be a syntax error."""
    (plain.folder / "x").mkdir()
    cells = [{"cell_type": "code", "source": code, "metadata": {}}]
    notebook = {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    (plain.folder / "book.ipynb").write_text(json.dumps(notebook))
    assert plain("import", "book.ipynb").returncode == 0
    assert f"# %%\n{expected}\n" == (plain.folder / "book.py").read_text()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "no json", '{"nbformat": 4}', '{"nbformat": "4"}', "[" * 10**5]
)
def test_no_notebook(plain: Rdit, text: str) -> None:
    """A traceback of rdit's own helps nobody."""
    (plain.folder / "book.ipynb").write_text(text)
    done = plain("import", "book.ipynb")
    assert done.returncode == 2
    assert done.stderr.startswith(b"rdit: book.ipynb is not a notebook: ")
    assert done.stderr.count(b"\n") == 1


def test_missing_file(plain: Rdit) -> None:
    """The user wants to know which file."""
    assert plain("import", "none.ipynb").stderr == b"rdit: none.ipynb: No such file or directory\n"


def test_script_that_is_there_is_not_lost(plain: Rdit) -> None:
    """Work done on an imported script would be gone after a second import."""
    imported(plain, ("code", "x = 1"))
    (plain.folder / "book.py").write_text("my work\n")
    done = plain("import", "book.ipynb")
    assert done.returncode == 2
    assert b"--output" in done.stderr
    assert (plain.folder / "book.py").read_text() == "my work\n"


def test_old_format(plain: Rdit) -> None:
    """Notebooks from before 2014 are still around."""
    cell = {
        "cell_type": "code",
        "input": "x = 1",
        "language": "python",
        "outputs": [],
        "metadata": {},
    }
    sheet = {"cells": [cell], "metadata": {}}
    old = {"worksheets": [sheet], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    (plain.folder / "old.ipynb").write_text(json.dumps(old))
    done = plain("import", "old.ipynb", "--output", "-")
    assert done.stdout == b"# %%\nx = 1\n"
