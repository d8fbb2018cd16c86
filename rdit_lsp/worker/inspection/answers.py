"""Answers one question about a namespace, and changes nothing in it.

It usually runs in a fork of the program that is thrown away afterwards: there it may call properties and
`repr`, which can do no harm but take long, so each call has a time limit. Where forking is not safe it
runs in the program itself while that is idle, `gentle`: then no user code is entered at all.

Nothing is imported for an answer but `inspect`, and that in a fork only. What an answer costs depends on
what is told, not on how large a value is. Knows nothing of sockets, forks or who asked.
"""

import sys
from sys import getrecursionlimit, setprofile, setrecursionlimit, settrace

from . import arrays
from .bounded_repr import Portrait, one_line
from .completions import LONGEST_NAME, completion, is_special
from .guarded_calls import Asking, Unknown
from .lookup import (
    Computed,
    Function,
    Module,
    NotFound,
    class_name,
    evaluate,
    is_a,
    is_definition,
    own_dict,
    qualified,
)
from .signatures import documentation, signature

_had_gc = "gc" in sys.modules
import gc  # noqa: E402  (see below)

if not _had_gc:
    # User code must not find it imported.
    del sys.modules["gc"]

SECONDS = 0.3
"""Time for all the user code that one answer calls."""
LARGEST = 100_000
"""Bytes of an answer as JSON, about."""

_EACH = 0.05
"""Seconds for the `repr` of one variable among many."""
_VARIABLES = 2000
_ROOM = 400
"""Calls that an answer needs below it, from however deep a place it is asked for."""


def answer(namespace, question, *, gentle, seconds=SECONDS):
    """The answer to `question` about `namespace`, in JSON's own types.

    `gentle`: run no user code. Otherwise it may run for `seconds`, and may do what it likes to the
    process. `question` is a dict; `what` is one of:

    * `variables`: `{variables: [{name, type, summary}], omitted}`
    * `hover` with `expression`: `{found, static?, type?, summary?, text?, shape?, length?, dtype?,
      signature?, doc?, defined?: {file, line}}`
    * `completion` with `expression` and `prefix`: `{items: [{label, kind, static?, type?, detail?}],
      incomplete}`. `expression` is the code before the word that begins with `prefix`, up to its last
      sign: `df.` for attributes, `df[` or `df["` for keys, `f(` for arguments by name, or nothing.
    * `signature` with `expression`, `argument` (a number from 0) and `keyword` (a name or None):
      `{found, static?, label?, parameters?: [[begin, end]], active?, doc?}`

    `static` says that reading the source, without running it, would tell as much. `failed` names an
    exception that was not expected.
    """
    if not gentle:
        # Of the program that this is a fork of; they would be called for each line below.
        settrace(None)
        setprofile(None)
    # A collection would run finalisers, and in a fork copy all that it looks at.
    collects, limit = gc.isenabled(), getrecursionlimit()
    gc.disable()
    setrecursionlimit(limit + _ROOM)
    try:
        look = _Look(namespace, seconds, gentle=gentle)
        return _bounded(_ANSWERS[question["what"]](look, question))
    except NotFound:
        return dict(_NOTHING[question["what"]])
    except Exception as error:
        # Whatever a program may hold, it must not end the process that looks at it.
        return {**_NOTHING[question["what"]], "failed": class_name(type(error))}
    finally:
        if gentle:
            _set_back(limit)
            if collects:
                gc.enable()


def _set_back(limit):
    try:
        setrecursionlimit(limit)
    except RecursionError:
        pass  # Up to Python 3.10 it needs some room above the present depth.


