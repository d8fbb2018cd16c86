"""What a name, an attribute or a subscript stands for, found with or without running user code.

The static half reads namespaces as `inspect.getattr_static` does: past `__getattribute__`,
`__getattr__`, `__class__` and metaclasses, and without what `inspect` imports. What would have to be
computed (a property, a descriptor written in Python) it names and leaves alone. C getters are asked:
they belong to the interpreter and to extension modules.

`isinstance` is not used on values of user code here: it asks them for `__class__`, which may be a
property. Truth, length and equality of such values are not asked for either.
"""

import _ast
import builtins
import sys

_MISSING = object()
_modules = sys.modules
"""Held here, for user code may put another dict, or nothing, in its place."""


def _function():
    yield


class _Class:
    def method(self):
        """Nothing; its type is what matters."""


Module = type(sys)
Function = type(_function)
Builtin = type(len)
BoundMethod = type(_Class().method)
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
"""Keys of a dict that are looked through before one is looked up, where no code may run."""


class NotFound(Exception):  # noqa: N818  (an answer, not an error of ours)
    """There is no such name, attribute or item, or none that may be asked for."""


class Computed:
    """Stands for the value of a property, which only running code would tell."""


class Found:
    """What an expression stands for."""

    def __init__(self, value, *, is_builtin, is_static):
        self.value = value
        self.is_builtin = is_builtin
        """It begins with a name that the program has not bound itself."""
        self.is_static = is_static
        """It is reached through modules, classes and functions only: reading the source tells as much."""


def is_a(value, *types):
    """Whether `value` really is an instance of one of `types`, which are built in."""
    return issubclass(type(value), types)


def is_class(value):
    """Whether `value` is a class."""
    return is_a(value, type)


def is_function(value):
    """Whether `value` is a function, or what a library has in the place of one, such as numpy's."""
    if type(value) in CALLABLES:
        return True
    if is_class(value) or not callable(value):
        return False
    return is_c_getter(on_type(type(value), "__name__")) or "__wrapped__" in (own_dict(value) or ())


def is_definition(value):
    """Whether `value` is what source text defines: a module, a class, a function."""
    return is_a(value, Module, type) or is_function(value)


def mro(kind):
    """The classes that `kind` inherits from, itself first, whatever its metaclass says."""
    return _mro(kind) or ()


def class_dict(kind):
    """The namespace of a class."""
    return _dict(kind)


def on_type(kind, name, default=None):
    """Attribute `name` as the class `kind` or a base of it has it in its namespace."""
    for base in mro(kind):
        namespace = _dict(base)
        if name in namespace:
            return namespace[name]
    return default


def is_c_getter(found):
    """Whether an attribute of a class is one that C code gets."""
    return type(found) in (_GetSet, _Member)


def is_c_method(found):
    """Whether an attribute of a class is a method written in C."""
    return type(found) in (_MethodOfC, _SlotOfC)


def own_dict(value):
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


def names(value):
    """The names of attributes in the namespaces of `value` and its classes, as `dir` would tell them."""
    kind = value if is_class(value) else type(value)
    namespaces = [_dict(base) for base in mro(kind)]
    if is_a(value, Module):
        namespaces = []
    found = {name for namespace in namespaces for name in list(namespace) if type(name) is str}
    found.update([name for name in list(own_dict(value) or ()) if type(name) is str])
    return sorted(found)


def fields(value):
    """The attributes of an object itself: (name, value), those in slots last."""
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


def static_member(value, name):
    """What `value.name` is, or a `Computed`, without running code. Raises NotFound."""
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


def _bound(found, value, kind):
    """What the attribute `found` of class `kind` is for its instance `value`; None for the class itself."""
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


def evaluate(namespace, expression, *, gentle):
    """What `expression` stands for in `namespace`: a `Found`. Raises NotFound.

    Only names, attributes and subscripts by constants are followed. `gentle`: no user code runs;
    otherwise whatever it raises comes out.
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


def _steps(expression, gentle):
    """The name that `expression` begins with, and what is done to it: (`attribute` or `item`, key)."""
    if len(expression) > _LONGEST or (gentle and "\\" in expression):
        # The parser warns of escapes it does not know, through functions that may be the user's.
        raise NotFound
    try:
        node = compile(expression, "<rdit>", "eval", _ast.PyCF_ONLY_AST, dont_inherit=True).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotFound from None
    steps = []
    while not isinstance(node, _ast.Name):
        if isinstance(node, _ast.Attribute):
            steps.append(("attribute", node.attr))
        elif isinstance(node, _ast.Subscript):
            steps.append(("item", _constant(node.slice)))
        else:
            raise NotFound
        node = node.value
    return node.id, steps[::-1]


def _constant(node):
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


def _item(value, key):
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


def _get(mapping, key, gentle):
    """`dict.get`; a key of user code, met on the way, would be asked whether it is equal."""
    if type(key) not in _SCALARS:
        return _MISSING
    if gentle:
        if len(mapping) > _SEARCHED:
            return _MISSING
        if not all(type(each) in _SCALARS for each in list(dict.keys(mapping))):
            return _MISSING
    return dict.get(mapping, key, _MISSING)


def class_name(kind):
    """The name of a class."""
    return str.__str__(_name(kind))[:200]


def title(value):
    """The name that a module, class or function has by itself."""
    if is_class(value):
        return class_name(value)
    if type(value) is BoundMethod:
        return title(value.__func__)
    if type(value) is Builtin:
        # Its `__qualname__` is made of that of the class, for which a metaclass would be asked.
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


def package_of(kind):
    """The library that a class comes from."""
    module = _module(kind)
    return module.partition(".")[0] if type(module) is str else ""


def qualified(kind):
    """The name of a class as a person would write it: `int`, `Point`, `numpy.ndarray`."""
    name, module = str.__str__(_qualified_name(kind))[:200], _module(kind)
    if type(module) is not str or module in ("builtins", "__main__"):
        return name
    package = module.partition(".")[0]
    if package != module:
        # Libraries show their classes at the top: `pandas.DataFrame` is in `pandas.core.frame`.
        top = _modules.get(package)
        shown = (own_dict(top) or {}) if is_a(top, Module) else {}
        if shown.get(name) is kind:
            module = package
    return module[:200] + "." + name
