"""Hover on a name: the value it has in the program, above the result of its statement.

Pure. It works beside another Python language server, which knows the source: what is shown is of live
objects, and marked as rdit's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.api.inspection import origin_in_words
from rdit_lsp.lsp.features.ranges import range_in_line
from rdit_lsp.outputs.markup import escaped, fenced
from rdit_lsp.outputs.text import printable

if TYPE_CHECKING:
    from rdit_lsp.api.inspection import LiveValue
    from rdit_lsp.document.cursor import Expression
    from rdit_lsp.document.positions import Encoding

_SIZE = re.compile(r"\(([\d,]+ (?:item|character|byte)s?)\)$")
_TABLES_SIZE = re.compile(r"\n+\[\d+ rows x \d+ columns\]\s*$")
"""What pandas writes below a long table."""
_WIDTH = 100


def live_hover(
    value: LiveValue,
    expression: Expression,
    line: str,
    encoding: Encoding,
    *,
    beside: bool = False,
    shown: str = "",
    rebound: int | None = None,
) -> types.Hover | None:
    """The hover on a name of `line` with its live value; None where there is nothing to add.

    `beside`: another server shows what can be read in the source. `shown` is text that stands below
    it anyway. `rebound`: the line below that has bound the name again, so that this is not its value here.
    """
    if beside and value.is_static:
        return None
    parts = _value(printable(expression.text), value, shown)
    if not beside and value.doc:
        parts.append(escaped(value.doc))
    if rebound is not None:
        parts.append(f"*rdit: its value now, after line {rebound}*")
    elif value.origin != "now":
        parts.append(f"*rdit: {origin_in_words(value.origin)}*")
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))
    where = range_in_line(expression.line, expression.first, expression.last, line, encoding)
    return types.Hover(content, where)


def joined(first: types.Hover | None, second: types.Hover | None) -> types.Hover | None:
    """Both hovers in one, for the place of the first."""
    if first is None or second is None:
        return first or second
    text = "\n\n---\n\n".join(_markdown_of(each) for each in (first, second))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), first.range)


def _value(name: str, value: LiveValue, shown: str) -> list[str]:
    """A line of code with name, type, size and a short value; below it what did not fit there."""
    text, summary = value.text, value.summary
    is_short = text and "\n" not in text and len(text) <= _WIDTH
    head = f"{name}: {value.type}" + (f" = {text}" if is_short else "")
    size = summary.partition(":")[0] if value.has_shape else _size_in(summary)
    parts = [fenced(f"{head}  # {size}" if size else head, "python")]
    if summary and not text and summary != size:
        parts.append(escaped(summary))
    if value.has_shape:
        text = _TABLES_SIZE.sub("", text)
    if text and not is_short and text.strip() != _TABLES_SIZE.sub("", shown).strip():
        # A table is not code: editors would colour some of its dates and numbers, and numbers that
        # begin with zeros as errors.
        parts.append(fenced(text, "text" if value.has_shape else "python"))
    return parts


def _size_in(summary: str) -> str:
    """How large a value is, where the end of its summary says so."""
    found = _SIZE.search(summary)
    return found[1] if found is not None else ""


def _markdown_of(hover: types.Hover) -> str:
    assert isinstance(hover.contents, types.MarkupContent)
    return hover.contents.value
