"""An object by its attributes, where its own text is no more than an address.

No code of the user's is called: neither `repr` nor properties.
"""

from ..type_names import name_of

if False:
    from typing import Any

_MOST, _NAME = 8, 24
"""Attributes that are listed, and characters of a name or a text among them."""


def in_a_line(value: "Any") -> str:
    """The attributes of an object in a line: `Account(owner='Ada')`. Nothing is called for it."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except Exception:
        return ""
    if type(found) is not dict or not found:
        return ""
    items = [item for item in list(found.items()) if type(item[0]) is str]
    shown = ["%s=%s" % (name[:_NAME], _briefly(item)) for name, item in items[:_MOST]]
    more = ["…"] if len(items) > _MOST else []
    return "%s(%s)" % (name_of(type(value)), ", ".join(shown + more))


def _briefly(value: "Any") -> str:
    kind = type(value)
    if kind is str:
        return repr(value if len(value) <= _NAME else value[:_NAME] + "…")
    if value is None or kind in (bool, float) or (kind is int and value.bit_length() < 100):
        return repr(value)
    return "…"
