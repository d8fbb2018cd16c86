"""Sizes and element types of arrays and tables, by what the libraries of all kinds have in common.

Where no user code may run, C getters are asked all the same, and so are the classes of a few libraries
whose sizes are made in Python: to ask those changes nothing. `ask` calls everything else, and raises
`Unknown` where it may not.
"""

from ..display.mime_bundle import exact
from .lookup import class_name, is_a, is_c_getter, is_c_method, on_type, package_of

_NAMED = 500
"""Columns that are named."""
_FEW = 10
"""Elements up to which they say more than their number."""
_PURE = {
    "pandas": ("DataFrame", "Series", "Index", "RangeIndex"),
    "polars": ("DataFrame", "Series"),
    "torch": ("Tensor", "Parameter"),
}


def shape(value, ask):
    """The sizes of an array or a table, a list of numbers; None for what has none."""
    kind = type(value)
    found = on_type(kind, "shape")
    if found is None:
        return None
    try:
        if is_c_getter(found):
            return _sizes(found.__get__(value, kind))
        return _sizes(value.shape if _is_pure(kind) else ask(lambda: value.shape))
    except Exception:
        return None


def dtype(value, ask):
    """The type of an array's elements in words; None where there is none to be told."""
    kind = type(value)
    found = on_type(kind, "dtype")
    if found is None:
        return None
    try:
        if is_c_getter(found):
            # The text of numpy's own types is made by its Python code.
            told = _of_numpy(found.__get__(value, kind))
            if told is not None:
                return told
        text = str(value.dtype) if _is_pure(kind) else ask(lambda: str(value.dtype))
        return exact(text)[:40]
    except Exception:
        return None


def columns(value, ask):
    """The names of the first columns of a table."""

    def names():
        return [exact(str(each)) for each in _first(value.columns)]

    try:
        return names() if _is_pure(type(value)) else ask(names)
    except Exception:
        return []


def elements(value, size):
    """The elements of a small array of numpy's in Python's own values, None of any other."""
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


def is_table(value, size):
    """Whether something of that size has named columns."""
    return len(size) == 2 and on_type(type(value), "columns") is not None


def _first(names):
    return (name for _, name in zip(range(_NAMED), names))


def _is_pure(kind):
    return class_name(kind) in _PURE.get(package_of(kind), ())


def _sizes(shape):
    """A shape as a list of numbers; None where it is none."""
    if not is_a(shape, tuple) or tuple.__len__(shape) > 8:
        return None
    sizes = list(tuple.__iter__(shape))
    return sizes if all(type(size) is int for size in sizes) else None


def _of_numpy(dtype):
    """The name of a numpy dtype, from what C code tells of it; None for any other."""
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
