"""Classes by name, read past metaclasses, `__getattr__` and `__class__`, which can return anything."""

if False:
    from typing import Any

bases = type.__dict__["__mro__"].__get__
name_of = type.__dict__["__name__"].__get__
_module = type.__dict__["__module__"].__get__


def has_base(kind: "type[Any]", package: str, name: str) -> bool:
    """Whether `kind` is or derives from a class `name` of `package`, which need not be imported."""
    return any(name_of(base) == name and _is_in(base, package) for base in bases(kind))


def is_from(kind: "type[Any]", package: str) -> bool:
    """Whether `kind` is or derives from any class of `package`."""
    return any(_is_in(base, package) for base in bases(kind))


def _is_in(kind: "type[Any]", package: str) -> bool:
    module = _module(kind)
    return type(module) is str and (module == package or module.startswith(package + "."))
