"""What the cursor, written as `|`, is on or in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document.cursor import Argument, Completion, argument_at, completion_at, expression_at
from rdit_lsp.document.document import Document, open_document


def marked(text: str) -> tuple[Document, int, int]:
    """The document without its mark, and the line and column of that."""
    before, _, after = text.partition("|")
    document = open_document("file:///x.py", 1, before + after)
    return document, before.count("\n"), len(before.rpartition("\n")[2])


EXPRESSIONS = {
    "na|me": "name",
    "name|": "name",
    "|name = 1": "name",
    "a.b|.c": "a.b",
    "a.b.c|": "a.b.c",
    "a|.b.c": "a",
    "x['k'].y|": "x['k'].y",
    "x[0][-1].y|": "x[0][-1].y",
    "x[1:, 'a'].y|": "x[1:,'a'].y",
    "x[i|]": "i",
    "x[i].y|": None,
    "f(x).y|": None,
    "f|(x).y": "f",
    "f(x|).y": "x",
    "(a\n  .b\n  .c|)": "a.b.c",
    "a.\nb|": "b",
    "'te|xt'": None,
    "'text'.up|per": None,
    '"""\nte|xt\n"""': None,
    "x  # com|ment": None,
    "f'{na|me}'": "name",
    "f'{a.b|!r} {c}'": "a.b",
    "f'{a} {c|:>10}'": "c",
    "f'na|me {a}'": None,
    "f'{{na|me}}'": None,
    "f'{x:ab|c}'": None,
    "f'{[i| for i in x]}'": None,
    "if|": None,
    "return na|me": "name",
    "x = no|t y": None,
    "f(na|me=1)": None,
    "f(name=val|ue)": "value",
    "f(na|me == 1)": "name",
    "f((na|me := 1))": "name",
    "def f(na|me): pass": None,
    "def f(a, na|me=1): pass": None,
    "def f(a=na|me): pass": "name",
    "def na|me(): pass": "name",
    "class A(na|me): pass": "name",
    "class A(meta|class=B): pass": None,
    "from na|me import b": None,
    "from a import na|me": "name",
    "import a.b|": "a.b",
    "import a as na|me": "name",
    "def f(x):\n    x.y|": None,
    "def f(y):\n    x.y|": "x.y",
    "@na|me\ndef f(): pass": "name",
    "12|.real": None,
    "1.5e1|0": None,
    "ünï|code": "ünïcode",
    "a; b|; c": "b",
    "open(\nx|": "x",
    "x = [\n\ny|": "y",
    "|": None,
    "   |": None,
    "()|": None,
    "x . y|": "x.y",
    "x.|y": "x.y",
    "type|": "type",
    "match na|me:\n    case 1: pass": "name",
    "x is|": None,
}


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS.items())
def test_expression(text: str, expected: str | None) -> None:
    """A hover would show the value of something else, or evaluate what must not be."""
    document, line, column = marked(text)
    found = expression_at(document, line, column)
    assert expected == (found and found.text)
    if found is not None:
        name = document.lines[found.line][found.first : found.last]
        assert found.line == line
        assert name == found.text.rpartition(".")[2]


COMPLETIONS = {
    "df.|": Completion("df.", ""),
    "df.he|": Completion("df.", "he"),
    "df.he|ad()": Completion("df.", "he"),
    "x = a['k'].b.|": Completion("a['k'].b.", ""),
    "print(df.|)": Completion("df.", ""),
    "print(df.|\ny = 1": Completion("df.", ""),
    "f(a,\n  df.|\ny = 1": Completion("df.", ""),
    "if df.|": Completion("df.", ""),
    "for x in df.|:\n    pass": Completion("df.", ""),
    "df.|\nnext_line()": Completion("df.", ""),
    "f(x).|": None,
    "'text'.|": None,
    "1.|": None,
    "df. |": None,
    "# df.|": None,
    "'df.|'": None,
    "df['|": Completion("df['", "", "'"),
    "df['|']": Completion("df['", "", "'"),
    'df["pri|': Completion('df["', "pri", '"'),
    'df.loc["a b|': Completion('df.loc["', "a b", '"'),
    "df[['a', '|": Completion("df['", "", "'"),
    'df[["|"]]': Completion('df["', "", '"'),
    "df['a', '|": None,
    "df[|": Completion("df[", ""),
    "df[na|": Completion("", "na"),
    "['a', '|": None,
    "x = ['|": None,
    "x = [|": None,
    "f('|": None,
    "f({'|": None,
    "df[b'|": None,
    "df[r'|": Completion("df['", "", "r'"),
    "f'{df.|}'": Completion("df.", ""),
    "f'{df.|": Completion("df.", ""),
    "f'df.|": None,
    "na|": Completion("", "na"),
    "x = na|": Completion("", "na"),
    "f(na|": Completion("f(", "na"),
    "f(a, na|": Completion("f(", "na"),
    "a.f(b=1, na|)": Completion("a.f(", "na"),
    "f(b=na|": Completion("", "na"),
    "f(a + na|": Completion("", "na"),
    "def na|": None,
    "import na|": None,
    "|": None,
    "x = |": None,
    "def f(df):\n    df.|": None,
    "def f(a):\n    df.|": Completion("df.", ""),
    "def f(self):\n    x = df\n    x.|": None,
    "(df\n  .|": Completion("df.", ""),
    "df \\\n  .he|": Completion("df.", "he"),
    "x = 'open\ndf.|": Completion("df.", ""),
    "x = (1\ndef f(): pass\ndf.|": Completion("df.", ""),
}


@pytest.mark.parametrize(("text", "expected"), COMPLETIONS.items())
def test_completion(text: str, expected: Completion | None) -> None:
    """Nothing would be offered while a line is typed, or something that cannot stand there."""
    assert expected == completion_at(*marked(text))


ARGUMENTS = {
    "f(|": Argument("f", 0, None),
    "f(|)": Argument("f", 0, None),
    "f(a, |": Argument("f", 1, None),
    "f(a, b|, c)": Argument("f", 1, None),
    "a.b['k'].f(x, y=|": Argument("a.b['k'].f", 1, "y"),
    "f(g(|": Argument("g", 0, None),
    "f(g(1, 2), |": Argument("f", 1, None),
    "f((1, 2|": Argument("f", 0, None),
    "f([1, 2|, 3], 4)": Argument("f", 0, None),
    "f({1: 2, |": Argument("f", 0, None),
    "f(a == |": Argument("f", 0, None),
    "f('a, b|": Argument("f", 0, None),
    "f(\n  a,\n  |": Argument("f", 1, None),
    "f(a,\n  |\nx = 1": Argument("f", 1, None),
    "f(a)|": None,
    "f|(a)": None,
    "f(a)(|": None,
    "(1, |": None,
    "def f(|": None,
    "class A(|": None,
    "def f(g):\n    g(|": None,
    "def f(x):\n    g(x, |": Argument("g", 1, None),
    "f(  # comment |": None,
    "f(a\ndef g(): pass\n|": None,
    "print(|x)\ny": Argument("print", 0, None),
    "x = f(lambda y: |": Argument("f", 0, None),
    "f'{g(|": Argument("g", 0, None),
    "return f(|": Argument("f", 0, None),
    "if (|": None,
}


@pytest.mark.parametrize(("text", "expected"), ARGUMENTS.items())
def test_argument(text: str, expected: Argument | None) -> None:
    """Another function's parameters would be shown, or another parameter marked."""
    assert expected == argument_at(*marked(text))


pieces = st.sampled_from(
    ["x", ".", "y", "(", ")", "[", "]", "{", "}", "'", '"', '"""', "f'", ",", ":", "=", " ", "\n",
     "    ", "def ", "class ", "for ", " in ", "lambda ", "import ", "#", "\\", "é😀", "0", "case ", ";"]
)  # fmt: skip


@given(st.lists(pieces, max_size=25).map("".join), st.integers(0, 10), st.integers(0, 30))
def test_any_text(text: str, line: int, column: int) -> None:
    """A key stroke would be answered by an error."""
    document = open_document("file:///x.py", 1, text)
    line = min(line, len(document.lines) - 1)
    column = min(column, len(document.lines[line]))
    expression_at(document, line, column)
    completion_at(document, line, column)
    argument_at(document, line, column)
