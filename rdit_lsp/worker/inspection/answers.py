"""Answers one question about a namespace, and changes nothing in it.

It usually runs in a fork of the program that is discarded afterwards: there it may call properties and
`repr`, which can do no harm but take long, so each call has a time limit. Where forking is not safe it
runs in the program itself while that is idle, `gentle`: then no user code is entered at all.

Nothing is imported for an answer but `inspect`, and that in a fork only. The time that an answer takes
depends on its own length, not on how large a value is. Knows nothing of sockets, forks or messages.
"""

import sys
from sys import getrecursionlimit, setprofile, setrecursionlimit, settrace

from . import arrays, tables
from .bounded_repr import BoundedRepr, one_line
from .completions import LONGEST_NAME, completion, is_special
from .evaluation import evaluation
from .guarded_calls import GuardedCalls, Unknown
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

if False:
    from typing import Any, Callable, Dict

    from .lookup import Found
    from .signatures import Signature

    Question = Dict[str, Any]
    Answer = Dict[str, Any]

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
"""Nested calls that an answer may need, beyond those of the program in which it is made."""


def answer(
    namespace: "dict[str, Any]", question: "Question", *, gentle: bool, seconds: float = SECONDS
) -> "Answer":
    """The answer to `question` about `namespace`, in JSON's own types.

    `gentle`: run no user code. Otherwise user code may run for `seconds`, and do anything to the
    process. `question` is a dict; `what` is one of:

    * `variables`: `{variables: [{name, type, summary, table?}], omitted}`
    * `table` with `expression`, `first` and `count`: `{found, columns: [text], rows: [[text]], total}`, the
      first cell of each row being its label; not where `gentle`
    * `hover` with `expression`: `{found, static?, type?, summary?, text?, shape?, length?, dtype?,
      signature?, doc?, defined?: {file, line}}`
    * `completion` with `expression` and `prefix`: `{items: [{label, kind, static?, type?, detail?}],
      incomplete}`. `expression` is the code before the word that begins with `prefix`, up to its last
      sign: `df.` for attributes, `df[` or `df["` for keys, `f(` for arguments by name, or nothing.
    * `signature` with `expression`, `argument` (a number from 0) and `keyword` (a name or None):
      `{found, static?, label?, parameters?: [[begin, end]], active?, doc?}`
    * `evaluation` with any `expression`, and `seconds` for it: `{text, type?, error?}`

    `static`: reading the source, without running it, would show as much. `failed` names an exception
    that was not expected.
    """
    if not gentle:
        # The program's own, which this fork has inherited, would be called for each line below.
        settrace(None)
        setprofile(None)
    # A collection would run finalisers, and in a fork copy every page that it touches.
    collects, limit = gc.isenabled(), getrecursionlimit()
    gc.disable()
    setrecursionlimit(limit + _ROOM)
    try:
        inspector = Inspector(namespace, seconds, gentle=gentle)
        return _bounded(_ANSWERS[question["what"]](inspector, question))
    except NotFound:
        return dict(_NOTHING[question["what"]])
    except Exception as error:
        # No value of a program may end the process that inspects it.
        return {**_NOTHING[question["what"]], "failed": class_name(type(error))}
    finally:
        if gentle:
            _restore_recursion_limit(limit)
            if collects:
                gc.enable()


def _restore_recursion_limit(limit: int) -> None:
    try:
        setrecursionlimit(limit)
    except RecursionError:
        pass  # Up to Python 3.10 it needs some room above the present depth.


class Inspector:
    """A namespace, and how its values are looked up, called and written for one answer."""

    def __init__(self, namespace: "dict[str, Any]", seconds: float, *, gentle: bool) -> None:
        self.namespace = namespace
        self.calls = GuardedCalls(seconds, gentle=gentle)
        self.full = BoundedRepr(self.calls)
        self.brief = BoundedRepr(self.calls, _EACH)
        """For one value of many: a call has little time."""
        self.passive = BoundedRepr(GuardedCalls(0, gentle=True))
        """For details beside the answer: it calls nothing."""

    def find(self, expression: str) -> "Found":
        """What `expression` stands for. Raises NotFound."""
        if self.calls.gentle:
            return evaluate(self.namespace, expression, gentle=True)
        try:
            return self.calls.run(lambda: evaluate(self.namespace, expression, gentle=False))
        except Unknown:
            raise NotFound from None

    def signature(self, value: "Any", *, passive: bool = False) -> "Signature | None":
        """The signature of `value`, None where it is not known; `passive`: nothing is called for it."""
        reprs = self.passive if passive else self.full
        return signature(value, GuardedCalls(0, gentle=True) if passive else self.calls, reprs)

    def summary(self, value: "Any", reprs: "BoundedRepr") -> str:
        """A value in a line."""
        if is_a(value, Module):
            known = own_dict(value) or {}
            parts = [known.get("__version__"), known.get("__file__")]
            return one_line(", ".join([part for part in parts if type(part) is str]), 2 * 100)
        if is_definition(value):
            called = self.signature(value, passive=reprs is not self.full)
            if called is not None:
                return called.label
        return reprs.summary(value)


