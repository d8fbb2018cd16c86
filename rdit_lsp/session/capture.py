"""Output of the program, captured into the results of the statements that wrote it.

Knows results one by one; neither the document nor which statement runs.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import TYPE_CHECKING, cast

from rdit_lsp.outputs.stream import StreamBuffer
from rdit_lsp.process.replies import Cleared
from rdit_lsp.results.displays import Displays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.handle import Owner
    from rdit_lsp.process.replies import Displayed
    from rdit_lsp.results.links import DisplayLinks
    from rdit_lsp.results.result import Result
    from rdit_lsp.session.events import Observers
    from rdit_lsp.session.input_requests import InputRequests

_REST_OF_LINE = 0.005
"""Seconds that a part of a line waits for the rest before it is shown."""


class OutputCapture:
    """The listener of one document's program; the owner of output is a result."""

    def __init__(
        self, observers: Observers, inputs: InputRequests, links: DisplayLinks, folder: Path
    ) -> None:
        """`links` keeps updates of displays, `folder` output too long to be held."""
        self._observers = observers
        self._inputs = inputs
        self.input_refused = False
        """The statement that ran last asked for a line and got none."""
        self.waited = 0.0
        """Seconds that the statement which ran last has waited for a person to type."""
        self._folder = folder
        self._displays = Displays(links)
        self._early: list[tuple[StreamName, bytes]] = []
        """What a new process wrote before its first statement."""
        self._files = count(1)

    def begin_process(self) -> None:
        """Another process is about to write; drop what the last one wrote before any statement."""
        self._early.clear()

    def begin_statement(self, result: Result) -> None:
        """Credit output to `result` from now on, and what arrived before the first statement, too."""
        self.input_refused, self.waited = False, 0.0
        self._inputs.forget()
        for stream, data in self._early:
            self._append(result, stream, data)
        self._early.clear()

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Append output to the result `owner`, whether its statement runs or has ended."""
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
        """Add a display to the result `owner`, or clear its outputs."""
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
        """Ask a client for a line that user code waits for; what is typed is echoed."""
        result = cast("Result | None", owner)
        last = result.captured[-1] if result is not None and result.captured else None
        prompt = ""
        if isinstance(last, StreamBuffer):
            prompt = last.freeze().text(2000).rpartition("\n")[2]
        begun = time.monotonic()

        def answered(line: str | None) -> None:
            self.input_refused = line is None
            if result is None or result.status != "running":
                answer(line)  # It was interrupted, and comes too late.
                return
            self.waited += time.monotonic() - begun
            if line is not None and not password:
                # As a terminal does: without it the next output would stand behind the prompt.
                stream = last.name if isinstance(last, StreamBuffer) else "stdout"
                self._append(result, stream, f"{line}\n".encode("utf-8", "surrogateescape"))
            answer(line)

        self._inputs.ask(prompt, answered, password=password)

    def _append(self, result: Result, stream: StreamName, data: bytes) -> None:
        self._displays.output_follows(result)
        last = result.captured[-1] if result.captured else None
        if not isinstance(last, StreamBuffer) or last.name != stream:
            spill = self._folder / f"output-{id(self):x}-{next(self._files)}.txt"
            last = StreamBuffer(stream, spill)
            result.captured.append(last)
        last.append(data)
        result.changed()
