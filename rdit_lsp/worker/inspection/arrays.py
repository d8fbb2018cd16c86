"""Sizes and element types of arrays and tables, by attributes that libraries have in common.

C getters are called even where no user code may run, and so are the getters in Python of a few libraries'
classes, which change nothing. Everything else is called by `run`, which raises `Unknown` where it may
not.
"""

from ..display.mime_bundle import exact
from .lookup import class_name, is_a, is_c_getter, is_c_method, on_type, package_of

if False:
    from typing import Any, Callable, Iterable, Iterator

    Run = Callable[[Callable[[], Any]], Any]

_NAMED = 500
"""Columns that are named."""
_FEW = 10
"""Elements up to which the elements are shown, not only their number."""
_PURE = {
    "pandas": ("DataFrame", "Series", "Index", "RangeIndex"),
    "polars": ("DataFrame", "Series"),
    "torch": ("Tensor", "Parameter"),
}


def shape(value: "Any", run: "Run") -> "list[int] | None":
    """The sizes of an array or a table, a list of numbers; None for what has none."""
    kind = type(value)
    found = on_type(kind, "shape")
    if found is None:
        return None
    try:
        if is_c_getter(found):
            return _sizes(found.__get__(value, kind))
        return _sizes(value.shape if _is_pure(kind) else run(lambda: value.shape))
    except Exception:
        return None


def dtype(value: "Any", run: "Run") -> "str | None":
    """The type of an array's elements as text; None where it has none, or none that may be read."""
    kind = type(value)
    found = on_type(kind, "dtype")
    if found is None:
        return None
    try:
        if is_c_getter(found):
            # The text of numpy's own types is made by its Python code.
            name = _of_numpy(found.__get__(value, kind))
            if name is not None:
                return name
        text = str(value.dtype) if _is_pure(kind) else run(lambda: str(value.dtype))
        return exact(text)[:40]
    except Exception:
        return None


def columns(value: "Any", run: "Run") -> "list[str]":
    """The names of the first columns of a table."""

    def names() -> "list[str]":
        return [exact(str(each)) for each in _first(value.columns)]

    try:
        return names() if _is_pure(type(value)) else run(names)
    except Exception:
        return []


def elements(value: "Any", size: "list[int]") -> "list[Any] | None":
    """The elements of a small array of numpy's as Python's own values; None of any other."""
    total = 1
    for number in size:
        total *= number
    tolist = on_type(type(value), "tolist")
    if total > _FEW or not is_c_method(tolist) or package_of(type(value)) != "numpy":
        return None
    try:
        few = tolist.__get__(value)()
    except Exception:
        return None
    return few if size else [few]


def is_table(value: "Any", size: "list[int]") -> bool:
    """Whether something of that size has named columns."""
    return len(size) == 2 and on_type(type(value), "columns") is not None


def _first(names: "Iterable[Any]") -> "Iterator[Any]":
    return (name for _, name in zip(range(_NAMED), names))


def _is_pure(kind: "type[Any]") -> bool:
    return class_name(kind) in _PURE.get(package_of(kind), ())


def _sizes(shape: "Any") -> "list[int] | None":
    """A shape as a list of numbers; None where `shape` is no such thing."""
    if not is_a(shape, tuple) or tuple.__len__(shape) > 8:
        return None
    sizes = list(tuple.__iter__(shape))
    return sizes if all(type(size) is int for size in sizes) else None


def _of_numpy(dtype: "Any") -> "str | None":
    """The name of a numpy dtype, from its C getters; None for any other."""
    kind = type(dtype)
    if package_of(kind) != "numpy":
        return None
    letter, size, text = [
        on_type(kind, name).__get__(dtype, kind) for name in ("kind", "itemsize", "str")
    ]
    names = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
    if letter in names:
        return f"{names[letter]}{size * 8}"
    return {"b": "bool", "O": "object", "V": "void"}.get(letter, text)
