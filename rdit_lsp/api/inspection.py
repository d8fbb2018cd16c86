"""Questions about live values, and a program's answers to them, decoded.

Neutral of every client: a feature of the language server or a tool of an agent turns `LiveValue`,
`Candidates` and `Signature` into shapes of its own. User code can write into the worker's channel, so an
answer may hold anything: what does not have the right shape is left out. Inspecting changes nothing in a
program and starts none.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from rdit_lsp.document.bindings import last_bindings
from rdit_lsp.outputs.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rdit_lsp.document.cursor import Argument, Completion
    from rdit_lsp.document.document import Document
    from rdit_lsp.outputs.display import Json
    from rdit_lsp.results.snapshot import Inspection
    from rdit_lsp.session.attachment import Attachment

log = logging.getLogger(__name__)

Question: TypeAlias = dict[str, Any]
"""As `rdit_lsp/worker/inspection/answers.py` takes it."""

DEADLINE = 0.5
"""Seconds within which the program is to answer."""

EVALUATION = 10.0
"""Seconds that an expression which a person asks for may take."""

VARIABLES: Question = {"what": "variables"}

_BINDS_AT_RUN_TIME = re.compile(r"\b(?:exec|globals|vars|locals|setattr)\s*\(|\bimport\s*\*")
"""Code after which there may be names that are nowhere in the text."""


@dataclass(frozen=True)
class LiveValue:
    """What an expression stands for in the program."""

    type: str
    summary: str
    """One line: what it is, or its text with its size in parentheses."""
    text: str
    """Its `repr`, or a table's rows; empty for functions, classes and modules."""
    doc: str
    has_shape: bool
    """It is a table or an array: `text` is rows, `summary` begins with the size."""
    is_static: bool
    """Reading the source, without running it, shows as much."""
    origin: str
    """The state it was looked up in: `now`, `while line 12 runs`, `after line 12`."""


@dataclass(frozen=True)
class Candidate:
    """One way to complete a word."""

    label: str
    kind: str
    """`variable`, `function`, `class`, `module`, `property`, `method`, `keyword-argument` or `key`."""
    type: str
    detail: str
    is_static: bool
    """Reading the source would offer it, too."""


@dataclass(frozen=True)
class Candidates:
    """All ways to complete a word."""

    items: Sequence[Candidate]
    is_incomplete: bool
    """There are more: ask again when more of the word is there."""


@dataclass(frozen=True)
class Signature:
    """How a function is called."""

    label: str
    parameters: Sequence[tuple[int, int]]
    """Where each begins and ends in the label, in characters."""
    active: int | None
    """The parameter that the argument is for; None for none of them."""
    doc: str
    is_static: bool
    """Reading the source, without running it, shows as much."""


async def live_value(session: Attachment, expression: str) -> LiveValue | None:
    """What `expression` stands for; None where it stands for nothing, or cannot be looked up now."""
    found = await ask(session, {"what": "hover", "expression": expression})
    return value_from(found) if found is not None else None


async def candidates(
    session: Attachment, place: Completion, document: Document, *, beside: bool
) -> Candidates | None:
    """Ways to complete the word at `place`; `beside` as in `completion_question`."""
    question = completion_question(place, document, beside=beside)
    found = await ask(session, question) if question is not None else None
    return candidates_from(found) if found is not None else None


async def signature(session: Attachment, argument: Argument) -> Signature | None:
    """The signature of the call that an argument is in; None where it is not known."""
    question: Question = {
        "what": "signature",
        "expression": argument.function,
        "argument": argument.index,
        "keyword": argument.keyword,
    }
    found = await ask(session, question)
    return signature_from(found) if found is not None else None


async def evaluated(session: Attachment, expression: str) -> Json | None:
    """The answer to `rdit/evaluate` of the public protocol; None where there can be none now."""
    question: Question = {
        "what": "evaluation",
        "expression": expression,
        "seconds": EVALUATION,
    }
    # The worker keeps the time; the margin is for code that does not let itself be stopped.
    found = await ask(session, question, EVALUATION + 2 * DEADLINE)
    if found is None or not isinstance(found.answer.get("text"), str):
        return None
    value: Json = {"text": _text(found.answer, "text"), "origin": found.origin}
    if kind := _text(found.answer, "type"):
        value["type"] = kind
    if found.answer.get("error"):
        value["failed"] = True
    return value


async def ask(
    session: Attachment, question: Question, deadline: float = DEADLINE
) -> Inspection | None:
    """The program's answer; None where nothing has run, or no answer comes in time."""
    try:
        # The session keeps the deadline; the margin is for a program that is slow to fork.
        found: Inspection | None = await asyncio.wait_for(
            session.inspect(question, deadline), 1.5 * deadline
        )
    except asyncio.TimeoutError:
        return None
    except Exception:  # The result that is shown beside the value must not be lost with it.
        log.exception("%s: inspecting the program failed", session.document.uri)
        return None
    return found


