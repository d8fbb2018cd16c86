"""Names that source text binds, against what Python's own grammar says, and as far as it is broken."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest

from rdit_lsp.document.bindings import binding_lines, is_local

_STDLIB = Path(sysconfig.get_path("stdlib"))


class _Binder(ast.NodeVisitor):
    """Collects the names that a module binds at its top level, each with its last statement's line."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.line = 0

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.match_case):
            self.line = node.pattern.lineno
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            self.line = node.lineno
        super().visit(node)

    def bind(self, name: str | None) -> None:
        if name is not None:
            self.lines[name] = max(self.line, self.lines.get(name, 0))

    def visit_FunctionDef(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> None:
        self.bind(node.name)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        pass

    def visit_ListComp(self, node: ast.AST) -> None:
        pass

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.bind(node.name)
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        if node.name != "*":
            self.bind(node.asname or node.name.partition(".")[0])

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self.bind(node.name)


@pytest.mark.parametrize("path", sorted(_STDLIB.glob("*.py")), ids=lambda path: path.name)
def test_agrees_with_the_grammar(path: Path) -> None:
    """A variable would lead to a line that does not bind it."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    binder = _Binder()
    binder.visit(ast.parse(text))
    assert binder.lines == dict(binding_lines(text))


def test_every_way_to_bind() -> None:
    """A variable would lead to no line, or to one above."""
    text = """\
import os.path, sys as system
from a import (b,
    c as d)
for i, (j, *k) in x: pass
with open(p) as f, (g) as h: q = 1
with (u() as v, w() as (y, z)): pass
e.attribute = l[index] = m = n = 0
o: int = 5; r += 1
class A: inner = 1
@decorated
def function(parameter=default): local = 1
if (walrus := 1): t = s = 2
try:
    pass
except E as error: pass
match command:
    case [first, *rest] if guard: pass
    case {"k": value, **others}: pass
    case Point(x=px) as whole: pass
type Alias = int
type = match = case = 1
[comprehension for comprehension in x]
x = """
    assert {
        "os": 1, "system": 1, "b": 2, "d": 2, "i": 4, "j": 4, "k": 4, "f": 5, "h": 5, "q": 5,
        "v": 6, "y": 6, "z": 6, "m": 7, "n": 7, "o": 8, "r": 8, "A": 9, "function": 11,
        "walrus": 12, "t": 12, "s": 12, "error": 15, "first": 17, "rest": 17, "value": 18,
        "others": 18, "px": 19, "whole": 19, "Alias": 20, "type": 21, "match": 21, "case": 21,
        "x": 23,
    } == binding_lines(text)  # fmt: skip


def test_broken_text() -> None:
    """While a line is typed, all variables below it would lose their lines."""
    text = "a = (1,\nb = [\ndef f(x):\n    c = 1\nd = 'open\ne = 2\n"
    found = binding_lines(text)
    assert found["f"] == 3
    assert found["e"] == 6
    assert "c" not in found


def local(text: str) -> bool:
    """Whether the name before the mark `|` is local there."""
    before, _, after = text.partition("|")
    name = before[len(before.rstrip("abcdefghijklmnopqrstuvwxyz")) :]
    return is_local(name, before + after, len(before) - 1)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x|",
        "def f(a, *x): x|",
        "def f(a, b=1, **x):\n    if a:\n        x|",
        "def f():\n    x = 1\n    x|",
        "def f():\n    x|\n    x = 1",
        "def f():\n    for x in y:\n        x|.",
        "def f(x):\n    def g():\n        x|",
        "class A:\n    x = 1\n    y = x|",
        "class A:\n    def f(self):\n        self|.",
        "async def f(\n    x,\n):\n    x|.\n    y = 1",
        "[x| for x in y]",
        "lambda x, y=1: x|",
        "f(a, key=lambda x: x|.",
        "def f(x):\n    return [y for y in x|",
        "def f(x): return x|",
        "if a:\n    def f(x):\n        x|.",
        "def f():\n    with a as x:\n        print(x|",
    ],
)
def test_local(text: str) -> None:
    """The value of a global of the same name would be shown for it."""
    assert local(text)


@pytest.mark.parametrize(
    "text",
    [
        "x|",
        "for x in y:\n    x|.",
        "def f(y):\n    return x|",
        "def f(a=x|): pass",
        "def f(a: x|): pass",
        "def f():\n    global x\n    x = 1\n    x|",
        "class A:\n    x = 1\n    def f(self):\n        x|",
        "def f():\n    def g(x): pass\n    x|",
        "def f(x): pass\nx|",
        "[y for y in x|]",
        "lambda y: x|",
        "def f():\n    x.y = 1\n    x|",
        "def f():\n    x[0] = 1\n    x|",
        "def f():\n    g(x=1)\n    x|",
        "class A:\n    y = x|",
        "if a:\n    x = 1\n    x|",
    ],
)
def test_global(text: str) -> None:
    """A name inside a function would have no value to look at."""
    assert not local(text)
