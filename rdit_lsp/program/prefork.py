"""A copy of a waiting copy, made before it is asked for: making one takes milliseconds.

Knows copies; neither which state they are in nor what becomes of those it gives away.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rdit_lsp.process.fork import Fork

if TYPE_CHECKING:
    from rdit_lsp.process.posix.memory import Memory
    from rdit_lsp.process.replies import Refusal


class Prefork:
    """At most one such copy, of whatever one is expected to be asked for next."""

    def __init__(self) -> None:
        self._kept: tuple[Fork, Fork] | None = None
        """It, and what it is a copy of."""
        self._making: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._dropping: set[asyncio.Task[None]] = set()

    def expect(self, original: Fork, *, later: float = 0.0) -> None:
        """A copy of `original` will be asked for: make it, in place of the one kept so far.

        `later`: after so many seconds, since something else is more urgent until then.
        """
        self._stop_timer()
        if later:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(later, self.expect, original)
        elif self._making is None:
            self._making = asyncio.create_task(self._make(original))

    async def copy_of(self, original: Fork) -> Fork | Refusal:
        """A copy of `original`, to be used up; at once if that was expected."""
        if self._making is not None:
            await asyncio.wait([self._making])
        if self._kept is not None and self._kept[1] is original and self._kept[0].is_alive:
            copied, self._kept = self._kept[0], None
            return copied
        return await original.copy()

    def drop(self) -> None:
        """Keep none any more; it ends in the background."""
        self._stop_timer()
        task = asyncio.create_task(self._drop())
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    async def close(self) -> None:
        """End what there is, and wait for that."""
        self._stop_timer()
        if self._making is not None:
            await asyncio.wait([self._making])
        await self._drop()
        if self._dropping:
            await asyncio.wait(self._dropping)

    def memory(self) -> Memory | None:
        """What the kept one holds; as `Fork.memory`."""
        return self._kept[0].memory() if self._kept is not None else None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _make(self, original: Fork) -> None:
        try:
            await self._drop()
            copied = await original.copy()
            if isinstance(copied, Fork):
                self._kept = copied, original
                original.ended.add_done_callback(lambda _: self._drop_copy_of(original))
        finally:
            self._making = None

    def _drop_copy_of(self, original: Fork) -> None:
        """Its original has been dropped: it would hold the memory that is to be free."""
        if self._kept is not None and self._kept[1] is original:
            self.drop()

    async def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[0].drop()
            await kept[0].ended
