"""Evaluates an expression that a person asks for: what it prints, and its value.

Meant for a fork that is discarded afterwards: any code may run, for the seconds that the question allows.
Where no code may run, names, attributes and items are looked up. Changes `sys.stdout` for good.
"""

import sys
from _io import StringIO

from ..display.mime_bundle import exact
from ..display.timelimit import Limit, TooLong
from . import arrays
from .lookup import class_name, evaluate, is_definition, qualified

if False:
    from typing import Any

    from .answers import Answer, Inspector, Question

LONGEST = 20_000
"""Characters of the text."""


def evaluation(inspector: "Inspector", question: "Question") -> "Answer":
    """What `expression` prints and is, as `{text, type}`, or `{text, error}` where it raises.

    Raises NotFound where no code may run and it is more than a path to a value.
    """
    expression = question["expression"].strip()
    if inspector.calls.gentle:
        value = evaluate(inspector.namespace, expression, gentle=True).value
        return {"text": inspector.full.lines(value), "type": qualified(type(value))}
    printed = sys.stdout = sys.stderr = StringIO()
    try:
        with Limit(question["seconds"]) as limit:
            code = compile(expression, "<expression>", "eval", 0, True)
            value = limit.run(lambda: eval(code, inspector.namespace))
            text = limit.run(lambda: _text(inspector, value))
    except TooLong:
        text = "It took more than %d s." % question["seconds"]
        return {"text": _joined(printed, text), "error": True}
    except BaseException as error:
        # Also SystemExit: the process is discarded afterwards anyway.
        return {"text": _joined(printed, _error_line(error)), "error": True}
    return {"text": _joined(printed, text), "type": qualified(type(value))}


def _text(inspector: "Inspector", value: "Any") -> str:
    """`value` as an interactive interpreter shows it, nested data laid out; nothing of None."""
    if value is None:
        return ""
    if is_definition(value):
        return inspector.summary(value, inspector.full) or repr(value)
    if arrays.shape(value, inspector.full.run) is not None:
        return exact(repr(value))
    return inspector.full.lines(value)


def _joined(printed: "StringIO", text: str) -> str:
    """What was printed, and `text` below it."""
    before = printed.getvalue()
    if before and text and not before.endswith("\n"):
        before += "\n"
    whole = before + text
    return whole if len(whole) <= LONGEST else whole[:LONGEST] + "\n…"


def _error_line(error: BaseException) -> str:
    name = class_name(type(error))
    if issubclass(type(error), SyntaxError):
        return "%s: %s" % (name, getattr(error, "msg", ""))
    try:
        text = exact(str(error))
    except BaseException:
        return name  # Its own text cannot be made.
    return "%s: %s" % (name, text) if text else name
