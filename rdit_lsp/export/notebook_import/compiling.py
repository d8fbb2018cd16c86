"""Whether Python takes a text: one cell as IPython compiles it, or a whole script as Python does.

Nothing runs here.
"""

from __future__ import annotations

import ast
import warnings

_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_FAILURES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
"""What `compile` raises: ValueError for NUL before 3.12, the others for what is nested too deeply."""


def parsed(text: str) -> ast.Module | None:
    """The tree of a text that can be parsed."""
    try:
        return _parse(text)
    except _FAILURES:
        return None


def trouble_of_cell(text: str) -> Exception | None:
    """Why a cell cannot be run, None if it can.

    IPython compiles each statement of a cell for itself. So some rules hold within a statement only: a
    name may be used before `global` says that it is one, and `from __future__` may come late.
    """
    try:
        _compile(text)
    except _FAILURES as whole:
        try:
            for node in _parse(text).body:
                _compile(ast.Module([node], []))
        except _FAILURES:
            return whole
    return None


def trouble_of_script(text: str) -> Exception | None:
    """Why a file with this text, in UTF-8, cannot be run, None if it can; `await` may stand anywhere."""
    try:
        _compile(text.encode())
    except _FAILURES as error:
        return error
    return None


def reason(error: Exception) -> str:
    """What `compile` raised, in words, on one line."""
    if isinstance(error, RecursionError | MemoryError):
        return "it is nested too deeply"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(text.split()) or type(error).__name__


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _compile(source: str | bytes | ast.Module) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source, "<notebook>", "exec", _AWAIT, dont_inherit=True)
