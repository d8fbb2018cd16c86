"""What statements await, and which names they use."""

from __future__ import annotations

import ast

import pytest

from rdit_lsp.worker.trees import awaits, names_in

AWAITING = [
    "await f()",
    "x = [await f() for f in fs]",
    "y = [x async for x in f()]",
    "async with f(): pass",
    "async for x in f(): pass",
    "if a:\n    with b:\n        await c",
    "def f(x=await g()): pass",
    "f(lambda: 1, await x)",
]
NOT_AWAITING = [
    "async def f():\n    await g()",
    "def f():\n    async def g(): await h()",
    "'await'",
    "class C:\n    async def f(self):\n        async with g(): pass",
    "f = lambda: (yield)",
]


@pytest.mark.parametrize("source", AWAITING)
def test_awaits(source: str) -> None:
    """Taken for another statement it would not compile with those around it."""
    assert awaits(ast.parse(source).body[0])


@pytest.mark.parametrize("source", NOT_AWAITING)
def test_does_not_await(source: str) -> None:
    """Taken for one that awaits it would run in a frame of its own."""
    assert not awaits(ast.parse(source).body[0])


def test_names() -> None:
    """A name that is missed may ask for a file that nothing then depends on."""
    source = (
        "import os.path as p\nfrom os import stat as s\nx = a.b[c](d=e)\ndef f(): return g.exists\n"
    )
    names = set(names_in(ast.parse(source)))
    assert {"os.path", "stat", "x", "a", "b", "c", "e", "f", "g", "exists"} <= names