class _Look:
    """What all answers need."""

    def __init__(self, namespace, seconds, *, gentle):
        self.namespace = namespace
        self.asking = Asking(seconds, gentle=gentle)
        self.portrait = Portrait(self.asking)
        self.many = Portrait(self.asking, _EACH)
        """For one value of many."""
        self.careful = Portrait(Asking(0, gentle=True))
        """For what is told beside the answer: it calls nothing."""

    def find(self, expression):
        """What `expression` stands for. Raises NotFound."""
        if self.asking.gentle:
            return evaluate(self.namespace, expression, gentle=True)
        try:
            return self.asking.ask(lambda: evaluate(self.namespace, expression, gentle=False))
        except Unknown:
            raise NotFound from None

    def signature(self, value, *, careful=False):
        """How `value` is called, None where that is not known; `careful`: nothing is called for it."""
        portrait = self.careful if careful else self.portrait
        return signature(value, Asking(0, gentle=True) if careful else self.asking, portrait)

    def summary(self, value, portrait):
        """A value in a line."""
        if is_a(value, Module):
            told = own_dict(value) or {}
            parts = [told.get("__version__"), told.get("__file__")]
            return one_line(", ".join([part for part in parts if type(part) is str]), 2 * 100)
        if is_definition(value):
            called = self.signature(value, careful=portrait is not self.portrait)
            if called is not None:
                return called.label
        return portrait.summary(value)


def _variables(look, _question):
    data, definitions, modules = [], [], []
    for name, value in list(look.namespace.items()):
        if type(name) is str and len(name) <= LONGEST_NAME and not is_special(name):
            group = (
                modules if is_a(value, Module) else definitions if is_definition(value) else data
            )
            group.append((name, value))
    chosen = data + definitions + modules
    found = [
        {"name": name, "type": qualified(type(value)), "summary": look.summary(value, look.many)}
        for name, value in chosen[:_VARIABLES]
    ]
    return {"variables": found, "omitted": len(chosen) - len(found)}


def _hover(look, question):
    found = look.find(question["expression"])
    if found.is_builtin:
        raise NotFound
    value = found.value
    told = {"found": True, "static": found.is_static}
    if type(value) is Computed:
        return {**told, "type": "property", "summary": look.portrait.summary(value), "text": ""}
    told["type"] = qualified(type(value))
    told["summary"] = look.summary(value, look.portrait)
    told["text"] = ""
    if is_definition(value):
        told.update(_definition(look, value))
        return told
    told["text"] = look.portrait.lines(value)
    ask = look.portrait.ask
    facts = {
        "shape": arrays.shape(value, ask),
        "dtype": arrays.dtype(value, ask),
        "length": look.portrait.length(value),
    }
    told.update({name: fact for name, fact in facts.items() if fact is not None})
    return told


def _definition(look, value):
    """What there is to say of a module, class or function."""
    told = {"doc": documentation(value)}
    called = None if is_a(value, Module) else look.signature(value)
    if called is not None:
        told["signature"] = called.label
    if type(value) is Function:
        code = value.__code__
        told["defined"] = {"file": code.co_filename, "line": code.co_firstlineno}
    return {name: part for name, part in told.items() if part}


def _signature(look, question):
    found = look.find(question["expression"])
    called = look.signature(found.value)
    if called is None:
        raise NotFound
    return {
        "found": True,
        "static": found.is_static,
        "label": called.label,
        "parameters": called.spans,
        "active": called.active(question["argument"], question["keyword"]),
        "doc": documentation(found.value) if is_definition(found.value) else "",
    }


def _bounded(told):
    """The answer without the last of its entries, where it is large."""
    for name, lost in (("variables", "omitted"), ("items", "incomplete")):
        entries = told.get(name, ())
        left = LARGEST
        for index, entry in enumerate(entries):
            left -= 10 + sum([len(key) + 6 + _size(part) for key, part in entry.items()])
            if left < 0:
                told[name] = entries[:index]
                told[lost] = True if name == "items" else told[lost] + len(entries) - index
                break
    return told


def _size(part):
    """The bytes of a text as JSON, at most: a character that is not ASCII may be escaped by twelve."""
    if type(part) is not str:
        return 5
    return len(part) if part.isascii() else 12 * len(part)


_ANSWERS = {
    "variables": _variables,
    "hover": _hover,
    "completion": completion,
    "signature": _signature,
}
_NOTHING = {
    "variables": {"variables": [], "omitted": 0},
    "hover": {"found": False},
    "completion": {"items": [], "incomplete": False},
    "signature": {"found": False},
}
