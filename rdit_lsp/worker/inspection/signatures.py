"""Signatures of functions and classes in a line, read from what is already in memory.

Knows functions and classes, nothing of questions. Where there is nothing to read, `inspect.signature` is
called, unless no user code may run: it imports much and calls what it finds.
"""

import sys

from ..display.mime_bundle import exact
from .bounded_repr import one_line
from .guarded_calls import Unknown
from .lookup import (
    BoundMethod,
    Function,
    NotFound,
    class_dict,
    is_class,
    mro,
    on_type,
    own_dict,
    qualified,
    static_member,
    title,
)

if False:
    from typing import Any, Iterator

    from .bounded_repr import BoundedRepr
    from .guarded_calls import GuardedCalls

_ROOM = 30
"""Characters of a default value or an annotation."""
_WIDE = 200
"""Characters of a signature up to which it has annotations."""
_MOST = 60
"""Parameters that are listed."""
_WRAPPED = 10
_PARAGRAPH = 1000

_POSITIONAL, _EITHER, _REST, _NAMED, _OTHERS = range(5)
"""The kinds of parameters, in their order in a signature, as in `inspect.Parameter`."""
_VARARGS, _VARKEYWORDS = 0x04, 0x08  # inspect.CO_VARARGS and CO_VARKEYWORDS.


class Parameter:
    """One parameter of a signature."""

    def __init__(
        self, name: str, kind: int, default: "str | None" = None, annotation: "str | None" = None
    ) -> None:
        self.name = name[:100]
        self.kind = kind
        self.default = default
        """The default value as text, None without one."""
        self.annotation = annotation

    def text(self, *, annotated: bool) -> str:
        """The parameter as it is written."""
        text = ("*" if self.kind == _REST else "**" if self.kind == _OTHERS else "") + self.name
        if annotated and self.annotation:
            text += ": " + self.annotation
            return text if self.default is None else f"{text} = {self.default}"
        return text if self.default is None else f"{text}={self.default}"


class Signature:
    """The parameters of a callable."""

    def __init__(self, name: str, parameters: "list[Parameter]") -> None:
        self.parameters = parameters[:_MOST]
        self.label, self.spans = _written(name, self.parameters, annotated=True)
        """The line, and begin and end of each parameter in it."""
        if len(self.label) > _WIDE:
            self.label, self.spans = _written(name, self.parameters, annotated=False)

    def active(self, argument: int, keyword: "str | None") -> "int | None":
        """The index of the parameter that an argument goes to, None where there is none."""
        for index, parameter in enumerate(self.parameters):
            if keyword is not None:
                is_it = parameter.kind in (_EITHER, _NAMED) and parameter.name == keyword
                if is_it or parameter.kind == _OTHERS:
                    return index
            elif parameter.kind == _REST or (parameter.kind <= _EITHER and index == argument):
                return index
        return None

    def keywords(self) -> "list[Parameter]":
        """The parameters that can be given by name."""
        return [each for each in self.parameters if each.kind in (_EITHER, _NAMED)]


def signature(value: "Any", calls: "GuardedCalls", reprs: "BoundedRepr") -> "Signature | None":
    """The signature of `value`; None where it cannot be called or its parameters are not known.

    `calls` calls what has to be called, `reprs` makes texts of default values.
    """
    if not callable(value):
        return None
    try:
        parameters = _of_function(value, calls, reprs)
        if parameters is None:
            parameters = _of_text(value)
        if parameters is None:
            parameters = calls.run(lambda: _of_inspect(value, reprs))
    except (Unknown, NotFound):
        return None
    return Signature(title(value), parameters)


def documentation(value: "Any") -> str:
    """The first paragraph of the documentation of a module, class or function; "" without any."""
    if type(value) is BoundMethod:
        value = value.__func__
    try:
        text = (
            class_dict(value).get("__doc__") if is_class(value) else static_member(value, "__doc__")
        )
    except NotFound:
        return ""
    if type(text) is not str:
        return ""
    name = title(value).rpartition(".")[2]
    for paragraph in text[: 10 * _PARAGRAPH].expandtabs().split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().split("\n")]
        # The documentation of functions written in C often begins with their signature.
        while lines and lines[0].startswith(name + "("):
            del lines[0]
        if any(lines):
            return "\n".join(lines).strip()[:_PARAGRAPH]
    return ""


def _written(
    name: str, parameters: "list[Parameter]", *, annotated: bool
) -> "tuple[str, list[list[int]]]":
    """The line of a signature, and the spans of its parameters."""
    label, spans = name + "(", []
    for index, parameter in enumerate(parameters):
        before = parameters[index - 1].kind if index else _EITHER
        label += ", " if index else ""
        if before == _POSITIONAL < parameter.kind:
            label += "/, "
        if parameter.kind == _NAMED and before < _REST:
            label += "*, "
        spans.append([len(label)])
        label += parameter.text(annotated=annotated)
        spans[-1].append(len(label))
    if parameters and parameters[-1].kind == _POSITIONAL:
        label += ", /"
    return label + ")", spans


def _of_function(
    value: "Any", calls: "GuardedCalls", reprs: "BoundedRepr"
) -> "list[Parameter] | None":
    """The parameters of a callable behind which there is a function written in Python, else None."""
    bound = 0
    for _ in range(_WRAPPED):
        kind = type(value)
        if kind is BoundMethod:
            value, bound = value.__func__, bound + 1
        elif kind is Function:
            own = own_dict(value) or {}
            if "__signature__" in own:
                return None
            if "__wrapped__" not in own:
                return _without_bound(_of_code(value, calls, reprs), bound)
            value = own["__wrapped__"]
        elif is_class(value):
            value, bound = _maker(value), bound + 1
        elif "__wrapped__" in (own_dict(value) or {}):
            value = (own_dict(value) or {})["__wrapped__"]
        else:
            value, bound = on_type(kind, "__call__"), bound + 1
            if type(value) is not Function:
                return None
    return None


