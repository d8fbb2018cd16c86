"""A document's edits in the order of their versions, also where the client's messages are not.

Pure. Helix up to 25.01 sends each edit from a task of its own, so
two in quick succession can overtake each other. Each says where it is in the text before it, so applied
in the order of arrival they give a text that was never typed, and every edit after it makes that worse.

Waiting for a missing number does not work: LSP lets versions grow by more than one, and some clients'
do. So an edit is applied when it comes, and where one comes late, those it should have preceded are
made again after it.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from rdit_lsp.document.edit import apply

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.document.edit import Edit

_REMEMBERED = 64
"""Edits after a missing number until it counts as one that the client left out."""


class EditOrder:
    """The edits since the last version before which none is missing."""

    def __init__(self) -> None:
        self._base: Document | None = None
        """The document before them."""
        self._since: list[Edit] = []

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._since)

    def apply(self, document: Document, edit: Edit) -> Document:
        """The document after `edit`, which came last, wherever among those before it belongs."""
        base = self._base
        if base is None:
            base = self._base = document
        is_late = base.version < edit.version < document.version
        insort(self._since, edit, key=lambda each: each.version)
        if is_late:
            document = base
            for each in self._since:
                document = apply(document, each)
        else:
            document = apply(document, edit)
        if len(self._since) >= min(document.version - base.version, _REMEMBERED):
            self.forget()
        return document

    def forget(self) -> None:
        """Begin anew: none is missing, or the text is another one altogether."""
        self._base = None
        self._since.clear()
