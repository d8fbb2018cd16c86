"""What can stand at a place in the code: attributes, keys, names, arguments.

Attributes are listed and never asked for: what each is, its class and its object's own namespace tell.
Knows the names of the values, nothing of where in a text they are to stand.
"""

import builtins

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

LONGEST_NAME = 200

_ITEMS, _KEYS = 1000, 500
"""Attributes and keys that are told."""
_SEARCHED = 50_000
"""Keys that are looked through."""
_DETAILED = 150
"""Attributes up to which more is told of each than its kind."""
_MISSING = object()


def completion(look, question):
    """The answer to a `completion` question; `look` finds and describes. Raises NotFound."""
    expression, prefix = question["expression"], question["prefix"]
    stem = expression.rstrip("'\"")
    if not expression:
        return _names(look, prefix)
    if expression[-1] == ".":
        return _attributes(look, look.find(expression[:-1]).value, prefix)
    if stem[-1] == "[":
        value = look.find(stem[:-1]).value
        return _keys(look, value, prefix, quoted=stem != expression)
    if expression[-1] == "(":
        return _arguments(look, look.find(expression[:-1]), prefix)
    raise NotFound


def _names(look, prefix):
    known = {name: value for name, value in list(look.namespace.items()) if type(name) is str}
    chosen = _matching(known, prefix)
    is_long = len(chosen) > _DETAILED
    items = [
        _item(look, name, _kind(known[name]), known[name], static=False, brief=is_long)
        for name in chosen
    ]
    items += [
        {"label": name, "kind": _kind(value), "static": True}
        for name, value in vars(builtins).items()
        if name in _matching([name], prefix) and name not in known
    ]
    return _offered(items)


def _attributes(look, value, prefix):
    if type(value) is Computed:
        raise NotFound
    try:
        listed = look.asking.ask(lambda: [exact(name) for name in dir(value) if is_a(name, str)])
    except Unknown:
        listed = names(value)
    chosen = _matching(listed, prefix)
    known = _Known(value)
    brief = len(chosen) > _DETAILED
    return _offered([_attribute(look, value, name, known, brief=brief) for name in chosen])


class _Known:
    """What can be known of an object's own attributes without asking for them."""

    def __init__(self, value):
        self.own = own_dict(value) or {}
        self.assigned = set()
        """The names that the methods of its class use, so that their source tells of them."""
        for base in () if is_class(value) else mro(type(value)):
            for found in list(class_dict(base).values()):
                if type(found) is Function:
                    self.assigned.update(found.__code__.co_names)


def _attribute(look, value, name, known, *, brief):
    """The item for an attribute, which is not asked for its value."""
    own = known.own
    found = on_type(value if is_class(value) else type(value), name, _MISSING)
    is_data = found is not _MISSING and on_type(type(found), "__set__") is not None
    if is_a(value, Module):
        # What is not there yet is said to be by `__dir__`, and only asking for it would tell what it is.
        if name not in own:
            return {"label": name, "kind": "variable", "static": True}
        return _item(look, name, _kind(own[name]), own[name], static=True, brief=brief)
    if name in own and not is_data:
        static = name in known.assigned
        return _item(look, name, _kind(own[name]), own[name], static=static, brief=brief)
    if found is _MISSING:
        return {"label": name, "kind": "property"}
    if is_class(found):
        return {"label": name, "kind": "class", "static": True}
    if type(found) in (staticmethod, classmethod) or callable(found):
        method = static_member(value, name)
        return _item(look, name, "method", method, static=True, brief=brief)
    if is_data or on_type(type(found), "__get__") is not None:
        return {"label": name, "kind": "property", "static": True}
    return _item(look, name, "variable", found, static=True, brief=brief)


def _keys(look, value, prefix, *, quoted):
    """Keys that are text; without a quote before them also numbers, and as they are written."""

    def is_wanted(key):
        return (type(key) is str or not quoted) and str(key).lower().startswith(prefix.lower())

    try:
        chosen, is_cut = _keys_of(look, value, is_wanted)
    except (Unknown, RuntimeError):
        raise NotFound from None
    items = []
    for key, held in chosen:
        item = {"label": key if quoted else repr(key), "kind": "key"}
        if held is not _MISSING:
            item["type"] = qualified(type(held))
            if len(chosen) <= _DETAILED:
                item["detail"] = look.careful.summary(held)
        items.append(item)
    return _offered(items, is_cut=is_cut)


def _keys_of(look, value, is_wanted):
    """(keys of a container and what they stand for, whether there may be more), as `_chosen` does."""
    if is_a(value, dict):
        return _chosen(dict.items(value), is_wanted)
    dtype = on_type(type(value), "dtype")
    if is_c_getter(dtype):
        # The fields of a structured array of numpy's.
        dtype = dtype.__get__(value)
        fields = on_type(type(dtype), "names")
        return _chosen(_alone((is_c_getter(fields) and fields.__get__(dtype)) or ()), is_wanted)
    size = arrays.shape(value, look.portrait.ask)
    if size is not None and arrays.is_table(value, size):
        return _chosen(_alone(arrays.columns(value, look.portrait.ask)), is_wanted)
    for name in ("_ipython_key_completions_", "keys"):
        if on_type(type(value), name) is not None:
            return look.asking.ask(
                lambda name=name: _chosen(_alone(getattr(value, name)()), is_wanted)
            )
    return [], False


def _alone(keys):
    return ((key, _MISSING) for key in keys)


def _chosen(pairs, is_wanted):
    """(the pairs whose keys are wanted and are text or numbers, whether there may be more)."""
    found = []
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


def _arguments(look, found, prefix):
    called = look.signature(found.value)
    if called is None:
        raise NotFound
    items = []
    for parameter in called.keywords():
        if _matching([parameter.name], prefix):
            item = {"label": parameter.name + "=", "kind": "keyword-argument"}
            item["detail"] = parameter.text(annotated=True)
            item["static"] = found.is_static
            items.append(item)
    return _offered(items)


def _item(look, name, kind, value, *, static, brief):
    item = {"label": name, "kind": kind}
    if static:
        item["static"] = True
    if brief:
        return item
    if kind == "variable":
        item["type"] = qualified(type(value))
    if kind in ("function", "method"):
        called = look.signature(value, careful=True)
        if called is not None:
            item["detail"] = called.label
    elif kind != "class":
        item["detail"] = look.summary(value, look.careful)
    return item


def _kind(value):
    if is_a(value, Module):
        return "module"
    if is_class(value):
        return "class"
    return "function" if is_function(value) else "variable"


def _matching(listed, prefix):
    """The names that begin with `prefix`: public ones first, special ones last."""
    prefix = prefix.lower()
    chosen = [
        name
        for name in listed
        if len(name) <= LONGEST_NAME and name.lower().startswith(prefix) and name.isidentifier()
    ]
    return sorted(chosen, key=lambda name: (is_special(name), name.startswith("_")))


def is_special(name):
    """Whether a name is one of those that Python itself gives a meaning."""
    return name.startswith("__") and name.endswith("__")


def _offered(items, *, is_cut=False):
    return {"items": items[:_ITEMS], "incomplete": is_cut or len(items) > _ITEMS}
