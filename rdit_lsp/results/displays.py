"""Displays that user code makes: in order, updated in place, cleared, and bounded.

Pure state beside the ledger; knows results and outputs, nothing of workers or clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.text import size_text

if TYPE_CHECKING:
    from rdit_lsp.results.links import DisplayLinks
    from rdit_lsp.results.result import Result

MOST = 200
"""Displays of one statement that are held: a loop can make a million."""

LARGEST = 1 << 26
"""Characters of all the displays of one statement."""


class Displays:
    """Adds displays to the results, and updates and clears them."""

    def __init__(self, links: DisplayLinks) -> None:
        """`links` keeps what one statement makes of another's displays."""
        self._links = links
        self._named: WeakValueDictionary[str, Result] = WeakValueDictionary()
        """The result that holds the display of a name."""
        self._clearing: WeakSet[Result] = WeakSet()
        """Results to be cleared as soon as something follows."""
        self._left_out: WeakKeyDictionary[Result, int] = WeakKeyDictionary()

    def show(self, result: Result, display: Display, *, update: bool) -> None:
        """Add a display to `result`, or put it in the place of the one of its name, wherever it is."""
        if update:
            self._replace(result, display)
            return
        self.output_follows(result)
        shown = [output for output in result.captured if isinstance(output, Display)]
        size = sum(output.size for output in shown) + display.size
        if len(shown) >= MOST or size > LARGEST:
            self._leave_out(result, display)
        else:
            result.captured.append(display)
            if display.id is not None:
                self._named[display.id] = result
        result.changed()

    def clear(self, result: Result, *, wait: bool) -> None:
        """Clear the outputs of `result`, now or when the next one comes."""
        if wait:
            self._clearing.add(result)
            return
        self._clearing.discard(result)
        self._left_out.pop(result, None)
        result.captured.clear()
        result.note = None
        result.changed()

    def output_follows(self, result: Result) -> None:
        """Something is about to be added to `result`."""
        if result in self._clearing:
            self.clear(result, wait=False)

    def _leave_out(self, result: Result, display: Display) -> None:
        count = self._left_out[result] = self._left_out.get(result, 0) + 1
        last = f"the last one had {size_text(display.size)}"
        result.note = f"Displays that are not shown because there are too many: {count:,}; {last}."

    def _replace(self, result: Result, display: Display) -> None:
        name = display.id or ""
        holder = self._named.get(name)
        if holder is None:
            return  # As in Jupyter, where an update of what is not there shows nothing.
        if holder is result:
            for index, output in enumerate(result.captured):
                if isinstance(output, Display) and output.id == name:
                    result.captured[index] = display
        else:
            self._links.update(holder, result, display)
        holder.changed()
