"""Whether a library keeps the id of this process: in a fork it would go on with that of another one.

Knows modules and objects as far as they can be looked at without running code of theirs. The search is
small: modules that name `getpid`, what they hold, and objects of their classes in the namespace.
"""

import sys
from posix import getpid

from .project_imports import file_of

if False:
    from typing import Any

_modules = sys.modules
_Function = type(lambda: None)
_BY_WHICH = {"os", "_os", "posix", "getpid"}
"""The globals by which code comes to the name."""
_MOST = 200
"""How many values of one object are looked at."""


class KeptPids:
    """Looks at each module once for the name, and at those that have it each time for the id."""

    def __init__(self) -> None:
        self._seen: "set[str]" = set()
        self._newest: "tuple[int, str | None]" = (0, None)
        """The number of modules, and the name that came last, when they were looked through."""
        self._asking: "dict[str, dict[str, Any]]" = {}
        """The globals of modules of libraries that ask for the process id."""

    def holder(self, namespace: "dict[str, Any]") -> "str | None":
        """The name of a library that keeps the process id; None where none is found."""
        self._look_at_new_modules()
        pid = getpid()
        for name, held in self._asking.items():
            values = [value for key, value in list(held.items()) if key != "__builtins__"]
            if any(_keeps(value, name, pid) for value in values):
                return name.partition(".")[0]
        for value in list(namespace.values()) if self._asking else ():
            where = _module_of(type(value))
            if where in self._asking and _keeps(value, where, pid):
                return where.partition(".")[0]
        return None

    def _look_at_new_modules(self) -> None:
        # Looking through them writes each one's reference count: a forked state would get its own copy of
        # every page that a module is on.
        newest = (len(_modules), next(reversed(_modules), None))
        if newest == self._newest:
            return
        self._newest = newest
        for name, module in list(_modules.items()):
            if name not in self._seen:
                self._seen.add(name)
                file = file_of(module)
                if file is not None and "-packages/" in file:
                    self._look_at(name, _attributes(module))

    def _look_at(self, name: str, held: "dict[str, Any]") -> None:
        if _BY_WHICH.isdisjoint(held):
            return
        if "getpid" in held or any(_names_getpid(value, name) for value in list(held.values())):
            self._asking[name] = held


def _names_getpid(value: "Any", module: str) -> bool:
    """Whether a function of the module, or a method of a class of it, has the name in its code."""
    if type(value) is _Function:
        return "getpid" in value.__code__.co_names
    if not issubclass(type(value), type) or _module_of(value) != module:
        return False
    methods = _attributes(value).values()
    return any("getpid" in m.__code__.co_names for m in methods if type(m) is _Function)


def _keeps(value: "Any", module: str, pid: int) -> bool:
    """Whether a value is the process id, or something of the module's has it at most two steps in."""
    if type(value) is int:
        return value == pid
    if type(value) is _Function:
        return pid in _whole([*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()])
    kind = value if issubclass(type(value), type) else type(value)
    if _module_of(kind) != module and type(value) not in (dict, list, tuple):
        return False
    parts = _parts(value)
    if type(value) is type:
        parts = list(_attributes(value).values())
    return pid in _whole(parts) or any(pid in _whole(_parts(part)) for part in parts)


def _whole(values: "list[Any]") -> "list[int]":
    return [value for value in values if type(value) is int]


def _parts(value: "Any") -> "list[Any]":
    """What an object, a class or a container has in it."""
    if type(value) in (list, tuple):
        return list(value[:_MOST])
    if type(value) in (_Function, type(sys), type, str):
        return []
    return list((value if type(value) is dict else _attributes(value)).values())[:_MOST]


def _module_of(kind: type) -> str:
    name = _attributes(kind).get("__module__")
    return name if type(name) is str else ""


def _attributes(value: "Any") -> "dict[str, Any]":
    """The attributes that an object or class has itself, without running code of it."""
    try:
        if issubclass(type(value), type):
            return dict(type.__dict__["__dict__"].__get__(value))
        found = object.__getattribute__(value, "__dict__")
    except Exception:
        return {}  # It has none, or its `__class__` is made up.
    return found if type(found) is dict else {}
