"""The values of names, attributes and subscripts, found with or without running user code.

The static half reads namespaces as `inspect.getattr_static` does: past `__getattribute__`,
`__getattr__`, `__class__` and metaclasses, and without what `inspect` imports. For what would have to be
computed (a property, a descriptor written in Python) it returns a `Computed`. C getters are called: they
belong to the interpreter and to extension modules.

`isinstance` is not used on values of user code here: it reads their `__class__`, which may be a
property. Truth, length and equality of such values are not used either.
"""

import _ast
import builtins
import sys

if False:
    from typing import Any, Iterator, List, Tuple

    Steps = List[Tuple[str, Any]]

_MISSING = object()
_modules = sys.modules
"""Bound here because user code may put another dict, or nothing, in its place."""


def _function() -> "Iterator[None]":
    yield


class _Class:
    def method(self) -> None:
        """Nothing; its type is what matters."""


Module = type(sys)
Function = type(_function)
Builtin: "Any" = type(len)
BoundMethod: "Any" = type(_Class().method)
_GetSet, _Member = type(vars(Function)["__code__"]), type(vars(Function)["__closure__"])
_MethodOfC, _SlotOfC = type(str.join), type(object.__init__)
_ClassMethodOfC = type(vars(dict)["fromkeys"])
_CALLED_BY_C = (_MethodOfC, _SlotOfC, _ClassMethodOfC)
CALLABLES = (Function, Builtin, BoundMethod, *_CALLED_BY_C, type("".__str__))

_mro = vars(type)["__mro__"].__get__
_dict = vars(type)["__dict__"].__get__
_qualified_name = vars(type)["__qualname__"].__get__
_name = vars(type)["__name__"].__get__
_module = vars(type)["__module__"].__get__

_RUN_CODE = ("__annotations__", "__annotate__")
"""C getters that call functions of user code, from Python 3.14 on."""
_LONGEST = 1000
"""Characters of an expression: a deeper one could exhaust the parser."""
_SCALARS = (str, int, float, bool, bytes, complex, type(None))
_SEARCHED = 100_000
"""Keys of a dict that are checked before one is looked up, where no code may run."""


class NotFound(Exception):  # noqa: N818  (an answer, not an error)
    """There is no such name, attribute or item, or none that may be read."""


class Computed:
    """Stands for the value of a property, which would have to be computed."""


class Found:
    """The value of an expression."""

    def __init__(self, value: "Any", *, is_builtin: bool, is_static: bool) -> None:
        self.value = value
        self.is_builtin = is_builtin
        """The expression begins with a builtin that the program has not bound itself."""
        self.is_static = is_static
        """Only modules, classes and functions lead to it: reading the source would find it as well."""


def is_a(value: object, *types: "type[Any]") -> bool:
    """Whether `value` really is an instance of one of `types`, which are built in."""
    return issubclass(type(value), types)


def is_class(value: object) -> bool:
    """Whether `value` is a class."""
    return is_a(value, type)


def is_function(value: "Any") -> bool:
    """Whether `value` is a function, or an object that a library has for one, such as numpy's."""
    if type(value) in CALLABLES:
        return True
    if is_class(value) or not callable(value):
        return False
    return is_c_getter(on_type(type(value), "__name__")) or "__wrapped__" in (own_dict(value) or ())


def is_definition(value: object) -> bool:
    """Whether `value` is something that source text defines: a module, a class, a function."""
    return is_a(value, Module, type) or is_function(value)


def mro(kind: "type[Any]") -> "tuple[type[Any], ...]":
    """The classes that `kind` inherits from, itself first, past its metaclass."""
    return _mro(kind) or ()


def class_dict(kind: "type[Any]") -> "dict[str, Any]":
    """The namespace of a class."""
    return _dict(kind)


def on_type(kind: "type[Any]", name: str, default: "Any" = None) -> "Any":
    """Attribute `name` in the namespace of the class `kind` or of a base of it."""
    for base in mro(kind):
        namespace = _dict(base)
        if name in namespace:
            return namespace[name]
    return default


def is_c_getter(found: object) -> bool:
    """Whether an attribute of a class has a getter in C."""
    return type(found) in (_GetSet, _Member)


