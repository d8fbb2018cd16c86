"""An event loop whose clock takes no time: seconds pass as soon as nothing else is to be done."""

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
    """All waiting for time is over at once; nothing else can be waited for."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        """Seconds that would have passed."""
        return self._impatient.now
