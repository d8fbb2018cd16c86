"""Notebooks become scripts that run."""

from __future__ import annotations

import ast
import json
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from rdit_lsp.export.notebook_import.assembly import script_of
from rdit_lsp.export.notebook_import.reading import Cell, Notebook

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
    """A traceback of rdit's own does not help the user."""
    (plain.folder / "book.ipynb").write_text(text)
    done = plain("import", "book.ipynb")
    assert done.returncode == 2
    assert done.stderr.startswith(b"rdit: book.ipynb is not a notebook: ")
    assert done.stderr.count(b"\n") == 1


def book(plain: Rdit, *cells: str, **metadata: object) -> None:
    """Write a notebook of these code cells."""
    found = [{"cell_type": "code", "source": text, "metadata": {}} for text in cells]
    notebook = {"cells": found, "nbformat": 4, "nbformat_minor": 5, "metadata": metadata}
    (plain.folder / "book.ipynb").write_text(json.dumps(notebook))


def test_what_is_lost_is_said(plain: Rdit) -> None:
    """The user would find out from a NameError, or never."""
    book(plain, "x = !ls\ny = 1", "%env A=b\n!ls", "print 'a'", "%%writefile f\n1")
    done = plain("import", "book.ipynb")
    assert (done.returncode, done.stdout) == (0, b"")
    first, second = done.stderr.decode().splitlines()
    assert first == "rdit: 6 lines were left as comments: 2, 6–7, 11, 14–15."
    assert second.startswith("rdit: the cell at line 9 is not valid Python: Missing parentheses")
    lines = (plain.folder / "book.py").read_text().splitlines()
    assert lines[1] == "# x = !ls"
    assert lines[13:] == ["# %%writefile f", "# 1"]


def test_one_line_that_is_lost(plain: Rdit) -> None:
    """One thing would be said as many are."""
    book(plain, "!ls")
    done = plain("import", "book.ipynb", "--output", "-")
    assert done.stderr == b"rdit: 1 line was left as a comment: 2.\n"


def test_many_broken_cells(plain: Rdit) -> None:
    """A notebook of Python 2 would fill the screen with the same sentence."""
    book(plain, *(f"print {n}" for n in range(3)))
    done = plain("import", "book.ipynb", "--output", "-")
    _, second = done.stderr.decode().splitlines()
    assert second == "rdit: 3 cells are not valid Python, as is said there: at lines 1, 5, 9."
    assert done.stdout.count(b"# This cell is not valid Python, line 1: Missing parenth") == 3


def test_other_languages(plain: Rdit) -> None:
    """A notebook of R would become a script of nothing but comments."""
    book(plain, "x <- 1", kernelspec={"name": "ir", "language": "R"}, language_info={"name": "R"})
    done = plain("import", "book.ipynb")
    assert done.returncode == 2
    expected = b"rdit: book.ipynb is a notebook of R; only those of Python become scripts.\n"
    assert done.stderr == expected
    assert not (plain.folder / "book.py").exists()


def test_reader_that_has_gone(plain: Rdit) -> None:
    """`rdit import … | head` would end with a traceback of rdit's own."""
    book(plain, "x = 1\n" * 20_000)
    command = f"'{plain.command}' import book.ipynb --output - | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, cwd=plain.folder, check=True)
    assert (done.stdout, done.stderr) == (b"# %%\n", b"")


SPECIAL = [
    *("%matplotlib inline", "!ls", "!a \\\n  b", "y = !ls -la", "y = %env HOME", "z = (1\n != 2)"),
    *(
        "w = (10\n % 3\n )",
        "if x:\n    !ls\n    y = 2\nelse:\n    %cd ..",
        "len?",
        "a.*b*?",
        "*c*?",
    ),
    *(
        "def f():\n    '''\n    >>> f()\n    %no\n    !no\n    '''\n    return 3",
        "r[0].a?",
        "?",
        "??os",
    ),
    *("%cd?", "%%no", "t = '''\n%x\n!y\n?\n'''", "# what?", "s = 'it''s'", "!echo it's", '!echo "'),
    *(
        "x = \\\n  5",
        "x \\\n% 2",
        "(a,\n b) = !ls",
        "a = \\\n!ls",
        "for i in x: j = !ls",
        "if x: y = %a b",
    ),
    *(
        "if x[1:2]: y = !ls",
        "x: list = !ls",
        ",f a",
        ";f a b",
        "/f a b",
        "%time x",
        "@d\ndef g(): pass",
    ),
    *("class A:\n    x = 1\n    !ls\n    def f(self):\n        %time 1\n", "await h()", "global x"),
    *(
        "async def h():\n    await x\n    y = !ls",
        "from __future__ import annotations",
        "x = f'{x!r}'",
    ),
    *(
        "try:\n    !ls\nexcept OSError:\n    !b",
        "with a as b:\n\t!ls\n",
        "x != 2",
        "a = !!ls",
        "x =%a",
    ),
    *(
        "f(x)[1] = !ls",
        "x = y = 3",
        "%a %b",
        "x;",
        "",
        "  ",
        "\t",
        "!ls \\",
        'x = "\\\n!ls"',
        "In [1]: x",
    ),
    *(
        "print(\n  '''\n!ls\n''')",
        "if x:\n  # c\n  !ls",
        ">>> x\n... y",
        "   ...: x",
        "x = = 1",
        "def (",
    ),
]
TRANSFORM = """
import json, sys
from IPython.core.inputtransformer2 import TransformerManager
def transformed(cell):
    try:
        return TransformerManager().transform_cell(cell)
    except SyntaxError:
        return cell
json.dump([transformed(cell) for cell in json.load(sys.stdin)], sys.stdout)
"""


def pasted(draw: random.Random, text: str) -> str:
    """The text as it is, or as it may look that was copied from somewhere."""
    first, *others = text.split("\n")
    prompts = [("", ""), ("    ", "    "), (">>> ", "... "), ("In [7]: ", "   ...: ")]
    start, more = draw.choices(prompts, [9, 1, 1, 1])[0]
    return "\n".join([start + first, *(more + line for line in others)])


def is_legal(text: str) -> bool:
    """Whether IPython would run a cell that it has made this Python of: it compiles each statement."""
    try:
        for node in ast.parse(text).body:
            code = ast.Module([node], [])
            compile(code, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return False
    return True


def test_what_ipython_runs_is_valid(rich: Rdit) -> None:
    """A cell that runs in Jupyter would be taken for broken; IPython itself says which do."""
    draw = random.Random(11)
    cells = [
        pasted(draw, "\n".join(draw.choices(SPECIAL, k=draw.choice([1, 2, 3]))))
        for _ in range(2000)
    ]
    done = subprocess.run(
        [rich.python, "-c", TRANSFORM], input=json.dumps(cells).encode(), stdout=-1, check=True
    )
    transformed = json.loads(done.stdout)
    legal = [cell for cell, text in zip(cells, transformed, strict=True) if is_legal(text)]
    assert len(legal) > 1000
    refused = [cell for cell in legal if script_of(Notebook((Cell("code", cell),))).refused]
    assert refused == []


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
