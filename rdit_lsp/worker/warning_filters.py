"""Replaces the program's warning filters for a moment, while the worker does something of its own.

Knows that the interpreter asks `warnings` if that is imported, and otherwise `_warnings`.
"""

import sys
from _warnings import filters as _builtin_filters

if False:
    from typing import Any

_modules = sys.modules
_REPLACEABLE = (("showwarning", "_showwarning_orig"), ("formatwarning", "_formatwarning_orig"))
"""Functions of `warnings` that a program may replace, and where that module keeps its own."""

IGNORE: "list[Any]" = [("ignore", None, Warning, None, 0)]
"""Filters by which no warning is shown."""


class Filters:
    """Has warnings treated by other filters, and shown without functions of the program's."""

    def __init__(self, filters: "list[Any]") -> None:
        self._filters = filters

    def __enter__(self) -> None:
        module: "Any" = _modules.get("warnings")
        self._values: "dict[str, Any] | None" = vars(module) if type(module) is type(sys) else None
        if self._values is None:
            self._filters_before = list(_builtin_filters)
            _builtin_filters[:] = self._filters
            return
        values = self._values
        own = {
            name: values[kept] for name, kept in _REPLACEABLE if name in values and kept in values
        }
        own["filters"] = self._filters
        self._before = {name: values.get(name) for name in own}
        values.update(own)

    def __exit__(self, *_: object) -> None:
        if self._values is None:
            _builtin_filters[:] = self._filters_before
        else:
            self._values.update(self._before)


def current() -> "list[Any]":
    """A copy of the filters as they are now."""
    values: "dict[str, Any]" = vars(_modules["warnings"]) if "warnings" in _modules else {}
    return list(values.get("filters", _builtin_filters))