def completion_question(
    place: Completion, document: Document, *, beside: bool = False
) -> Question | None:
    """What to ask for a completion; None where the program knows no more than the text.

    `beside`: another server that reads the source completes, too.
    """
    if not place.before and not _BINDS_AT_RUN_TIME.search(document.text):
        return None
    if beside and place.before.endswith("("):
        return None  # A server that finds the function finds its parameters.
    return {"what": "completion", "expression": place.before, "prefix": place.prefix}


def value_from(inspection: Inspection) -> LiveValue | None:
    """The answer to a question for a value."""
    answer = inspection.answer
    if not answer.get("found"):
        return None
    return LiveValue(
        type=_text(answer, "type"),
        summary=_text(answer, "summary"),
        text=_text(answer, "text"),
        doc=_text(answer, "doc"),
        has_shape=bool(answer.get("shape")),
        is_static=bool(answer.get("static")),
        origin=inspection.origin,
    )


def candidates_from(inspection: Inspection) -> Candidates:
    """The answer to a question for completions."""
    items = [
        Candidate(
            label=raw["label"],
            kind=_text(raw, "kind"),
            type=_text(raw, "type"),
            detail=_text(raw, "detail"),
            is_static=bool(raw.get("static")),
        )
        for raw in _entries(inspection.answer, "items")
        if _is_label(raw.get("label"))
    ]
    return Candidates(items, bool(inspection.answer.get("incomplete")))


def signature_from(inspection: Inspection) -> Signature | None:
    """The answer to a question for a signature."""
    answer = inspection.answer
    label = _text(answer, "label")
    if not answer.get("found") or not label:
        return None
    parameters = _spans(answer.get("parameters"))
    active = answer.get("active")
    is_known = isinstance(active, int) and 0 <= active < len(parameters)
    return Signature(
        label,
        parameters,
        active if is_known else None,
        _text(answer, "doc"),
        bool(answer.get("static")),
    )


def variables_from(inspection: Inspection, document: Document) -> Json:
    """The answer to `rdit/variables` of the public protocol."""
    found = [_variable(raw) for raw in _entries(inspection.answer, "variables")]
    lines = last_bindings(document, [each["name"] for each in found])
    answer: Json = {
        "variables": [
            {**each, "lineStart": lines[each["name"]]} if each["name"] in lines else each
            for each in found
        ],
        "origin": inspection.origin,
    }
    if inspection.answer.get("omitted"):
        answer["omitted"] = inspection.answer["omitted"]
    return answer


def _variable(raw: Mapping[str, Any]) -> Json:
    variable: Json = {name: _text(raw, name) for name in ("name", "type", "summary")}
    return {**variable, "isTable": True} if raw.get("table") is True else variable


def table_from(inspection: Inspection) -> Json | None:
    """The answer to `rdit/table` of the public protocol; None where there is no such table."""
    answer = inspection.answer
    rows, total = answer.get("rows"), answer.get("total")
    if not answer.get("found") or not isinstance(rows, list) or not isinstance(total, int):
        return None
    columns = _texts(answer.get("columns"))
    return {
        "columns": columns,
        "rows": [_texts(row)[: len(columns)] for row in rows],
        "total": total,
        "origin": inspection.origin,
    }


def origin_in_words(origin: str) -> str:
    """The state of the program that a value is from."""
    if origin == "now":
        return "from the live program"
    if origin.startswith("while"):
        return f"from the live program, {origin}"
    return f"from the state {origin}"


def _is_label(label: object) -> bool:
    """Whether it can be sent, and would be the same text when it comes back."""
    return isinstance(label, str) and bool(label) and label == printable(label)


def _entries(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    entries = answer.get(name)
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


def _text(answer: Mapping[str, Any], name: str) -> str:
    """A text of the answer, without lone surrogates: JSON readers of real editors refuse them."""
    text = answer.get(name)
    return printable(text) if isinstance(text, str) else ""


def _texts(found: object) -> list[str]:
    texts = found if isinstance(found, list) else []
    return [printable(each) if isinstance(each, str) else "" for each in texts]


def _spans(found: object) -> list[tuple[int, int]]:
    spans = [each for each in found if isinstance(each, list)] if isinstance(found, list) else []
    return [
        (each[0], each[1])
        for each in spans
        if len(each) == 2 and isinstance(each[0], int) and isinstance(each[1], int)
    ]
