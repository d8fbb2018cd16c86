"""What a program says while its statements run, put into their results and told to the client.

Knows results one by one; neither the document nor which statement runs.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, cast

from rdit_lsp.outputs.stream import Stream
from rdit_lsp.process.replies import Cleared
from rdit_lsp.results.displays import Displays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.handle import Owner
    from rdit_lsp.process.replies import Displayed
    from rdit_lsp.results.result import Result
    from rdit_lsp.session.events import Observers

_REST_OF_LINE = 0.005
"""Seconds that a part of a line waits for the rest before it is shown."""


class OutputCapture:
    """Listens to the program of one document; owners are results."""

    def __init__(self, observers: Observers, folder: Path) -> None:
        """`folder` is for output too long to be held."""
        self._observers = observers
        self.input_refused = False
        """The statement that ran last asked for a line and got none."""
        self._folder = folder
        self._displays = Displays()
        self._early: list[tuple[StreamName, bytes]] = []
        """What a new process said before its first statement."""
        self._files = count(1)

    def begin_process(self) -> None:
        """Another process will speak from now on."""
        self._early.clear()

    def begin_statement(self, result: Result) -> None:
        """A statement begins, and what came before any is its."""
        self.input_refused = False
        for stream, data in self._early:
            self._append(result, stream, data)
        self._early.clear()

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Output of the statement whose result is `owner`, be it still running or long ended."""
        result = cast("Result | None", owner)
        if result is None:
            self._early.append((stream, data))
        else:
            self._append(result, stream, data)
        self._observers.on_output(None if result is None else result.index, stream, data)
        if data.endswith(b"\n"):
            self._observers.on_change()
        else:
            # The rest of the line is on its way: shown without it, it would wait for the next turn.
            asyncio.get_running_loop().call_later(_REST_OF_LINE, self._observers.on_change)

    def on_display(self, owner: Owner, shown: Displayed | Cleared) -> None:
        """The statement whose result is `owner` displays something, or clears what it has put out."""
        result = cast("Result | None", owner)
        if result is None:
            return
        if isinstance(shown, Cleared):
            self._displays.clear(result, wait=shown.wait)
        else:
            self._displays.show(result, shown.display, update=shown.update)
        self._observers.on_change()

    def on_input(
        self, owner: Owner, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """User code waits for a line."""
        result = cast("Result | None", owner)
        prompt = ""
        if result is not None and result.outputs and isinstance(result.outputs[-1], Stream):
            prompt = result.outputs[-1].text(2000).rpartition("\n")[2]

        def answered(line: str | None) -> None:
            self.input_refused = line is None
            answer(line)

        self._observers.on_input(prompt, answered, password=password)

    def _append(self, result: Result, stream: StreamName, data: bytes) -> None:
        self._displays.output_follows(result)
        last = result.outputs[-1] if result.outputs else None
        if not isinstance(last, Stream) or last.name != stream:
            spill = self._folder / f"output-{id(self):x}-{next(self._files)}.txt"
            last = Stream(stream, spill)
            result.outputs.append(last)
        last.append(data)
        result.changed()
