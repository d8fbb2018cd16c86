"""All results of a session: what was shown of each statement, and what can be shown again.

Pure state without a clock or a process; only the session changes it. A result is tied to a statement,
not to a line. It also stays known by its key when its statement is edited or removed, so that undoing
the edit shows it again, fresh, with nothing run.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from rdit_lsp.document.state_keys import OFF_PATH, Key
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.results.outcome import REPEATABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rdit_lsp.document.document import Statement
    from rdit_lsp.results.result import Result


_KEPT = 2000
"""How many results that no statement shows now are kept for an undo."""


class Ledger:
    """Which result each statement shows."""

    def __init__(self) -> None:
        self._shown: dict[Statement, Result] = {}
        self._kept: OrderedDict[Key, Result] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there is any result, shown or kept."""
        return bool(self._shown or self._kept)

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
        if result.key == OFF_PATH or result.status not in REPEATABLE:
            return
        self._kept[result.key] = result
        self._kept.move_to_end(result.key)
        while len(self._kept) > _KEPT + len(self._shown):
            self._kept.popitem(last=False)

    def recall(self, statement: Statement, key: Key) -> Result | None:
        """The kept result for `key`, shown at `statement` from now on.

        Not in place of one that runs just now, nor of what the same text gave out of order since: the
        person who asked for that wants to see it.
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
        kept = self._kept.get(key) if key != OFF_PATH else None
        if kept is None or kept.key != key:
            return shown
        self._shown[statement] = kept
        kept.changed()
        return kept

    def forget(self) -> None:
        """Drop everything, and the files behind it."""
        for result in (*self._shown.values(), *self._kept.values()):
            for output in result.outputs:
                if isinstance(output, Stream):
                    output.discard()
        self._shown.clear()
        self._kept.clear()

    def move(
        self, removed: Iterable[Statement], pairs: Iterable[tuple[Statement, Statement]]
    ) -> None:
        """Carry results over after an edit: from each pair's first statement to its second."""
        carried = {statement: self._shown.pop(statement, None) for statement in removed}
        for source, target in pairs:
            result = carried.get(source)
            if result is not None:
                self._shown[target] = result
