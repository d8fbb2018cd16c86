"""What a program holds, beside the code: hovers, completions, signatures and the list of variables.

Pure: what was asked of the program and its answer in, lsprotocol objects out. It works beside another
Python language server. That one knows the source; offered here is what live objects tell, marked as
rdit's own and sorted behind what others offer. `beside`: leave out also what reading the source tells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from lsprotocol import types

from rdit_lsp.document.bindings import last_bindings
from rdit_lsp.document.positions import to_units
from rdit_lsp.lsp.features.hover import fenced
from rdit_lsp.outputs.markup import escaped
from rdit_lsp.outputs.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rdit_lsp.document.cursor import Argument, Completion, Expression
    from rdit_lsp.document.document import Document
    from rdit_lsp.document.positions import Encoding
    from rdit_lsp.results.snapshot import Inspection

Question: TypeAlias = dict[str, Any]
"""As `rdit_lsp/worker/inspection/answers.py` takes it."""

_KINDS = {
    "variable": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "class": types.CompletionItemKind.Class,
    "module": types.CompletionItemKind.Module,
    "property": types.CompletionItemKind.Property,
    "method": types.CompletionItemKind.Method,
    "keyword-argument": types.CompletionItemKind.Variable,
    "key": types.CompletionItemKind.Field,
}
_BINDS_AT_RUN_TIME = re.compile(r"\b(?:exec|globals|vars|locals|setattr)\s*\(|\bimport\s*\*")
"""Code after which there may be names that are nowhere in the text."""
_SIZE = re.compile(r"\(([\d,]+ (?:item|character|byte)s?)\)$")
_TABLES_SIZE = re.compile(r"\n+\[\d+ rows x \d+ columns\]\s*$")
"""What pandas writes below a long table."""
_WORD = re.compile(r"\w+")
_WIDTH = 100

VARIABLES: Question = {"what": "variables"}


def hover_question(expression: Expression) -> Question:
    """What to ask for a hover."""
    return {"what": "hover", "expression": expression.text}


def hover(
    inspection: Inspection,
    expression: Expression,
    line: str,
    encoding: Encoding,
    *,
    beside: bool = False,
    shown: str = "",
) -> types.Hover | None:
    """The hover on a name of `line` with its live value; None where there is none.

    `shown` is text that stands below it anyway.
    """
    answer = inspection.answer
    if not answer.get("found") or (beside and answer.get("static")):
        return None
    name, text, summary = (
        printable(expression.text),
        _text(answer, "text"),
        _text(answer, "summary"),
    )
    is_short = text and "\n" not in text and len(text) <= _WIDTH
    head = f"{name}: {_text(answer, 'type')}" + (f" = {text}" if is_short else "")
    size = summary.partition(":")[0] if answer.get("shape") else _size_in(summary)
    parts = [fenced(f"{head}  # {size}" if size else head, "python")]
    if summary and not text and summary != size:
        parts.append(escaped(summary))
    if answer.get("shape"):
        text = _TABLES_SIZE.sub("", text)
    if text and not is_short and text.strip() != _TABLES_SIZE.sub("", shown).strip():
        # Of dates and numbers in columns an editor would colour a part, and zeros before them as errors.
        parts.append(fenced(text, "text" if answer.get("shape") else "python"))
    if not beside and answer.get("doc"):
        parts.append(escaped(_text(answer, "doc")))
    parts.append(f"*rdit: {origin_in_words(inspection.origin)}*")
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))
    return types.Hover(
        content, _range(expression.line, expression.first, expression.last, line, encoding)
    )


def joined(first: types.Hover | None, second: types.Hover | None) -> types.Hover | None:
    """Both hovers in one, for the place of the first."""
    if first is None or second is None:
        return first or second
    text = "\n\n---\n\n".join(_markdown_of(each) for each in (first, second))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), first.range)


def origin_in_words(origin: str) -> str:
    """Which state of the program was looked at."""
    if origin == "now":
        return "from the live program"
    if origin.startswith("while"):
        return f"from the live program, {origin}"
    return f"from the state {origin}"


def completion_question(
    place: Completion, document: Document, *, beside: bool = False
) -> Question | None:
    """What to ask for a completion; None where the program knows no more than the text."""
    if not place.before and not _BINDS_AT_RUN_TIME.search(document.text):
        return None
    if beside and place.before.endswith("("):
        return None  # Whoever knows the function knows its parameters.
    return {"what": "completion", "expression": place.before, "prefix": place.prefix}


def completions(
    inspection: Inspection,
    place: Completion,
    position: tuple[int, int],
    document: Document,
    encoding: Encoding,
    *,
    beside: bool = False,
) -> types.CompletionList | None:
    """What can stand at `position` (line and column in characters, from 0); None for nothing."""
    line, column = position
    where = _range(line, column - len(place.prefix), column, document.lines[line], encoding)
    known = set() if place.before else _words_of(document, place.prefix)
    items = [
        item
        for raw in _entries(inspection.answer, "items")
        if not (raw.get("static") and (beside or not place.before))
        and raw.get("label") not in known
        and (item := _item(raw, place, where)) is not None
    ]
    if not items:
        return None
    return types.CompletionList(bool(inspection.answer.get("incomplete")), items)


def signature_question(argument: Argument) -> Question:
    """What to ask for the signature of the call that an argument is in."""
    return {
        "what": "signature",
        "expression": argument.function,
        "argument": argument.index,
        "keyword": argument.keyword,
    }


def signature_help(
    inspection: Inspection, *, offsets: bool, beside: bool = False
) -> types.SignatureHelp | None:
    """How the function is called; `offsets`: the client takes parameters as parts of the label."""
    answer = inspection.answer
    label = _text(answer, "label")
    if not answer.get("found") or not label or (beside and answer.get("static")):
        return None
    spans = _spans(answer.get("parameters"))
    # Always UTF-16, whatever the encoding of positions (LSP 3.17, `ParameterInformation`).
    parameters = [
        types.ParameterInformation(
            (to_units(label, begin, "utf-16"), to_units(label, end, "utf-16"))
            if offsets
            else label[begin:end]
        )
        for begin, end in spans
    ]
    active = answer.get("active")
    is_known = isinstance(active, int) and 0 <= active < len(spans)
    doc = _text(answer, "doc")
    signature = types.SignatureInformation(
        label,
        types.MarkupContent(types.MarkupKind.PlainText, doc) if doc else None,
        parameters,
    )
    # An index that no parameter has is the only way to say that it is none of them.
    return types.SignatureHelp([signature], 0, active if is_known else len(spans))


def variables(inspection: Inspection, document: Document) -> dict[str, Any]:
    """The answer to `rdit/variables` of the public protocol."""
    found = [
        {name: _text(raw, name) for name in ("name", "type", "summary")}
        for raw in _entries(inspection.answer, "variables")
    ]
    lines = last_bindings(document, [each["name"] for each in found])
    answer: dict[str, Any] = {
        "variables": [
            {**each, "lineStart": lines[each["name"]]} if each["name"] in lines else each
            for each in found
        ],
        "origin": inspection.origin,
    }
    if inspection.answer.get("omitted"):
        answer["omitted"] = inspection.answer["omitted"]
    return answer


def _item(
    raw: Mapping[str, Any], place: Completion, where: types.Range
) -> types.CompletionItem | None:
    label, kind = str(raw.get("label", "")), str(raw.get("kind", ""))
    text = _quoted(label, place.quote) if place.quote else label
    if text is None or not label or label != printable(label):
        return None
    return types.CompletionItem(
        label,
        label_details=types.CompletionItemLabelDetails(description="rdit"),
        kind=_KINDS.get(kind),
        detail=_detail(raw),
        sort_text=f"~{_rank(raw, label)}{label}",
        text_edit=types.TextEdit(where, text),
    )


def _detail(raw: Mapping[str, Any]) -> str | None:
    kind, detail = _text(raw, "type"), _text(raw, "detail")
    return " = ".join(part for part in (kind, detail) if part) or None


def _spans(found: object) -> list[tuple[int, int]]:
    """Begins and ends in a label."""
    spans = [each for each in found if isinstance(each, list)] if isinstance(found, list) else []
    return [
        (each[0], each[1])
        for each in spans
        if len(each) == 2 and isinstance(each[0], int) and isinstance(each[1], int)
    ]


def _rank(raw: Mapping[str, Any], label: str) -> int:
    """What only the live object tells comes first, private and special names last."""
    if label.startswith("_"):
        return 3 if label.startswith("__") else 2
    return 1 if raw.get("static") else 0


def _quoted(text: str, quotes: str) -> str | None:
    """`text` as it is written within `quotes`; None where that cannot be."""
    quote = quotes[-1]
    special = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", quote: "\\" + quote}
    if not {*special} & {*text}:
        return text
    is_raw = quotes[0] in "rR"
    return None if is_raw else "".join(special.get(character, character) for character in text)


def _words_of(document: Document, typed: str) -> set[str]:
    """The words of the text, which editors and other servers offer; not the one that is being typed."""
    words = _WORD.findall(document.text)
    return {word for word in words if word != typed or words.count(word) > 1}


def _range(line: int, first: int, last: int, text: str, encoding: Encoding) -> types.Range:
    return types.Range(
        types.Position(line, to_units(text, first, encoding)),
        types.Position(line, to_units(text, last, encoding)),
    )


def _entries(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    entries = answer.get(name)
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


def _text(answer: Mapping[str, Any], name: str) -> str:
    """A text of the answer: readers of JSON in real editors refuse lone surrogates."""
    text = answer.get(name)
    return printable(text) if isinstance(text, str) else ""


def _size_in(summary: str) -> str:
    """How large a value is, where the end of its summary says so."""
    found = _SIZE.search(summary)
    return found[1] if found is not None else ""


def _markdown_of(hover: types.Hover) -> str:
    assert isinstance(hover.contents, types.MarkupContent)
    return hover.contents.value
