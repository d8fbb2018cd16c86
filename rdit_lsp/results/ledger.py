"""Which result each statement shows.

Pure state without a clock or a process; only the session changes it. A result is tied to a statement,
not to a line. It also stays known by its key when its statement is edited or removed, so that undoing
the edit shows it again, fresh, with nothing run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.document.state_keys import OFF_PATH, Key
from rdit_lsp.results.outcome import REPEATABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rdit_lsp.document.document import Statement
    from rdit_lsp.results.result import Result
    from rdit_lsp.results.store import ResultStore


class Ledger:
    """The results that are shown, and those that could be again."""

    def __init__(self, store: ResultStore) -> None:
        """`store` keeps the results for later."""
        self._shown: dict[Statement, Result] = {}
        self._store = store

    def __bool__(self) -> bool:
        """Whether there is any result, shown or kept."""
        return bool(self._shown or len(self._store))

    @property
    def shown(self) -> Collection[Result]:
        """All results that are shown."""
        return self._shown.values()

    def copy(self, other: Ledger) -> None:
        """Show what `other` shows, at the same statements."""
        self._shown.update(other._shown)

    def get(self, statement: Statement) -> Result | None:
        """The result shown at `statement`."""
        return self._shown.get(statement)

    def shown_at(self, statements: Iterable[Statement]) -> list[Result | None]:
        """The results shown at `statements`."""
        return list(map(self._shown.get, statements))

    def show(self, statement: Statement, result: Result) -> None:
        """Let `statement` show `result`, which may still be running."""
        self._shown[statement] = result

    def keep(self, result: Result) -> None:
        """Remember a result that ended of its own accord by the key it was produced to."""
        if result.key != OFF_PATH and result.status in REPEATABLE:
            self._store.keep(result, shown=len(self._shown))

    def recall(self, statement: Statement, key: Key) -> Result | None:
        """The kept result for `key`, shown at `statement` from now on.

        Not in place of one that runs just now. Nor of what the same text gave out of order since: the
        person who ran it out of order wants to see that, and would take the older one for it.
        """
        shown = self._shown.get(statement)
        if shown is not None and (shown.key == key or shown.status == "running"):
            return shown
        if (
            shown is not None
            and shown.text == statement.text
            and (shown.off_path or shown.superseded)
        ):
            return shown
        kept = self._store.recall(key) if key != OFF_PATH else None
        if kept is None:
            return shown
        self._shown[statement] = kept
        kept.changed()
        return kept

    def forget(self) -> None:
        """Drop everything, and the files behind it."""
        for result in (*self._shown.values(), *self._store):
            result.discard()
        self._shown.clear()
        self._store.forget()

    def move(
        self, removed: Iterable[Statement], pairs: Iterable[tuple[Statement, Statement]]
    ) -> None:
        """Carry results over after an edit: from each pair's first statement to its second."""
        carried = {statement: self._shown.pop(statement, None) for statement in removed}
        for source, target in pairs:
            result = carried.get(source)
            if result is not None:
                self._shown[target] = result
