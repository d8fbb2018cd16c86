"""Completions: attributes, keys, names and arguments that can follow a piece of code.

Attributes are listed, and their values never read: what each is follows from its class and from its
object's own namespace. Knows names and values, nothing of positions in a text.
"""

import builtins
from _functools import partial

from ..display.mime_bundle import exact
from . import arrays
from .guarded_calls import Unknown
from .lookup import (
    Computed,
    Function,
    Module,
    NotFound,
    class_dict,
    is_a,
    is_c_getter,
    is_class,
    is_function,
    mro,
    names,
    on_type,
    own_dict,
    qualified,
    static_member,
)

if False:
    from typing import Any, Callable, Dict, Iterable, Iterator, List, Tuple

    from .answers import Answer, Inspector, Question
    from .lookup import Found

    Item = Dict[str, Any]
    Chosen = Tuple[List[Tuple[Any, Any]], bool]

LONGEST_NAME = 200

_ITEMS, _KEYS = 1000, 500
"""Attributes and keys in one answer."""
_SEARCHED = 50_000
"""Keys that are searched."""
_DETAILED = 150
"""Attributes up to which each has more than its kind."""
_MISSING = object()


def completion(inspector: "Inspector", question: "Question") -> "Answer":
    """The answer to a `completion` question. Raises NotFound."""
    expression, prefix = question["expression"], question["prefix"]
    stem = expression.rstrip("'\"")
    if not expression:
        return _names(inspector, prefix)
    if expression[-1] == ".":
        return _attributes(inspector, inspector.find(expression[:-1]).value, prefix)
    if stem[-1] == "[":
        value = inspector.find(stem[:-1]).value
        return _keys(inspector, value, prefix, quoted=stem != expression)
    if expression[-1] == "(":
        return _arguments(inspector, inspector.find(expression[:-1]), prefix)
    raise NotFound


def _names(inspector: "Inspector", prefix: str) -> "Answer":
    known = {name: value for name, value in list(inspector.namespace.items()) if type(name) is str}
    chosen = _matching(known, prefix)
    is_long = len(chosen) > _DETAILED
    items = [
        _item(inspector, name, _kind(known[name]), known[name], static=False, brief=is_long)
        for name in chosen
    ]
    items += [
        {"label": name, "kind": _kind(value), "static": True}
        for name, value in vars(builtins).items()
        if name in _matching([name], prefix) and name not in known
    ]
    return _offered(items)


def _attributes(inspector: "Inspector", value: "Any", prefix: str) -> "Answer":
    if type(value) is Computed:
        raise NotFound
    try:
        listed = inspector.calls.run(
            lambda: [exact(name) for name in dir(value) if is_a(name, str)]
        )
    except Unknown:
        listed = names(value)
    chosen = _matching(listed, prefix)
    known = _Known(value)
    brief = len(chosen) > _DETAILED
    return _offered([_attribute(inspector, value, name, known, brief=brief) for name in chosen])


class _Known:
    """What is known of an object's own attributes without reading their values."""

    def __init__(self, value: "Any") -> None:
        self.own = own_dict(value) or {}
        self.assigned: "set[str]" = set()
        """Names that the methods of its class use: they can be found in the source."""
        for base in () if is_class(value) else mro(type(value)):
            for found in list(class_dict(base).values()):
                if type(found) is Function:
                    self.assigned.update(found.__code__.co_names)


def _attribute(
    inspector: "Inspector", value: "Any", name: str, known: "_Known", *, brief: bool
) -> "Item":
    """The item for an attribute, whose value is not read."""
    own = known.own
    found = on_type(value if is_class(value) else type(value), name, _MISSING)
    is_data = found is not _MISSING and on_type(type(found), "__set__") is not None
    if is_a(value, Module):
        # A name that `__dir__` lists and that is not there yet: reading it would run code of the module.
        if name not in own:
            return {"label": name, "kind": "variable", "static": True}
        return _item(inspector, name, _kind(own[name]), own[name], static=True, brief=brief)
    if name in own and not is_data:
        static = name in known.assigned
        return _item(inspector, name, _kind(own[name]), own[name], static=static, brief=brief)
    if found is _MISSING:
        return {"label": name, "kind": "property"}
    if is_class(found):
        return {"label": name, "kind": "class", "static": True}
    if type(found) in (staticmethod, classmethod) or callable(found):
        method = static_member(value, name)
        return _item(inspector, name, "method", method, static=True, brief=brief)
    if is_data or on_type(type(found), "__get__") is not None:
        return {"label": name, "kind": "property", "static": True}
    return _item(inspector, name, "variable", found, static=True, brief=brief)