def _variables(inspector: "Inspector", _question: "Question") -> "Answer":
    data: "list[tuple[str, Any]]" = []
    definitions: "list[tuple[str, Any]]" = []
    modules: "list[tuple[str, Any]]" = []
    for name, value in list(inspector.namespace.items()):
        if type(name) is str and len(name) <= LONGEST_NAME and not is_special(name):
            group = (
                modules if is_a(value, Module) else definitions if is_definition(value) else data
            )
            group.append((name, value))
    chosen = data + definitions + modules
    found = [_variable(inspector, name, value) for name, value in chosen[:_VARIABLES]]
    return {"variables": found, "omitted": len(chosen) - len(found)}


def _variable(inspector: "Inspector", name: str, value: "Any") -> "Answer":
    summary = inspector.summary(value, inspector.brief)
    shown: "Answer" = {"name": name, "type": qualified(type(value)), "summary": summary}
    return {**shown, "table": True} if tables.is_table(value) else shown


def _table(inspector: "Inspector", question: "Question") -> "Answer":
    value = inspector.find(question["expression"]).value
    if not tables.is_table(value):
        raise NotFound
    try:
        page = inspector.calls.run(lambda: tables.page(value, question["first"], question["count"]))
    except Unknown:
        raise NotFound from None
    return {"found": True, **page}


def _hover(inspector: "Inspector", question: "Question") -> "Answer":
    found = inspector.find(question["expression"])
    if found.is_builtin:
        raise NotFound
    value = found.value
    shown: "Answer" = {"found": True, "static": found.is_static}
    if type(value) is Computed:
        return {**shown, "type": "property", "summary": inspector.full.summary(value), "text": ""}
    shown["type"] = qualified(type(value))
    shown["summary"] = inspector.summary(value, inspector.full)
    shown["text"] = ""
    if is_definition(value):
        return {**shown, **_definition(inspector, value)}
    shown["text"] = inspector.full.lines(value)
    run = inspector.full.run
    sizes = {
        "shape": arrays.shape(value, run),
        "dtype": arrays.dtype(value, run),
        "length": inspector.full.length(value),
    }
    return {**shown, **{name: size for name, size in sizes.items() if size is not None}}


def _definition(inspector: "Inspector", value: "Any") -> "Answer":
    """What is shown of a module, class or function beside its type."""
    shown: "Answer" = {"doc": documentation(value)}
    called = None if is_a(value, Module) else inspector.signature(value)
    if called is not None:
        shown["signature"] = called.label
    if type(value) is Function:
        code = value.__code__
        shown["defined"] = {"file": code.co_filename, "line": code.co_firstlineno}
    return {name: part for name, part in shown.items() if part}


def _signature(inspector: "Inspector", question: "Question") -> "Answer":
    found = inspector.find(question["expression"])
    called = inspector.signature(found.value)
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


def _bounded(whole: "Answer") -> "Answer":
    """The answer without the last of its entries, where it is large."""
    for name, lost in (("variables", "omitted"), ("items", "incomplete")):
        entries = whole.get(name, ())
        left = LARGEST
        for index, entry in enumerate(entries):
            left -= 10 + sum([len(key) + 6 + _size(part) for key, part in entry.items()])
            if left < 0:
                whole[name] = entries[:index]
                whole[lost] = True if name == "items" else whole[lost] + len(entries) - index
                break
    return whole


def _size(part: object) -> int:
    """The bytes of a text as JSON, at most: a character that is not ASCII may be escaped with twelve."""
    if type(part) is not str:
        return 5
    return len(part) if part.isascii() else 12 * len(part)


_ANSWERS: "dict[str, Callable[[Inspector, Question], Answer]]" = {
    "variables": _variables,
    "table": _table,
    "hover": _hover,
    "completion": completion,
    "signature": _signature,
    "evaluation": evaluation,
}
_NOTHING: "dict[str, Answer]" = {
    "variables": {"variables": [], "omitted": 0},
    "table": {"found": False},
    "hover": {"found": False},
    "completion": {"items": [], "incomplete": False},
    "signature": {"found": False},
    "evaluation": {},
}
