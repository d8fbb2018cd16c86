"""Looks things up in syntax trees. Pure."""

import _ast

if False:
    from typing import Iterator

_AWAITING = (_ast.Await, _ast.AsyncFor, _ast.AsyncWith)
_FUNCTIONS = (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.Lambda)


def awaits(tree: "_ast.AST") -> bool:
    """Whether code of `tree` awaits, and not only functions that it defines."""
    if isinstance(tree, _AWAITING) or getattr(tree, "is_async", False):
        return True
    left_out = "body" if isinstance(tree, _FUNCTIONS) else ""
    return any(map(awaits, _children(tree, left_out)))


def names_in(tree: "_ast.AST") -> "Iterator[str]":
    """The names of variables and attributes in a tree, and of what it imports."""
    for field in ("id", "attr", "name"):
        name = getattr(tree, field, None)
        if type(name) is str:
            yield name
    for child in _children(tree):
        yield from names_in(child)


def _children(tree: "_ast.AST", left_out: str = "") -> "Iterator[_ast.AST]":
    for field in tree._fields:
        value = getattr(tree, field, None) if field != left_out else None
        for child in value if type(value) is list else (value,):
            if isinstance(child, _ast.AST):
                yield child
