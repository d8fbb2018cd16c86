"""The texts of one session: each client has its own, and one of them is what the program was last run from.

Results are the program's, but they stand beside the text of the client that looks: `Results` for each text.
A run freezes the text of the client that asked for it, which is active from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.document import document as documents
from rdit_lsp.results.results import Results
from rdit_lsp.results.shared import SharedResults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.results.freshness import States
    from rdit_lsp.results.result import Result
    from rdit_lsp.results.store import ResultStore


class Texts:
    """The results of one session beside each of its texts; there is always at least one."""

    def __init__(self, document: Document, store: ResultStore | None = None) -> None:
        """Begin with one text, which no client has yet.

        `store` keeps results of statements that were edited since; in memory by default.
        """
        shared = SharedResults() if store is None else SharedResults(store)
        self._active = Results(document, shared)
        self._all = [self._active]
        self._left = [self._active]
        """Those that no client has: one that may be wanted again, and those of runs that wait."""

    def __iter__(self) -> Iterator[Results]:
        return iter(list(self._all))

    def __bool__(self) -> bool:
        """Whether there is any result."""
        return any(map(bool, self._all))

    @property
    def active(self) -> Results:
        """That of the run under way, or else of the last one."""
        return self._active

    @property
    def states(self) -> States:
        """The states of the program, which are the same for every text."""
        return self._active.states

    # Whose text there is.

    def take(self, document: Document, *, under_way: bool) -> Results:
        """The text of a client that comes, which reads as `document` does.

        It goes on from the active one if its client has left, as when an editor reloads a buffer; else it
        begins with what that one shows. `under_way` as in `Results.take`.
        """
        if self._active in self._left:
            self._left.remove(self._active)
            self._active.take(_as(self._active.document, document), under_way=under_way)
            return self._active
        results = self._active.beside(_as(self._active.document, document))
        self._all.append(results)
        return results

    def leave(self, results: Results, *, under_way: bool) -> None:
        """The client of a text has gone; a run of it may wait or be under way still."""
        self._left.append(results)
        if not under_way:
            self._drop_left()

    def activate(self, results: Results) -> None:
        """Let a text be the one that is run."""
        self._active = results

    def settle(self) -> None:
        """No run is under way, nor does any wait: forget what only they knew."""
        for results in self._all:
            results.settle_moves()
        self._drop_left()

    def _drop_left(self) -> None:
        """Drop the texts without a client, but the active one where it is the last."""
        held = [results for results in self._all if results not in self._left]
        if held and self._active in self._left:
            self._active = held[-1]
        self._all = held or [self._active]
        self._left = [] if held else [self._active]

    # What is beside them.

    def show(self, placed: PlacedStatement, before: Key | None, result: Result) -> None:
        """Show the result of a statement of the active text, which runs in the state `before`.

        Others show it, too, where it is true of them.
        """
        self._active.show(placed.statement, result)
        for results in self._all:
            if before is not None and results is not self._active:
                results.mirror(placed, before, result)

    def forget(self) -> None:
        """Drop all results, and the files behind them."""
        for results in self._all:
            results.forget()


def _as(known: Document, document: Document) -> Document:
    """`document`, which shares with `known` the statements that are the same at both ends."""
    text = documents.replace_lines(known, document.version, document.lines)
    return documents.renamed(text, document.uri, document.version)
