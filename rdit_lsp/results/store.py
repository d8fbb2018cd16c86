"""Results kept for later: of statements that were edited since, by the state each led to.

The seam for keeping them elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.results.result import Result

_MOST = 2000
"""Results that `MemoryStore` keeps at least, however few are shown."""


class ResultStore(Protocol):
    """Where a session's results are kept; a result in it is never changed by it."""

    def __len__(self) -> int:
        """How many there are."""

    def __iter__(self) -> Iterator[Result]:
        """All of them."""

    def keep(self, result: Result, *, shown: int) -> None:
        """Keep a result under its key, in place of an earlier one; `shown`: how many are shown now."""

    def recall(self, key: Key) -> Result | None:
        """The result that led to the state `key`."""

    def forget(self) -> None:
        """Drop all."""


class MemoryStore:
    """Keeps results as long as the process lives; those not used for longest go first."""

    def __init__(self, most: int = _MOST) -> None:
        """`most`: how many are kept beside as many as are shown."""
        self._most = most
        self._results: OrderedDict[Key, Result] = OrderedDict()

    def __len__(self) -> int:
        """As `ResultStore`."""
        return len(self._results)

    def __iter__(self) -> Iterator[Result]:
        """As `ResultStore`."""
        return iter(self._results.values())

    def keep(self, result: Result, *, shown: int) -> None:
        """As `ResultStore.keep`."""
        self._results[result.key] = result
        self._results.move_to_end(result.key)
        while len(self._results) > self._most + shown:
            self._results.popitem(last=False)

    def recall(self, key: Key) -> Result | None:
        """As `ResultStore.recall`; what was set off its path since is not that state's any more."""
        result = self._results.get(key)
        return result if result is not None and result.key == key else None

    def forget(self) -> None:
        """As `ResultStore.forget`."""
        self._results.clear()
