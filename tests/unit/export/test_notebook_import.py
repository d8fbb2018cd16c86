"""Notebooks as scripts: what is legal in Jupyter compiles, and what is plain Python stays as it is."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdit_lsp.export.notebook_import.assembly import Script, script_of
from rdit_lsp.export.notebook_import.reading import Cell, Notebook, NotebookError, read

if TYPE_CHECKING:
    from pathlib import Path


def script(*cells: str, python: tuple[int, ...] = ()) -> Script:
    """The script of code cells with these sources."""
    return script_of(Notebook(tuple(Cell("code", source) for source in cells), python))


def is_compiled(text: str) -> bool:
    """Whether the file compiles, as rdit runs it: with `await` wherever it stands."""
    compile(text.encode(), "book.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return True


def became(*cells: str) -> list[str]:
    """What each of the cells became."""
    text = script(*cells).text
    assert is_compiled(text)
    _, *found = text.removesuffix("\n").split("# %%\n")
    return [cell.removesuffix("\n\n") for cell in found]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("!make \\\n  all", "# !make \\\n#   all"),
        ("x = !ls \\\n  -la", "# x = !ls \\\n#   -la"),
        ("x = \\\n  !ls", "# x = \\\n#   !ls"),
        (
            "if x:\n    %run a \\\n       b\n    y",
            "if x:\n    pass  # %run a \\\n    #    b\n    y",
        ),
        ("%time f(1, \\\n  2)", "f(1,    2)  # %time"),
        ("%timeit -n 10 -r3 -q f()", "f()  # %timeit"),
        ("%timeit -n10 -x", "-x  # %timeit"),
        ("%prun -s cumulative -l 5 f()", "f()  # %prun"),
        ("%lprun -f f f(1)", "f(1)  # %lprun"),
        ("x = %time f()", "x = f()  # %time"),
        ("x = %time y = 1", "# x = %time y = 1"),
        ("x = %timeit f()", "# x = %timeit f()"),
        ("%time nothing here", "# %time nothing here"),
        ("%%time\n!ls\nx = 1", "# %%time\n# !ls\nx = 1"),
        ("%%timeit -n 3 w = 2\nw + 1", "# %%timeit -n 3 w = 2\nw = 2\nw + 1"),
        ("%%time\n%%capture out\nx", "# %%time\n# %%capture out\nx"),
        ("%%bash -s a?\necho {x}", "# %%bash -s a?\n# echo {x}"),
        ("%%python3\nimport sys", "# %%python3\n# import sys"),
        ("%%time?\nx = 1", "# %%time?\nx = 1"),
        ("# first\n%%time\nx = 1", "# first\n# %%time\nx = 1"),
        ("!ls\n(1\n != 2)\n(10\n % 3)", "# !ls\n(1\n != 2)\n(10\n % 3)"),
        ("%a\nx = [\n  y\n  !=3,\n  z\n  %w]", "# %a\nx = [\n  y\n  !=3,\n  z\n  %w]"),
        ("%a\nx = '''\n!ls\n%b\n?\n'''", "# %a\nx = '''\n!ls\n%b\n?\n'''"),
        ("!echo it's\nx = 1", "# !echo it's\nx = 1"),
        ('!echo """ ( [\nx = 1', '# !echo """ ( [\nx = 1'),
        ("math.*sin*?", "# math.*sin*?"),
        ("*int*??", "# *int*??"),
        ("rows[0].append?", "# rows[0].append?"),
        ("(a,\n b) = zip?", "# (a,\n#  b) = zip?"),
        ("x = 'why?'  # why?\n%a", "x = 'why?'  # why?\n# %a"),
        ("if x: y = !ls\nelse: y = 1", "if x: pass  # y = !ls\nelse: y = 1"),
        ("if x[1:2]: y[1:2] = !ls", "if x[1:2]: pass  # y[1:2] = !ls"),
        ("if (x\n  or z): y = %env A", "if (x\n  or z): pass  # y = %env A"),
        ("x: list = !ls", "# x: list = !ls"),
        ("f(a=1)[0].b = !ls", "# f(a=1)[0].b = !ls"),
        ("with a:\n\t!ls\n", "with a:\n\tpass  # !ls"),
        (",f a b", 'f("a", "b")  # ,f a b'),
        (";f a b", 'f("a b")  # ;f a b'),
        ("/f a b", "f(a, b)  # /f a b"),
        ("    y = 2\n    y", "y = 2\ny"),
        ("\tif y:\n\t\t!ls", "if y:\n\tpass  # !ls"),
        (">>> for i in x:\n...     i\n...\n>>> y", "for i in x:\n    i\n\ny"),
        ("  >>> x = '''\n  ... y\n  ... '''", "x = '''\ny\n'''"),
        (
            "def f():\n  '''\n>>> f()\n... 1\n  '''\n%a",
            "def f():\n  '''\n>>> f()\n... 1\n  '''\n# %a",
        ),
        ("In [12]: z = 5\n    ...: z", "z = 5\nz"),
        ("[ins] In [1]: def f():\n   ...:     !ls\n   ...:", "def f():\n    pass  # !ls"),
        ("In [1]: %time x", "x  # %time"),
        ("x = ...\n%a", "x = ...\n# %a"),
    ],
)
def test_what_only_ipython_understands(cell: str, expected: str) -> None:
    """A cell that runs in Jupyter would be a syntax error, or lose more than IPython's part of it."""
    assert [expected] == became(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "pip install x",
        "pip install x==1 \\\n  y",
        "# for this notebook\npip install x",
        "cd ..",
        "ls -la",
        "ls /tmp",
        "ls",
        "  \npwd",
        "who",
        "cat a.txt | head -3",
        "time",
        "env",
    ],
)
def test_commands_without_percent(cell: str) -> None:
    """What IPython takes without `%` would be a syntax error, or a name that is not defined."""
    (found,) = became(cell)
    assert all(line.startswith("#") for line in found.split("\n") if line.strip())


