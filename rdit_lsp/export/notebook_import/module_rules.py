"""Statements that may stand anywhere in a notebook, and not in a file: `from __future__` and `global`.

Pure; takes the lines of cells that can be parsed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rdit_lsp.export.notebook_import.compiling import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def with_futures_first(cells: Sequence[Sequence[str]]) -> tuple[list[str], list[Sequence[str]]]:
    """The lines that have to come first, if any, and the cells without the imports that are there now."""
    bodies = [_body(lines) for lines in cells]
    if not any(is_late for _, _, is_late in _futures(bodies, docstring=True)):
        return [], list(cells)
    futures = list(_futures(bodies, docstring=False))
    late = dict.fromkeys(name for _, node, is_late in futures if is_late for name in _names(node))
    early = {name for _, node, is_late in futures if not is_late for name in _names(node)}
    names = [name for name in late if name not in early]
    changed = [
        _set_aside(lines, [node for cell, node, is_late in futures if is_late and cell == number])
        for number, lines in enumerate(cells)
    ]
    return [f"from __future__ import {', '.join(names)}", ""] if names else [], changed


def without_globals(lines: Sequence[str]) -> Sequence[str]:
    """The cell without `global` outside of functions, where it says what holds anyway."""
    found: list[ast.stmt] = []
    pending: list[ast.AST] = list(_body(lines))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Global):
            found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            pending += ast.iter_child_nodes(node)
    return _set_aside(lines, found)


def _body(lines: Sequence[str]) -> Sequence[ast.stmt]:
    tree = parsed("\n".join(lines))
    return tree.body if tree is not None else ()


def _futures(
    bodies: Iterable[Sequence[ast.stmt]], *, docstring: bool
) -> Iterator[tuple[int, ast.ImportFrom, bool]]:
    """Each `from __future__`, the number of its cell, and whether it comes too late for Python.

    `docstring`: a string may come before.
    """
    is_late = False
    for number, body in enumerate(bodies):
        for node in body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level:
                yield number, node, is_late
            elif docstring and _is_string(node):
                docstring = False
            else:
                is_late = True


def _names(node: ast.ImportFrom) -> list[str]:
    return [ast.unparse(alias) for alias in node.names]


def _is_string(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _set_aside(lines: Sequence[str], nodes: Iterable[ast.stmt]) -> Sequence[str]:
    """The lines with these statements as comments, or `pass` where something else shares their lines."""
    changed = list(lines)
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before = changed[first].encode()[: node.col_offset].decode()
        after = changed[last].encode()[node.end_col_offset or 0 :].decode()
        if before.strip() or after.split("#")[0].strip():
            changed[first : last + 1] = [f"{before}pass{after}"]
        else:
            start = f"{before}pass  # " if before else "# "
            others = [
                f"{before}# {line.removeprefix(before)}" for line in changed[first + 1 : last + 1]
            ]
            changed[first : last + 1] = [start + changed[first][len(before) :], *others]
    return changed
