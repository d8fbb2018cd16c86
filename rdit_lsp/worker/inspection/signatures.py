"""How something can be called: its parameters in a line, read from what is already there.

Knows functions and classes, nothing of questions. Where that does not tell, `inspect.signature` is
asked, unless no user code may run: it imports much and calls what it finds.
"""

import sys

from ..display.mime_bundle import exact
from .bounded_repr import Unknown, one_line
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

_ROOM = 30
"""Characters of a default value or an annotation."""
_WIDE = 200
"""Characters of a signature up to which annotations are told too."""
_MOST = 60
"""Parameters that are told."""
_WRAPPED = 10
_PARAGRAPH = 1000

_POSITIONAL, _EITHER, _REST, _NAMED, _OTHERS = range(5)
"""The kinds of parameters, in the order in which they stand, as in `inspect.Parameter`."""
_VARARGS, _VARKEYWORDS = 0x04, 0x08  # inspect.CO_VARARGS and CO_VARKEYWORDS.


class Parameter:
    """One parameter of a signature."""

    def __init__(self, name, kind, default=None, annotation=None):
        self.name = name[:100]
        self.kind = kind
        self.default = default
        """Its text, None where there is no default."""
        self.annotation = annotation

    def text(self, *, annotated):
        """The parameter as it is written."""
        text = ("*" if self.kind == _REST else "**" if self.kind == _OTHERS else "") + self.name
        if annotated and self.annotation:
            text += ": " + self.annotation
            return text if self.default is None else f"{text} = {self.default}"
        return text if self.default is None else f"{text}={self.default}"


class Signature:
    """The parameters of something that can be called."""

    def __init__(self, name, parameters):
        self.parameters = parameters[:_MOST]
        self.label, self.spans = _written(name, self.parameters, annotated=True)
        """The line, and begin and end of each parameter in it."""
        if len(self.label) > _WIDE:
            self.label, self.spans = _written(name, self.parameters, annotated=False)

    def active(self, argument, keyword):
        """The index of the parameter that an argument is for, None where there is none."""
        for index, parameter in enumerate(self.parameters):
            if keyword is not None:
                is_it = parameter.kind in (_EITHER, _NAMED) and parameter.name == keyword
                if is_it or parameter.kind == _OTHERS:
                    return index
            elif parameter.kind == _REST or (parameter.kind <= _EITHER and index == argument):
                return index
        return None

    def keywords(self):
        """The parameters that can be given by name."""
        return [each for each in self.parameters if each.kind in (_EITHER, _NAMED)]


def signature(value, asking, portrait):
    """The `Signature` of `value`; None where it cannot be called or does not tell how.

    `asking` calls what has to be called, `portrait` puts default values into words.
    """
    if not callable(value):
        return None
    try:
        parameters = _of_function(value, asking, portrait)
        if parameters is None:
            parameters = _of_text(value)
        if parameters is None:
            parameters = asking.ask(lambda: _asked(value, portrait))
    except (Unknown, NotFound):
        return None
    return Signature(title(value), parameters)


def documentation(value):
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
        # Functions written in C often begin with how they are called.
        while lines and lines[0].startswith(name + "("):
            del lines[0]
        if any(lines):
            return "\n".join(lines).strip()[:_PARAGRAPH]
    return ""


def _written(name, parameters, *, annotated):
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


def _of_function(value, asking, portrait):
    """The parameters of what comes down to a function written in Python, else None."""
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
                return _without_bound(_of_code(value, asking, portrait), bound)
            value = own["__wrapped__"]
        elif is_class(value):
            value, bound = _maker(value), bound + 1
        elif "__wrapped__" in (own_dict(value) or {}):
            value = own_dict(value)["__wrapped__"]
        else:
            value, bound = on_type(kind, "__call__"), bound + 1
            if type(value) is not Function:
                return None
    return None


def _without_bound(parameters, count):
    """The parameters without the first `count`, which get what a method is bound to."""
    while count and parameters and parameters[0].kind <= _EITHER:
        parameters = parameters[1:]
        count -= 1
    return parameters


def _maker(kind):
    """The function that is called to make an instance of a class, where it is known which."""
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


def _takes_nothing(self):
    """Stands for what a class inherits from `object`."""


def _of_code(function, asking, portrait):
    """The parameters that the code of a function has."""
    code = function.__code__
    names, given = list(code.co_varnames), code.co_argcount
    named = code.co_kwonlyargcount
    defaults = function.__defaults__ or ()
    found = []
    for index, name in enumerate(names[:given]):
        kind = _POSITIONAL if index < code.co_posonlyargcount else _EITHER
        at = index - given + len(defaults)
        found.append(Parameter(name, kind, portrait.line(defaults[at], _ROOM) if at >= 0 else None))
    rest = given + named
    if code.co_flags & _VARARGS:
        found.append(Parameter(names[rest], _REST))
        rest += 1
    by_name = function.__kwdefaults__ or {}
    for name in names[given : given + named]:
        default = portrait.line(by_name[name], _ROOM) if name in by_name else None
        found.append(Parameter(name, _NAMED, default))
    if code.co_flags & _VARKEYWORDS:
        found.append(Parameter(names[rest], _OTHERS))
    annotations = _annotations(function, asking)
    for parameter in found:
        if parameter.name in annotations:
            parameter.annotation = _annotation(annotations[parameter.name], portrait)
    return found


def _annotations(function, asking):
    """The annotations of a function. From Python 3.14 on user code makes them when asked."""
    try:
        if sys.version_info < (3, 14):
            found = function.__annotations__
        else:
            found = asking.ask(lambda: function.__annotations__)
    except Unknown:
        return {}
    return found if type(found) is dict else {}


def _annotation(value, portrait):
    if type(value) is str:
        return one_line(value, _ROOM)
    if is_class(value):
        return qualified(value)
    return one_line(portrait.line(value, 2 * _ROOM).replace("typing.", ""), _ROOM)


def _of_text(value):
    """The parameters of what is written in C and tells them in a text, else None."""
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


def _call_in_documentation(value):
    """What the first line of the documentation says, as `(…)`, if it says how to call it."""
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


def _parsed(text):
    """The parameters in a text such as `($self, x, /, *, y=1)`."""
    found = []
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


def _split(text):
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


def _asked(value, portrait):
    """The parameters as `inspect` finds them."""
    import inspect

    if not callable(value):
        raise NotFound
    empty = inspect.Parameter.empty
    return [
        Parameter(
            exact(each.name),
            int(each.kind),
            None if each.default is empty else portrait.line(each.default, _ROOM),
            None if each.annotation is empty else _annotation(each.annotation, portrait),
        )
        for each in inspect.signature(value).parameters.values()
    ]