@pytest.mark.parametrize(
    ("above", "cell"),
    [
        ("import time", "time"),
        ("def ls(): pass", "ls"),
        ("pwd = !pwd", "pwd"),
        ("for who in x: pass", "who -1"),
        ("from numpy import *", "load"),
        ("try: pass\nexcept E as history: pass", "history"),
        ("%run defs.py", "config"),
        ("", "ls = 1"),
        ("", "time, x"),
        ("", "ls.x"),
        ("", "hash"),
        ("", "x\nls"),
        ("", "(ls\n)"),
    ],
)
def test_names_that_are_python(above: str, cell: str) -> None:
    """A value of the program's would be gone, because a magic has its name."""
    assert cell == became(above, cell)[-1]


def test_python_beside_commands_without_percent() -> None:
    """An assignment would be taken for a command because the name is that of one."""
    cell = "env = \\\n  1\npip install x"
    assert ["env = \\\n  1\n# pip install x"] == became(cell)


def test_code_of_a_command_without_percent_is_kept() -> None:
    """`time f()` would lose the call."""
    assert ["f()  # %time"] == became("time f()")


def test_future_imports_come_first() -> None:
    """Python takes them at the start of a file only; IPython anywhere."""
    text = script(
        "x = 1",
        "%a\nfrom __future__ import division",
        "from __future__ import (annotations,\n  division)  # twice\ny",
        "z; from __future__ import division as d; z",
    ).text
    assert is_compiled(text)
    first, *_ = text.split("\n")
    assert "from __future__ import division, annotations, division as d" == first
    assert "# %a\n# from __future__ import division\n" in text
    assert "# from __future__ import (annotations,\n#   division)  # twice\ny\n" in text
    assert "z; pass; z\n" in text


@pytest.mark.parametrize(
    "cells",
    [
        ["from __future__ import annotations\nx = 1"],
        ["'''Doc.'''\n# c\nfrom __future__ import annotations", "from __future__ import division"],
        ["%matplotlib inline\nfrom __future__ import annotations", "x"],
    ],
)
def test_future_imports_that_come_first_anyway(cells: list[str]) -> None:
    """A script that is right would be changed."""
    text = script(*cells).text
    assert is_compiled(text)
    assert text.startswith("# %%\n")


def test_future_import_that_is_there_is_not_repeated() -> None:
    """The first lines would say twice what they import."""
    found = became("from __future__ import division", "x = 1\nfrom __future__ import division")
    assert ["from __future__ import division", "x = 1\n# from __future__ import division"] == found


def test_global_after_the_name_is_bound() -> None:
    """Outside of functions it says nothing, but a file that says it late does not compile."""
    found = became("x = y = 1", "global x\nx = 2", "if 1:\n    global x, y\nelse: global y; y = 1")
    assert "# global x\nx = 2" == found[1]
    assert "if 1:\n    pass  # global x, y\nelse: pass; y = 1" == found[2]


def test_global_in_functions_is_kept() -> None:
    """A function would bind a name of its own."""
    function = "def f():\n    global x\n    x = 1"
    assert ["x = 1", function, "# global x"] == became("x = 1", function, "global x")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("x = = 1", "line 1: invalid syntax"),
        ("!ls\nx = (", "line 2: '(' was never closed"),
        ("y = 1\nreturn", "line 2: 'return' outside function"),
        ("%%time\nprint 'a'", "line 1: Missing parentheses"),
        ("x = '\0'", ": source code string cannot contain null bytes"),
        ("from __future__ import braces", "line 1: not a chance"),
        ("x = 1 \\", "line 1: unexpected EOF"),
        ("-" * 100_000 + "1", ""),
        ("%%time\n" * 3000 + "x", ": it is nested too deeply"),
    ],
)
def test_one_broken_cell(cell: str, reason: str) -> None:
    """The cells before and after it would be lost with it, or it would end the script."""
    found = script("a = 1", cell, "b = 2")
    assert is_compiled(found.text)
    before, _, after = found.text.partition("\n\n# %%\n# This cell is not valid Python")
    assert "# %%\na = 1" == before
    assert after.startswith((", " if reason[:1] == "l" else "") + reason)
    assert after.endswith("\n\n# %%\nb = 2\n")
    ((line, _),) = found.refused
    assert 4 == line


