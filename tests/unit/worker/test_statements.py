"""Cutting source into blocks and blocks into statements, against the whole file's own tree."""

from __future__ import annotations

import ast
import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document.blocks import Block, blocks
from rdit_lsp.worker.statements import check_encoding, lines_of, parse, span

SIMPLE = (
    "x = 1",
    "x",
    "x; y",
    "x = 1;",
    "import os, sys",
    "from os import (\n  path,\n\n  sep,\n)",
    "f(1,\n2)",
    "f(\n)",
    "x = [\n1,\n  2\n]",
    "x = {'a': (\n1)}",
    "x = 1 + \\\n  2",
    "x = 1 + \\\n2",
    "assert x, \\\n'y'",
    "'a' \\\n'b'",
    "'''one\ntwo'''",
    '"""one\ndef f():\n  pass\n"""',
    "x = r'''\\\\'''",
    "x = r'''\\''''''",
    "x = b'''a\n\\'''\n'''",
    "x = f'''{1}\n{2}'''",
    "x = rb'''\n''' ; y = u'''\n'''",
    "x = '''a''' '''b\n''' + \"\"\"c\n\"\"\"",
    "x = 'a\\\nb'",
    "x = '#'  # '''",
    "x = '\\''",
    'x = "\\\\"',
    "x = '''\n# not a comment\n'''",
    "x = '''\n@x\n'''",
    "x = (\n# comment\n1\n)",
    "x = (\n'''a\n)''')",
    "x = {\n}",
    "del x",
    "x: int = 5",
    "x = lambda: (\nyield_)",
    "äöü = '😀'",
    "async_ = 1",
    "else_ = 2",
    "match = 3",
    "print(match)",
    "(x) = 1",
    "[a, b] = 1, 2",
    "-x",
    "...",
    "`x`" if False else "not x",
)
COMPOUND = (
    "def f():\n  pass",
    "def f():\n\n  # c\n# at column 0\n  return 1",
    "def f(\n  a,\n):\n  return '''\ntext\n'''",
    "class A:\n  x = 1\n\n  def f(self):\n    pass",
    "@d\ndef f():\n  pass",
    "@d\n@e(\n1)\n\n# c\nclass A: pass",
    "if x:\n  1\nelif y:\n  2\nelse:\n  3",
    "if x: 1\nelse: 2",
    "for x in y:\n  pass\nelse:\n  pass",
    "while x:\n\tbreak",
    "try:\n  1\nexcept E:\n  2\nelse:\n  3\nfinally:\n  4",
    "try: 1\nfinally: 2",
    "try:\n  1\n# c\n\nexcept E: pass",
    "with a as b, \\\n     c as d:\n  pass",
    "async def f():\n  await x",
    "match x:\n  case 1:\n    pass\n  case _: pass",
    "if x:\n  def g():\n    '''\nz\n'''\n  y = (\n1)",
    "def f(): return 1",
    "if x:\n  y\n\f\n  z",
    "class A:\n  '''doc\n'''\n  pass  # c",
)
BETWEEN = (
    "\n",
    "\n\n",
    "\n# c\n",
    "\n\n  # indented comment\n\n",
    "\n\f\n",
    "\n\x0c",
    "\n   \n",
    "\n#\n\n#\n",
)


def spans_by_block(lines: list[str]) -> list[tuple[int, int, bool]]:
    """All statements' spans, each block parsed by itself."""
    found = []
    for first, last, _ in blocks(lines):
        for node in parse("\n".join(lines[first - 1 : last]), "x").body:
            each = span(node)
            found.append((each.first + first - 1, each.last + first - 1, each.is_expr))
    return found


def spans_of_whole(source: str) -> list[tuple[int, int, bool]]:
    return [tuple(span(node)) for node in ast.parse(source).body]


sources = st.lists(
    st.tuples(st.sampled_from(SIMPLE + COMPOUND), st.sampled_from(BETWEEN)), max_size=8
).map(lambda parts: "".join(text + between for text, between in parts))


@given(sources)
def test_blocks_hold_the_statements_of_the_whole(source: str) -> None:
    """Statement for statement, parsing block by block finds what the interpreter finds."""
    assert spans_by_block(lines_of(source)) == spans_of_whole(source)


@given(sources, st.sampled_from(["\r\n", "\r"]))
def test_line_ends_do_not_matter(source: str, end: str) -> None:
    """Editors send whatever the file has."""
    assert lines_of(source.replace("\n", end)) == lines_of(source)


def _is_cover(lines: list[str], found: list[Block]) -> bool:
    """Whether blocks are in order, apart, and leave out only what is blank or a comment."""
    after = 0
    for first, last, _ in found:
        if not after < first <= last <= len(lines):
            return False
        after = last
    return True


@given(sources, st.data())
def test_edits_never_raise(source: str, data: st.DataObject) -> None:
    """While a user types, most texts do not parse; each line is in one block at most."""
    at = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(at, len(source)))
    typed = data.draw(st.text("()[]{}'\"\\\n#@:; \tdefx=,\f\r\x00é", max_size=5))
    lines = lines_of(source[:at] + typed + source[end:])
    assert _is_cover(lines, list(blocks(lines)))


@given(st.text())
def test_garbage_never_raises(text: str) -> None:
    """An editor may open anything as Python."""
    lines = lines_of(text)
    assert _is_cover(lines, list(blocks(lines)))


