"""Completion: what live objects offer for the word at the cursor.

Pure. It works beside other Python language servers, which know the source: items are marked as rdit's
and sorted behind theirs, but for what only the live object has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.lsp.features.ranges import range_in_line

if TYPE_CHECKING:
    from rdit_lsp.api.inspection import Candidate, Candidates
    from rdit_lsp.document.cursor import Completion
    from rdit_lsp.document.document import Document
    from rdit_lsp.document.positions import Encoding

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
_WORD = re.compile(r"\w+")


def completions(
    candidates: Candidates,
    place: Completion,
    position: tuple[int, int],
    document: Document,
    encoding: Encoding,
    *,
    beside: bool = False,
) -> types.CompletionList | None:
    """What can stand at `position` (line and column in characters, from 0); None for nothing.

    `beside`: another server offers what can be read in the source.
    """
    line, column = position
    text = document.lines[line]
    takes_quotes = beside and len(place.quote) == 1
    begin, end = column - len(place.prefix), column
    if takes_quotes:
        # As basedpyright and Pylance have it: clients that merge lists take one range for all.
        begin, end = begin - 1, end + text.startswith(place.quote, column)
    where = range_in_line(line, begin, end, text, encoding)
    is_name = not place.before
    known = _words_of(document, place.prefix) if is_name else set()
    items = [
        item
        for candidate in candidates.items
        if not (candidate.is_static and (beside or is_name))
        and candidate.label not in known
        and not (takes_quotes and _is_key_in(document, candidate.label))
        and (item := _item(candidate, place, where, takes_quotes=takes_quotes, beside=beside))
        is not None
    ]
    return types.CompletionList(candidates.is_incomplete, items) if items else None


def _item(
    candidate: Candidate, place: Completion, where: types.Range, *, takes_quotes: bool, beside: bool
) -> types.CompletionItem | None:
    """`takes_quotes`: `where` has the quotes as well."""
    label = candidate.label
    text = _quoted(label, place.quote) if place.quote else label
    if text is None:
        return None
    if takes_quotes:
        label = text = f"{place.quote}{text}{place.quote}"
    # The other server's own begin with digits or letters.
    rank = "!" if beside and place.before and not candidate.label.startswith("_") else "~"
    detail = " = ".join(part for part in (candidate.type, candidate.detail) if part)
    return types.CompletionItem(
        label,
        label_details=types.CompletionItemLabelDetails(description="rdit"),
        kind=_KINDS.get(candidate.kind),
        detail=detail or None,
        sort_text=f"{rank}{_rank(candidate)}{label}",
        text_edit=types.TextEdit(where, text),
    )


def _rank(candidate: Candidate) -> int:
    """Members that only the live object has come first, private and special names last."""
    if candidate.label.startswith("_"):
        return 3 if candidate.label.startswith("__") else 2
    return 1 if candidate.is_static else 0


def _quoted(text: str, quotes: str) -> str | None:
    """`text` as it is written within `quotes`; None where that cannot be."""
    quote = quotes[-1]
    special = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", quote: "\\" + quote}
    if not {*special} & {*text}:
        return text
    is_raw = quotes[0] in "rR"
    return None if is_raw else "".join(special.get(character, character) for character in text)


def _is_key_in(document: Document, key: str) -> bool:
    """Whether a dict in the text has this key: a server that reads the source offers it."""
    return re.search(rf"""(['"]){re.escape(key)}\1\s*:""", document.text) is not None


def _words_of(document: Document, typed: str) -> set[str]:
    """The words of the text, which editors and other servers offer; not the one that is being typed."""
    words = _WORD.findall(document.text)
    return {word for word in words if word != typed or words.count(word) > 1}