def test_lines_that_became_comments_are_counted() -> None:
    """The user would not know that something is missing, nor where."""
    found = script("x = !ls \\\n -l\nx", "%%writefile a\n1", "# c\n%time x\nlen?", "= 1", "x = 1")
    lines = found.text.split("\n")
    expected = ["# x = !ls \\", "#  -l", "# %%writefile a", "# 1", "# len?", "# = 1"]
    assert expected == [lines[line - 1] for line in found.left]


def test_cells_for_a_newer_python_are_kept() -> None:
    """What this Python cannot read would be lost, though the one that runs the script reads it."""
    found = script("x = 1", "!ls\nnew syntax {", "y = !ls", python=(99, 0))
    assert "# %%\nx = 1\n\n# %%\n# !ls\nnew syntax {\n\n# %%\n# y = !ls\n" == found.text
    assert ([4], [], [5, 9]) == (found.unchecked, found.refused, found.left)


@pytest.mark.parametrize("comment", ["# -*- coding: latin-1 -*-", "# vim: set fileencoding=nope :"])
def test_comments_about_an_encoding(comment: str) -> None:
    """The script, which is in UTF-8, would be read as something else or not at all."""
    found = script(f"{comment}\nx = 'ä'").text
    namespace: dict[str, Any] = {}
    exec(compile(found.encode(), "book.py", "exec"), namespace)  # The test is about what it reads.
    assert "ä" == namespace["x"]
    assert script(f"# coding: utf-8\n{comment}").text.startswith("# %%\n# coding: utf-8\n")


LEGAL = [
    *(
        "%matplotlib inline",
        "!ls",
        "!pip install a \\\n  b",
        "x = !ls -la",
        "x = %env HOME",
        "!!ls",
    ),
    *("z = (1\n != 2)", "w = (10\n % 3)", "if x:\n    !ls\nelse:\n    %cd ..", "len?", "a.*b*?"),
    *("def f():\n    '''\n    >>> f()\n    %no\n    '''\n    return 3", "!echo it's", '!echo "'),
    *("%time x", "%timeit -n 3 x = 1", "/f a", "class A:\n    !ls\n    x = 1", "await f()", "?os"),
    *("from __future__ import annotations", "global x", "global x\nx = 1", "'''text'''", "pass"),
    *("from __future__ import division as d; x = 1", "if x:\n    global y", "for i in x: i = !ls"),
    *("async def g():\n    y = %a\n    await y", "# c?", "x = 'a' \\\n  'b'", "%lsmagic", "", " "),
    *("# coding: latin-1", "x = '\\ud800'", "# %%", "def f():\n    global x\n    x = 1", "x;"),
]
ALONE = ["pip install x", "ls -l", "cd", "%%bash\nls (", "%%time\nx = !ls", "%%writefile a\n'''"]