def _keys(inspector: "Inspector", value: "Any", prefix: str, *, quoted: bool) -> "Answer":
    """Keys that are text; without a quote before them also numbers, and each as its `repr`."""

    def is_wanted(key: "str | int") -> bool:
        return (type(key) is str or not quoted) and str(key).lower().startswith(prefix.lower())

    try:
        chosen, is_cut = _keys_of(inspector, value, is_wanted)
    except (Unknown, RuntimeError):
        raise NotFound from None
    items = []
    for key, held in chosen:
        item: "Item" = {"label": key if quoted else repr(key), "kind": "key"}
        if held is not _MISSING:
            item["type"] = qualified(type(held))
            if len(chosen) <= _DETAILED:
                item["detail"] = inspector.passive.summary(held)
        items.append(item)
    return _offered(items, is_cut=is_cut)


def _keys_of(inspector: "Inspector", value: "Any", is_wanted: "Callable[[Any], bool]") -> "Chosen":
    """(pairs of a container's keys and values, whether there may be more), as of `_chosen`."""
    if is_a(value, dict):
        return _chosen(dict.items(value), is_wanted)
    dtype = on_type(type(value), "dtype")
    if is_c_getter(dtype):
        # The fields of a structured array of numpy's.
        dtype = dtype.__get__(value)
        fields = on_type(type(dtype), "names")
        return _chosen(
            _without_values((is_c_getter(fields) and fields.__get__(dtype)) or ()), is_wanted
        )
    size = arrays.shape(value, inspector.full.run)
    if size is not None and arrays.is_table(value, size):
        return _chosen(_without_values(arrays.columns(value, inspector.full.run)), is_wanted)
    for name in ("_ipython_key_completions_", "keys"):
        if on_type(type(value), name) is not None:
            return inspector.calls.run(partial(_chosen_of_method, value, name, is_wanted))
    return [], False


def _chosen_of_method(value: "Any", name: str, is_wanted: "Callable[[Any], bool]") -> "Chosen":
    return _chosen(_without_values(getattr(value, name)()), is_wanted)


def _without_values(keys: "Iterable[Any]") -> "Iterator[tuple[Any, Any]]":
    return ((key, _MISSING) for key in keys)


def _chosen(pairs: "Iterable[tuple[Any, Any]]", is_wanted: "Callable[[Any], bool]") -> "Chosen":
    """(the pairs whose keys are wanted and are text or numbers, whether there may be more)."""
    found: "list[tuple[Any, Any]]" = []
    for count, (key, held) in enumerate(pairs):
        if count >= _SEARCHED or len(found) >= _KEYS:
            return found, True
        if is_a(key, str) and str.__len__(key) <= LONGEST_NAME:
            text = exact(key)
            if is_wanted(text):
                found.append((text, held))
        elif type(key) is int and int.bit_length(key) <= 64 and is_wanted(key):
            found.append((key, held))
    return found, False


def _arguments(inspector: "Inspector", found: "Found", prefix: str) -> "Answer":
    called = inspector.signature(found.value)
    if called is None:
        raise NotFound
    items = []
    for parameter in called.keywords():
        if _matching([parameter.name], prefix):
            item: "Item" = {"label": parameter.name + "=", "kind": "keyword-argument"}
            item["detail"] = parameter.text(annotated=True)
            item["static"] = found.is_static
            items.append(item)
    return _offered(items)


def _item(
    inspector: "Inspector", name: str, kind: str, value: "Any", *, static: bool, brief: bool
) -> "Item":
    item: "Item" = {"label": name, "kind": kind}
    if static:
        item["static"] = True
    if brief:
        return item
    if kind == "variable":
        item["type"] = qualified(type(value))
    if kind in ("function", "method"):
        called = inspector.signature(value, passive=True)
        if called is not None:
            item["detail"] = called.label
    elif kind != "class":
        item["detail"] = inspector.summary(value, inspector.passive)
    return item


def _kind(value: "Any") -> str:
    if is_a(value, Module):
        return "module"
    if is_class(value):
        return "class"
    return "function" if is_function(value) else "variable"


def _matching(listed: "Iterable[str]", prefix: str) -> "list[str]":
    """The names that begin with `prefix`: public ones first, special ones last."""
    prefix = prefix.lower()
    chosen = [
        name
        for name in listed
        if len(name) <= LONGEST_NAME and name.lower().startswith(prefix) and name.isidentifier()
    ]
    return sorted(chosen, key=lambda name: (is_special(name), name.startswith("_")))


def is_special(name: str) -> bool:
    """Whether a name is of the form of those with a meaning in Python itself."""
    return name.startswith("__") and name.endswith("__")


def _offered(items: "list[Item]", *, is_cut: bool = False) -> "Answer":
    return {"items": items[:_ITEMS], "incomplete": is_cut or len(items) > _ITEMS}