@given(sources, st.data())
def test_what_is_broken_does_not_swallow_the_rest(source: str, data: st.DataObject) -> None:
    """A statement after an unclosed bracket or quote is found, where a statement surely begins."""
    broken = data.draw(
        st.sampled_from(["x = (", "f(1,", "x = [{", "'''a", 'x = """', "x = 'a", "if x", ")"])
    )
    after = "def last():\n  pass\nlast()"
    lines = lines_of(source + broken + "\n\n" + after)
    found = list(blocks(lines))
    assert _is_cover(lines, found)
    total = len(lines)
    ends = [(block.first, block.last) for block in found[-2:]]
    assert ends == [(total - 2, total - 1), (total, total)]


@given(sources)
def test_beginning_in_the_middle(source: str) -> None:
    """From the first line of any block on, the same blocks follow: an edit redoes only its own."""
    lines = lines_of(source)
    found = list(blocks(lines))
    stop = found[-1].first - 1 if found else 0
    for number, block in enumerate(found):
        assert list(blocks(lines, block.first - 1)) == found[number:]
        if number < len(found) - 1:
            assert (
                list(blocks(lines, block.first - 1, lambda index: index == stop))
                == found[number:-1]
            )


def test_real_source() -> None:
    """The standard library, which nobody wrote for this test."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(folder.glob("*.py")) + sorted(folder.glob("asyncio/*.py"))
    for file in random.Random(7).sample(files, min(40, len(files))):
        source = file.read_text("utf-8")
        if len(source) < 60_000:
            assert spans_by_block(lines_of(source)) == spans_of_whole(source), file


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        ("\n\n# c\n", []),
        ("x", [(1, 1)]),
        ("x\ny\n\nz", [(1, 1), (2, 2), (4, 4)]),
        ("@d\n@e\ndef f():\n  pass\nx", [(1, 4), (5, 5)]),
        ("x; y; z", [(1, 1)]),
        ("x = 1 \\\n+ 2\ny", [(1, 2), (3, 3)]),
        ("'''a\nb'''\nx", [(1, 2), (3, 3)]),
        ("rB'''a\nb'''\nx", [(1, 2), (3, 3)]),
        ("x = [\n1\n]\ny", [(1, 3), (4, 4)]),
        ("if x:\n  y\n\nelse:\n  z\nw", [(1, 5), (6, 6)]),
        ("def f():\n  x\n# c\n  y\n# d\nz", [(1, 4), (6, 6)]),
        ("x\n\f\ny", [(1, 1), (3, 3)]),
        ("\fx\n\f  \fy", [(1, 1), (2, 2)]),
        ("x\n\f@d\n \fdef f():\n  pass", [(1, 1), (2, 4)]),
        ("if x:\n  y\n\felse:\n  z = '\f'", [(1, 4)]),
        ("x = (\ny = 2\nz = 3", [(1, 1), (2, 2), (3, 3)]),
        ("x = (\ndef f():\n  pass", [(1, 1), (2, 3)]),
        ("x = '''\ny\nz", [(1, 1), (2, 2), (3, 3)]),
        ("x = 'a\ny", [(1, 1), (2, 2)]),
        ("x\n  y\nz", [(1, 2), (3, 3)]),
        ("x = 1;\ny", [(1, 1), (2, 2)]),
        ("try:\n  1\nexcept A:\n  2\nexcept B: 3\nfinally:\n  4", [(1, 7)]),
    ],
)
def test_golden_blocks(source: str, expected: list[tuple[int, int]]) -> None:
    """What a reader of the source would say."""
    assert [(block.first, block.last) for block in blocks(lines_of(source))] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x", [(1, 1, True)]),
        ("x;y=1", [(1, 1, True), (1, 1, False)]),
        ("@d\n\nclass A:\n  pass", [(1, 4, False)]),
        ("@d(\n1)\ndef f(): pass", [(1, 3, False)]),
        ("'''\n'''", [(1, 2, True)]),
        ("(\nx\n)", [(1, 3, True)]),
        ("await x", None),
    ],
)
def test_spans(source: str, expected: list[tuple[int, int, bool]] | None) -> None:
    """Decorators are part of a statement, and so are the brackets around it."""
    found = [tuple(span(node)) for node in parse(source, "x").body]
    assert expected is None or found == expected


def test_lines_are_pythons() -> None:
    """`str.splitlines` would break at characters that Python and LSP do not break at."""
    assert lines_of("a\r\nb\rc\nd\x0be\x0cf\x1cg\x85h\u2028i\n") == [
        "a",
        "b",
        "c",
        "d\x0be\x0cf\x1cg\x85h\u2028i",
        "",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# coding: utf-8\n",
        "# -*- coding: latin-1 -*-\n",
        "#!/bin/sh\n# vim: set fileencoding=utf8 :\n",
        "x = 1\n# coding: nothing\n",
        "\n\n# coding: nothing\n",
        "# encoding\n",
        "'# coding: nothing'\n",
        "# coding:\n",
        b"# coding: latin-1\n'\xe4'\n",
        b"\xef\xbb\xbf# coding: utf-8\n",
        "\ufeffx\n",
    ],
)
def test_proper_encodings(source: str | bytes) -> None:
    """A cookie counts in the first two lines, in a comment, and when it names a codec."""
    check_encoding(source, "x.py")


@pytest.mark.parametrize(
    "source",
    [
        "# coding: nothing\n",
        "\n# coding=no-such\n",
        b"#coding:nothing\n",
        "#!x\n#  encoding: nothing x\n",
    ],
)
def test_unknown_encodings(source: str | bytes) -> None:
    """`python FILE` runs nothing then, though `compile` would not mind."""
    with pytest.raises(SyntaxError, match="encoding"):
        check_encoding(source, "x.py")