def is_c_method(found: object) -> bool:
    """Whether an attribute of a class is a method written in C."""
    return type(found) in (_MethodOfC, _SlotOfC)


def own_dict(value: "Any") -> "dict[Any, Any] | None":
    """The namespace of `value` itself, a dict; None where it has none."""
    if is_class(value):
        return None
    for base in mro(type(value)):
        found = _dict(base).get("__dict__")
        if type(found) in (_GetSet, _Member):
            try:
                namespace = found.__get__(value)
            except Exception:
                return None
            return namespace if type(namespace) is dict else None
    return None


def names(value: "Any") -> "list[str]":
    """The names of attributes in the namespaces of `value` and its classes, as `dir` lists them."""
    kind = value if is_class(value) else type(value)
    namespaces = [_dict(base) for base in mro(kind)]
    if is_a(value, Module):
        namespaces = []
    found = {name for namespace in namespaces for name in list(namespace) if type(name) is str}
    found.update([name for name in list(own_dict(value) or ()) if type(name) is str])
    return sorted(found)


def fields(value: "Any") -> "Iterator[tuple[str, Any]]":
    """(name, value) of an object's own attributes, those in slots last."""
    for name, item in list((own_dict(value) or {}).items()):
        if type(name) is str:
            yield name, item
    for base in mro(type(value)):
        namespace = _dict(base)
        for name, found in list(namespace.items()) if "__slots__" in namespace else ():
            if type(found) is _Member and type(name) is str and not name.startswith("__"):
                try:
                    yield name, found.__get__(value)
                except Exception:
                    continue  # Nothing is in the slot.


def static_member(value: "Any", name: str) -> "Any":
    """`value.name`, or a `Computed`, without running code. Raises NotFound."""
    if is_class(value):
        found = on_type(value, name, _MISSING)
        if found is not _MISSING:
            return _bound(found, None, value)
        found = on_type(type(value), name, _MISSING)
    else:
        found = on_type(type(value), name, _MISSING)
        if found is _MISSING or on_type(type(found), "__set__") is None:
            own = own_dict(value)
            if own is not None and name in own:
                return own[name]
    if found is _MISSING:
        raise NotFound
    return _bound(found, value, type(value))


def _bound(found: "Any", value: "Any", kind: "type[Any]") -> "Any":
    """The attribute `found` of class `kind`, bound to its instance `value`; None for the class itself."""
    get = type(found)
    if get is staticmethod:
        return found.__func__
    if get is classmethod:
        # Up to 3.12 it binds what it wraps, which may be a property.
        inner = found.__func__
        return BoundMethod(inner, kind) if type(inner) is Function else Computed()
    if value is None:
        return found.__get__(None, kind) if get is _ClassMethodOfC else found
    if get is Function:
        return BoundMethod(found, value)
    if get in _CALLED_BY_C:
        return found.__get__(value, kind)
    if get in (_GetSet, _Member):
        if get is _GetSet and found.__name__ in _RUN_CODE:
            return Computed()
        try:
            return found.__get__(value, kind)
        except Exception:
            raise NotFound from None
    return found if on_type(get, "__get__") is None else Computed()


def evaluate(namespace: "dict[str, Any]", expression: str, *, gentle: bool) -> "Found":
    """The value of `expression` in `namespace`. Raises NotFound.

    Only names, attributes and subscripts by constants are evaluated. `gentle`: no user code runs;
    otherwise what it raises propagates.
    """
    root, steps = _steps(expression, gentle)
    value = _get(namespace, root, gentle)
    is_builtin = value is _MISSING
    if is_builtin:
        value = vars(builtins).get(root, _MISSING)
    if value is _MISSING:
        raise NotFound
    is_static = is_definition(value)
    for step, key in steps:
        if type(value) is Computed:
            raise NotFound
        if step == "attribute":
            value = static_member(value, key) if gentle else getattr(value, key)
            is_static = is_static and is_definition(value)
        else:
            value = _item(value, key) if gentle else value[key]
            is_static = False
    return Found(value, is_builtin=is_builtin, is_static=is_static)


