"""An event loop in which all waiting is over at once, for tests of what takes its time."""

from __future__ import annotations

import asyncio
import selectors


class _Impatient(selectors.SelectSelector):
    """Instead of waiting, it says that the time is over."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class ImpatientLoop(asyncio.SelectorEventLoop):
    """Its clock goes on by exactly what is waited for."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.now
