"""Formulas of sympy in two dimensions: fractions and exponents over several lines of text."""

import sys

from ..type_names import is_from
from .mime_bundle import exact

if False:
    from typing import Any

_modules = sys.modules

_LONGEST = 10_000
"""Characters of a formula that is still easier to read than its `repr`."""

_COLUMNS = 100


def is_formula(kind: "type[Any]") -> bool:
    """Whether values of the class `kind` are sympy's."""
    return "sympy" in _modules and is_from(kind, "sympy")


def pretty(formula: "Any") -> "str | None":
    """The formula as sympy pretty-prints it; None where that is too long to be easier to read."""
    text = _modules["sympy"].pretty(formula, use_unicode=True, wrap_line=True, num_columns=_COLUMNS)
    return exact(text) if isinstance(text, str) and len(text) <= _LONGEST else None
