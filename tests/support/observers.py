"""Observers of a session, for tests that ask the session itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import View

LIMIT = 60.0
"""Seconds until a change that does not come counts as lost."""


class SilentObserver:
    """Shows nothing, gives the program end of file, and can act in the middle of a run."""

    can_answer = False

    def __init__(self) -> None:
        self._changes = 0
        self._action: Callable[[], object] | None = None

    def act_after(self, changes: int, action: Callable[[], object]) -> None:
        """Call `action` once, after so many changes of the snapshot."""
        self._changes, self._action = changes, action

    def forget_action(self) -> None:
        """Drop an action that has not been called."""
        self._action = None

    def on_change(self) -> None:
        """Count, and act when it is time: not from within the session, which is in the middle of it."""
        self._changes -= 1
        if self._changes <= 0 and self._action is not None:
            action, self._action = self._action, None
            asyncio.get_running_loop().call_soon(action)

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Nothing."""

    def on_result(self, view: View) -> None:
        """Nothing."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """End of file."""
        answer(None)


class Recorder(SilentObserver):
    """Writes down what it is told, and answers the program where it has been given answers."""

    def __init__(self, *answers: str | None, can_answer: bool = False) -> None:
        """`answers` are given in order, then none: the program waits for the test."""
        super().__init__()
        self.can_answer = can_answer or bool(answers)
        self.changes = 0
        self.output: list[tuple[int | None, StreamName, bytes]] = []
        """Arguments of `on_output`."""
        self.results: list[View] = []
        """Arguments of `on_result`."""
        self.prompts: list[tuple[str, bool]] = []
        """Prompts, and whether they are for a password."""
        self.waiting: list[Callable[[str | None], None]] = []
        """How to answer the prompts for which there was no answer."""
        self._answers = list(answers)
        self._happened = asyncio.Event()

    def on_change(self) -> None:
        """As `SilentObserver.on_change`."""
        self.changes += 1
        self._happened.set()
        super().on_change()

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Write it down."""
        self.output.append((index, stream, data))
        self._happened.set()

    def on_result(self, view: View) -> None:
        """Write it down."""
        self.results.append(view)
        self._happened.set()

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """Give the next answer, or keep the question."""
        self.prompts.append((prompt, password))
        if self._answers:
            answer(self._answers.pop(0))
        else:
            self.waiting.append(answer)
        self._happened.set()

    def written(self, stream: StreamName = "stdout") -> str:
        """All text of a stream so far."""
        return b"".join(data for _, name, data in self.output if name == stream).decode()

    def written_by(self) -> dict[tuple[int | None, StreamName], str]:
        """Statement and stream → text so far, in the order in which each began."""
        found: dict[tuple[int | None, StreamName], str] = {}
        for index, stream, data in self.output:
            found[index, stream] = found.get((index, stream), "") + data.decode()
        return found

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, which is looked at whenever something has happened."""

        async def wait() -> None:
            while not holds():
                self._happened.clear()
                await self._happened.wait()

        await asyncio.wait_for(wait(), LIMIT)
