"""Edits as data: what one message of a client does to a document; pure.

An edit can be logged, sent to another process, and made again on another text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rdit_lsp.document import document as documents
from rdit_lsp.document.positions import from_units

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.document.positions import Encoding

Place: TypeAlias = tuple[int, int]
"""A line and a column in code units of the edit's encoding, both from 0, as LSP's `Position`."""


class Change(NamedTuple):
    """A part of the text that is replaced."""

    text: str
    """What takes its place."""
    start: Place | None = None
    """Where the part begins; None replaces the whole text."""
    end: Place | None = None
    """Where it ends; given exactly where `start` is. It may lie behind the last line."""


class Edit(NamedTuple):
    """Changes that come together, each in the text that the one before it leaves."""

    version: int
    """The document's version after them."""
    changes: tuple[Change, ...]
    encoding: Encoding = "utf-32"
    """What the columns of the changes count."""


def apply(document: Document, edit: Edit) -> Document:
    """The document after an edit, at the edit's version."""
    for change in edit.changes:
        document = _changed(document, edit, change)
    return document


def _changed(document: Document, edit: Edit, change: Change) -> Document:
    if change.start is None or change.end is None:
        return documents.replace_text(document, edit.version, change.text)
    lines = document.lines
    (first, start), (end_line, end) = change.start, change.end
    last = min(end_line, len(lines) - 1)
    first = min(first, last)
    before = lines[first][: from_units(lines[first], start, edit.encoding)]
    after = lines[last][from_units(lines[last], end, edit.encoding) :]
    if end_line >= len(lines):
        after = ""  # LSP lets an end lie after the last line.
    replacement = documents.split_lines(before + change.text + after)
    return documents.edit(document, edit.version, first, last, replacement)