@st.composite
def legal_cells(draw: st.DrawFn) -> str:
    """A cell that Jupyter runs."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ALONE))
    text = "\n".join(draw(st.lists(st.sampled_from(LEGAL), max_size=5)))
    return draw(st.sampled_from([text, text, text, indented(text), prompted(text)]))


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def prompted(text: str) -> str:
    first, *others = text.split("\n")
    return "\n".join([f"In [3]: {first}", *(f"   ...: {line}" for line in others)])


@settings(deadline=None)  # Other tests run beside it.
@given(st.lists(legal_cells(), max_size=6))
def test_legal_cells_compile(cells: list[str]) -> None:
    """A script that a notebook became would not run at all."""
    found = script(*cells)
    assert is_compiled(found.text)
    assert [] == found.refused


BROKEN = [
    "x = = 1",
    "print 'a'",
    "(",
    "'''",
    "\0",
    "return",
    "if x:",
    "x = 1 \\",
    "  x\ny\n z",
    "…",
]


@settings(deadline=None)  # Other tests run beside it.
@given(st.lists(st.one_of(legal_cells(), st.sampled_from(BROKEN), st.text()), max_size=6))
def test_any_cells_compile(cells: list[str]) -> None:
    """A cell that is not even legal in Jupyter would end a script of which the rest is fine."""
    # As `read` gives them: in UTF-8, and with line feeds.
    cells = [cell.encode("utf-8", "replace").decode().replace("\r", "\n") for cell in cells]
    assert is_compiled(script(*cells).text)


PLAIN = [
    *("x = 1", "def f():\n    return 1\n", "'''a\n%b\n>>> c\n'''", "(1\n != 2)", "x \\\n% 2"),
    *("# comment?", "if x:\n\n    y\n", "async def f(): await x", "await x", "@d\nclass A: pass"),
    *("def f():\n\tglobal x", "x = f'{y!r}'", "print('!ls', x)", "for x in y: pass", "x = {\n}"),
]


@settings(deadline=None)  # Other tests run beside it.
@given(st.lists(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=5), max_size=5))
def test_plain_python_gets_nothing_but_markers(cells: list[list[str]]) -> None:
    """Code that needs no change would be changed."""
    sources = ["\n".join(cell).strip("\n") for cell in cells]
    expected = "\n\n".join(f"# %%\n{source}" for source in sources)
    found = script(*sources)
    assert (expected + "\n" if cells else "") == found.text
    assert ([], []) == (found.left, found.refused)


def saved(folder: Path, notebook: object) -> Path:
    path = folder / "book.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def code_cell(source: object, **more: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "metadata": {}, **more}


@pytest.mark.parametrize(
    "source", [["x = 1\n", "y = 2"], "x = 1\ny = 2", "x = 1\r\ny = 2", "x = 1\ry = 2"]
)
def test_source_as_list_or_string(tmp_path: Path, source: object) -> None:
    """Lines would be lost or run together."""
    notebook = {"nbformat": 4, "cells": [code_cell(source), "nonsense", {"cell_type": "code"}]}
    found = read(saved(tmp_path, notebook))
    assert (Cell("code", "x = 1\ny = 2"), Cell("code", "")) == found.cells


@pytest.mark.parametrize("lines", [["x = 1\n", "y = 2"], "x = 1\ny = 2"])
def test_format_3_as_it_is_on_disk(tmp_path: Path, lines: object) -> None:
    """Notebooks from before 2014 would be refused."""
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Title"], "metadata": {}},
        {"cell_type": "code", "input": lines, "language": "python", "outputs": [], "metadata": {}},
        {"cell_type": "html", "source": "<b>"},
        {"cell_type": "raw", "source": ["r"]},
    ]
    notebook = {
        "nbformat": 3,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells}, {"cells": []}],
    }
    expected = (
        "# %% [markdown]\n# ## Title\n\n# %%\nx = 1\ny = 2\n\n"
        "# %% [markdown]\n# <b>\n\n# %% [raw]\n# r\n"
    )
    assert expected == script_of(read(saved(tmp_path, notebook))).text


@pytest.mark.parametrize(
    ("metadata", "named"),
    [
        ({"language_info": {"name": "R"}, "kernelspec": {"name": "ir", "language": "R"}}, "R"),
        ({"kernelspec": {"name": "julia-1.10", "language": "julia"}}, "Julia"),
        ({"kernelspec": {"name": "julia-1.10", "display_name": "Julia"}}, "Julia"),
        ({"kernelspec": {"name": "ir"}}, "R"),
        ({"language": "Julia"}, "Julia"),
        ({"language_info": {"name": "rust"}}, "Rust"),
    ],
)
def test_other_languages_are_refused(tmp_path: Path, metadata: object, named: str) -> None:
    """A notebook of R would become a script of comments about invalid Python."""
    path = saved(tmp_path, {"nbformat": 4, "metadata": metadata, "cells": [code_cell("x <- 1")]})
    with pytest.raises(NotebookError) as error:
        read(path)
    assert f"{path} is a notebook of {named}; only those of Python become scripts." == str(
        error.value
    )


def test_other_languages_in_format_3(tmp_path: Path) -> None:
    """In format 3 the cells may be all that names the language."""
    cells = [{"cell_type": "code", "input": "1", "language": "julia"}]
    path = saved(tmp_path, {"nbformat": 3, "worksheets": [{"cells": cells}]})
    with pytest.raises(NotebookError, match="is a notebook of Julia"):
        read(path)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        None,
        {"kernelspec": {"name": "irene", "display_name": "My env"}},
        {"kernelspec": {"name": "python3", "language": "python"}},
        {"language_info": {"name": "ipython", "version": "3.9.1"}},
        {"language_info": {"name": "pyspark"}},
        {"language_info": "nonsense", "kernelspec": ["nonsense"]},
    ],
)
def test_notebooks_of_python(tmp_path: Path, metadata: object) -> None:
    """A notebook of Python would be refused for what its kernel is called."""
    found = read(saved(tmp_path, {"nbformat": 4, "metadata": metadata, "cells": [code_cell("1")]}))
    assert (Cell("code", "1"),) == found.cells
