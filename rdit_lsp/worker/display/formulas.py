"""Formulas of sympy as a person writes them, over several lines."""

import sys

from ..type_names import is_from
from .mime_bundle import exact

_modules = sys.modules

_LONGEST = 10_000
"""Characters of a formula that is still easier to read than its `repr`."""

_COLUMNS = 100


def is_formula(kind):
    """Whether values of the class `kind` are sympy's."""
    return "sympy" in _modules and is_from(kind, "sympy")


def written(formula):
    """The formula in lines of text; None where that would be too long."""
    text = _modules["sympy"].pretty(formula, use_unicode=True, wrap_line=True, num_columns=_COLUMNS)
    return exact(text) if isinstance(text, str) and len(text) <= _LONGEST else None
