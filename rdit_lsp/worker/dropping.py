"""Lets go of a statement's value as the statement itself would: in its line of the file.

Under plain Python an expression's value dies in the frame of its statement, and a warning of that names the
line: "unclosed file", "coroutine was never awaited". Here it has to live on until it is shown.
"""

import _ast
from sys import getrefcount

from .warning_filters import IGNORE, Filters

if False:
    from types import CodeType
    from typing import Any, List, Optional

_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes))
_OWN = 2
"""References to a value that only its list has: that of the list, and that of the call which asks."""


def code_to_drop(held: "List[Any]", path: str, line: int) -> "Optional[CodeType]":
    """Code of `path` that empties `held` in this line; None where its value does not end by that."""
    if type(held[0]) in _PLAIN or getrefcount(held[0]) > _OWN:
        return None
    constants = [held.clear if each == _PLACE else each for each in _EMPTYING.co_consts]
    return _EMPTYING.replace(co_consts=tuple(constants), co_filename=path, co_firstlineno=line)


_PLACE = "clear"


def _emptying() -> "CodeType":
    """The statement `clear()`, with a constant in the place of the name."""
    place: "dict[str, Any]" = {
        "lineno": 1,
        "col_offset": 0,
        "end_lineno": 1,
        "end_col_offset": 0,
    }
    call = _ast.Call(_ast.Constant(_PLACE, **place), [], [], **place)
    module = _ast.Module([_ast.Expr(call, **place)], [])
    with Filters(IGNORE):  # A string cannot be called, the compiler says.
        return compile(module, "", "exec", dont_inherit=True)


_EMPTYING = _emptying()