def _steps(expression: str, gentle: bool) -> "tuple[str, Steps]":
    """The name that `expression` begins with, and the steps after it: (`attribute` or `item`, key)."""
    if len(expression) > _LONGEST or (gentle and "\\" in expression):
        # The parser warns of unknown escapes, through functions that user code may have replaced.
        raise NotFound
    try:
        tree: "Any" = compile(expression, "<rdit>", "eval", _ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotFound from None
    node, steps = tree.body, []
    while not isinstance(node, _ast.Name):
        if isinstance(node, _ast.Attribute):
            steps.append(("attribute", node.attr))
        elif isinstance(node, _ast.Subscript):
            steps.append(("item", _constant(node.slice)))
        else:
            raise NotFound
        node = node.value
    return node.id, steps[::-1]


def _constant(node: "Any") -> "Any":
    kind = type(node).__name__
    if kind == "Index":  # Up to 3.8.
        return _constant(node.value)
    if kind == "Constant":
        return node.value
    if kind == "UnaryOp" and type(node.op).__name__ == "USub":
        number = _constant(node.operand)
        if type(number) in (int, float, complex):
            return -number
    elif kind in ("Tuple", "ExtSlice"):
        return tuple([_constant(each) for each in getattr(node, "elts", None) or node.dims])
    elif kind == "Slice":
        parts = (node.lower, node.upper, node.step)
        return slice(*[None if part is None else _constant(part) for part in parts])
    raise NotFound


def _item(value: "Any", key: "Any") -> "Any":
    """`value[key]` of containers that are built in. Raises NotFound."""
    kind = type(value)
    if is_a(value, dict) and on_type(kind, "__getitem__") is vars(dict)["__getitem__"]:
        found = _get(value, key, True)
        if found is not _MISSING:
            return found
    elif type(key) is int:
        for base in (list, tuple, str, bytes, bytearray, range):
            if is_a(value, base) and on_type(kind, "__getitem__") is vars(base)["__getitem__"]:
                try:
                    return base.__getitem__(value, key)
                except IndexError:
                    break
    raise NotFound


def _get(mapping: "dict[Any, Any]", key: "Any", gentle: bool) -> "Any":
    """`dict.get`; with `gentle` no comparison of keys may run user code."""
    if type(key) not in _SCALARS:
        return _MISSING
    if gentle:
        if len(mapping) > _SEARCHED:
            return _MISSING
        if not all(type(each) in _SCALARS for each in list(dict.keys(mapping))):
            return _MISSING
    return dict.get(mapping, key, _MISSING)


def class_name(kind: "type[Any]") -> str:
    """The name of a class."""
    return str.__str__(_name(kind))[:200]


def title(value: "Any") -> str:
    """The name of a module, class or function."""
    if is_class(value):
        return class_name(value)
    if type(value) is BoundMethod:
        return title(value.__func__)
    if type(value) is Builtin:
        # Its `__qualname__` is made of that of the class, which is read through the metaclass.
        holder = value.__self__
        is_method = holder is not None and not is_a(holder, Module)
        kind = holder if is_class(holder) else type(holder)
        return f"{class_name(kind)}.{value.__name__}" if is_method else value.__name__
    for attribute in ("__qualname__", "__name__"):
        try:
            name = static_member(value, attribute)
        except NotFound:
            continue
        if type(name) is str:
            return name[:200]
    return class_name(type(value))


def package_of(kind: "type[Any]") -> str:
    """The top-level package that a class is from."""
    module = _module(kind)
    return module.partition(".")[0] if type(module) is str else ""


def qualified(kind: "type[Any]") -> str:
    """The name of a class as it is usually written: `int`, `Point`, `numpy.ndarray`."""
    name, module = str.__str__(_qualified_name(kind))[:200], _module(kind)
    if type(module) is not str or module in ("builtins", "__main__"):
        return name
    package = module.partition(".")[0]
    if package != module:
        # Libraries export their classes at the top: `pandas.DataFrame` is in `pandas.core.frame`.
        top = _modules.get(package)
        shown = (own_dict(top) or {}) if is_a(top, Module) else {}
        if shown.get(name) is kind:
            module = package
    return module[:200] + "." + name
