"""Whether a library keeps the id of this process: in a fork it would go on with that of another one.

Knows modules and objects as far as they can be looked at without running code of theirs. The search is
small: modules that name `getpid`, what they hold, and objects of their classes in the namespace.
"""

import sys
from posix import getpid

from .project_imports import file_of

if False:
    from typing import Any, Iterator

_modules = sys.modules
_Function = type(lambda: None)
_MOST = 200
"""How many values of one object are looked at."""


class KeptPids:
    """Looks at each module once for the name, and at those that have it each time for the id."""

    def __init__(self) -> None:
        self._seen: "set[str]" = set()
        self._asking: "dict[str, dict[str, Any]]" = {}
        """The globals of modules of libraries that ask for the process id."""

    def holder(self, namespace: "dict[str, Any]") -> "str | None":
        """The name of a library that keeps the process id; None where none is found."""
        for name, module in list(_modules.items()):
            if name not in self._seen:
                self._seen.add(name)
                file = file_of(module)
                if file is not None and "-packages/" in file:
                    self._look_at(name, _attributes(module))
        pid = getpid()
        for name, held in self._asking.items():
            if any(_holds(value, pid, 2) for value in _some(held)):
                return name.partition(".")[0]
        for value in list(namespace.values()) if self._asking else ():
            name = type(value).__module__
            if type(name) is str and name in self._asking and _holds(value, pid, 2):
                return name.partition(".")[0]
        return None

    def _look_at(self, name: str, held: "dict[str, Any]") -> None:
        if "getpid" in held or any("getpid" in _names(value) for value in list(held.values())):
            self._asking[name] = held


def _names(value: object) -> "Iterator[str]":
    """The names in a function's code, or in that of a class's methods."""
    values = (
        list(type.__dict__["__dict__"].__get__(value).values())
        if issubclass(type(value), type)
        else [value]
    )
    for function in values:
        if type(function) is _Function:
            yield from function.__code__.co_names


def _holds(value: object, pid: int, depth: int) -> bool:
    """Whether a value is the process id, or has it as an attribute, a default or a member."""
    if type(value) is int:
        return value == pid
    if not depth:
        return False
    return any(_holds(inner, pid, depth - 1) for inner in _parts(value))


def _parts(value: "Any") -> "list[Any]":
    if type(value) is _Function:
        return [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if type(value) in (list, tuple):
        return list(value[:_MOST])
    return _some(value if type(value) is dict else _attributes(value))


def _some(held: "dict[str, Any]") -> "list[Any]":
    return list(held.values())[:_MOST]


def _attributes(value: "Any") -> "dict[str, Any]":
    """The attributes that an object or class has itself, without running code of it."""
    try:
        if issubclass(type(value), type):
            return dict(type.__dict__["__dict__"].__get__(value))
        found = object.__getattribute__(value, "__dict__")
    except Exception:
        return {}  # It has none, or its `__class__` is made up.
    return found if type(found) is dict else {}
