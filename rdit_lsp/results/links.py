"""Displays that one statement has put in the place of another's: which result updates which.

What a statement made of another's display is kept here and not in the other's result, so that it goes when
the statement that made it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from rdit_lsp.outputs.display import Display
    from rdit_lsp.results.result import Result


class DisplayLinks:
    """The links between the results of one document."""

    def __init__(self) -> None:
        self._updates: WeakKeyDictionary[Result, dict[str, Display]] = WeakKeyDictionary()
        self._updaters: WeakKeyDictionary[Result, WeakSet[Result]] = WeakKeyDictionary()

    def update(self, holder: Result, by: Result, display: Display) -> None:
        """Note that `by` has put `display` in the place of the one of its id, which `holder` holds."""
        self._updates.setdefault(by, {})[display.id or ""] = display
        self._updaters.setdefault(holder, WeakSet()).add(by)

    def updaters(self, holder: Result) -> Container[Result]:
        """The results that have updated displays of `holder`; empty for most."""
        return self._updaters.get(holder, ()) if self._updaters else ()

    def updates(self, by: Result) -> Mapping[str, Display]:
        """The displays that `by` has put in the place of others, by id."""
        return self._updates.get(by, {})
