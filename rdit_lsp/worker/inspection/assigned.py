"""A short text of the value that an assignment has bound, for those who want to see it beside the line.

It runs in the program itself, after each assignment, so no code of the user's is called: neither `repr` nor
properties. What well-known libraries compute for a table is called, for a fraction of a second at most.
"""

from .bounded_repr import BoundedRepr, one_line
from .guarded_calls import GuardedCalls
from .lookup import is_definition, qualified

if False:
    from typing import Any

LONGEST = 60
"""Characters of the text."""

SECONDS = 0.05
"""Time for what a library computes."""

_LIBRARIES = ("numpy.", "pandas.", "polars.")


def text_of(value: "Any") -> "str | None":
    """The text; None where there is none that says something."""
    if is_definition(value):
        return None
    kind = qualified(type(value))
    is_of_library = kind.startswith(_LIBRARIES)
    reprs = BoundedRepr(GuardedCalls(SECONDS, gentle=not is_of_library))
    text = one_line((reprs.summary if is_of_library else reprs.line)(value), LONGEST)
    if text.startswith("<") or not text:
        return None
    has_name = not is_of_library or text.startswith(kind.rpartition(".")[2])
    return text if has_name else "%s %s" % (kind.rpartition(".")[2], text)