def _without_bound(parameters: "list[Parameter]", count: int) -> "list[Parameter]":
    """The parameters without the first `count`, to which a method's object is bound."""
    while count and parameters and parameters[0].kind <= _EITHER:
        parameters = parameters[1:]
        count -= 1
    return parameters


def _maker(kind: "type[Any]") -> "Any":
    """The function that makes an instance of a class, None where that is not known."""
    if on_type(type(kind), "__call__") is not vars(type)["__call__"]:
        return None
    for base in mro(kind):
        names = class_dict(base)
        if base is object:
            return _takes_nothing
        if "__signature__" in names:
            return None
        for name in ("__new__", "__init__"):
            if name in names:
                found = names[name]
                return found.__func__ if type(found) is staticmethod else found
    return None


def _takes_nothing(self: object) -> None:
    """Stands for the `__init__` that a class inherits from `object`."""


def _of_code(function: "Any", calls: "GuardedCalls", reprs: "BoundedRepr") -> "list[Parameter]":
    """The parameters that the code of a function has."""
    code = function.__code__
    names, given = list(code.co_varnames), code.co_argcount
    named = code.co_kwonlyargcount
    defaults = function.__defaults__ or ()
    found = []
    for index, name in enumerate(names[:given]):
        kind = _POSITIONAL if index < code.co_posonlyargcount else _EITHER
        at = index - given + len(defaults)
        found.append(Parameter(name, kind, reprs.line(defaults[at], _ROOM) if at >= 0 else None))
    rest = given + named
    if code.co_flags & _VARARGS:
        found.append(Parameter(names[rest], _REST))
        rest += 1
    by_name = function.__kwdefaults__ or {}
    for name in names[given : given + named]:
        default = reprs.line(by_name[name], _ROOM) if name in by_name else None
        found.append(Parameter(name, _NAMED, default))
    if code.co_flags & _VARKEYWORDS:
        found.append(Parameter(names[rest], _OTHERS))
    annotations = _annotations(function, calls)
    for parameter in found:
        if parameter.name in annotations:
            parameter.annotation = _annotation(annotations[parameter.name], reprs)
    return found


def _annotations(function: "Any", calls: "GuardedCalls") -> "dict[str, Any]":
    """The annotations of a function. From Python 3.14 on reading them runs user code."""
    try:
        if sys.version_info < (3, 14):
            found = function.__annotations__
        else:
            found = calls.run(lambda: function.__annotations__)
    except Unknown:
        return {}
    return found if type(found) is dict else {}


def _annotation(value: "Any", reprs: "BoundedRepr") -> str:
    if type(value) is str:
        return one_line(value, _ROOM)
    if is_class(value):
        return qualified(value)
    return one_line(reprs.line(value, 2 * _ROOM).replace("typing.", ""), _ROOM)


def _of_text(value: "Any") -> "list[Parameter] | None":
    """The parameters of a callable written in C that has a text of its signature, else None."""
    if is_class(value):
        text = vars(type)["__text_signature__"].__get__(value)
    else:
        try:
            text = static_member(value, "__text_signature__")
        except NotFound:
            return None
    if type(text) is not str or not text.endswith(")"):
        text = _call_in_documentation(value)
    return None if text is None else _parsed(text)


def _call_in_documentation(value: "Any") -> "str | None":
    """The parameters as `(…)` from the first line of the documentation, if that is a signature."""
    if is_class(value):
        text = class_dict(value).get("__doc__")
    else:
        try:
            text = static_member(value, "__doc__")
        except NotFound:
            return None
    if type(text) is not str:
        return None
    line = text[:1000].strip().split("\n")[0]
    name = title(value).rpartition(".")[2]
    inside, bracket, _ = line[len(name) + 1 :].rpartition(")")
    if not line.startswith(name + "(") or not bracket or "(" in inside:
        return None
    # An optional parameter is written as `f(x[, y])`.
    return "(" + inside.replace("[,", ",").replace("]", "") + ")"


def _parsed(text: str) -> "list[Parameter]":
    """The parameters in a text such as `($self, x, /, *, y=1)`."""
    found: "list[Parameter]" = []
    kind = _EITHER
    for part in _split(text[text.find("(") + 1 : -1]):
        name, equals, default = [each.strip() for each in part.partition("=")]
        if name == "/":
            for each in found:
                each.kind = _POSITIONAL
        elif name == "*":
            kind = _NAMED
        elif name.startswith("**"):
            found.append(Parameter(name[2:], _OTHERS))
        elif name.startswith("*"):
            found.append(Parameter(name[1:], _REST))
            kind = _NAMED
        elif name and name[0] != "$":
            found.append(Parameter(name, kind, one_line(default, _ROOM) if equals else None))
    return [each for each in found if each.name.isidentifier()]


def _split(text: str) -> "Iterator[str]":
    """The parts of `text` between commas that are in no bracket and no quotes."""
    depth, quote, begin = 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[at - 1] != "\\" else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[begin:at].strip()
            begin = at + 1
    yield text[begin:].strip()


def _of_inspect(value: "Any", reprs: "BoundedRepr") -> "list[Parameter]":
    """The parameters that `inspect.signature` finds."""
    import inspect

    if not callable(value):
        raise NotFound
    empty = inspect.Parameter.empty
    return [
        Parameter(
            exact(each.name),
            int(each.kind),
            None if each.default is empty else reprs.line(each.default, _ROOM),
            None if each.annotation is empty else _annotation(each.annotation, reprs),
        )
        for each in inspect.signature(value).parameters.values()
    ]
