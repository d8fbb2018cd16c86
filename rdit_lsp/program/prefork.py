"""A fork of a waiting fork, made before it is asked for: making one takes milliseconds.

Knows forks; neither which state they are in nor what they become.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rdit_lsp.process.replies import Refusal

if TYPE_CHECKING:
    from rdit_lsp.process.handle import ForkHandle, Memory


class Prefork:
    """Holds at most one prefork, of the process most likely to be restored next."""

    def __init__(self) -> None:
        self._kept: tuple[ForkHandle, ForkHandle] | None = None
        """The prefork, and the original that it was forked from."""
        self._making: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._discarding: set[asyncio.Task[None]] = set()

    def expect(self, original: ForkHandle, *, later: float = 0.0) -> None:
        """Make a prefork of `original`, in place of the one kept so far.

        `later`: after so many seconds, since something else is more urgent until then.
        """
        self._stop_timer()
        if later:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(later, self.expect, original)
        elif self._making is None:
            self._making = asyncio.create_task(self._make(original))

    async def fork_of(self, original: ForkHandle) -> ForkHandle | Refusal:
        """A fork of `original`, for the caller to use up; at once if it was expected."""
        if self._making is not None:
            await asyncio.wait([self._making])
        if self._kept is not None and self._kept[1] is original and self._kept[0].is_alive:
            fork, self._kept = self._kept[0], None
            return fork
        return await original.fork()

    def discard(self) -> None:
        """Keep none any more; it ends in the background."""
        self._stop_timer()
        task = asyncio.create_task(self._discard())
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def close(self) -> None:
        """Discard the prefork, and wait until it has ended."""
        self._stop_timer()
        if self._making is not None:
            await asyncio.wait([self._making])
        await self._discard()
        if self._discarding:
            await asyncio.wait(self._discarding)

    def memory(self) -> Memory | None:
        """Memory of the prefork, as `ForkHandle.memory`."""
        return self._kept[0].memory() if self._kept is not None else None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _make(self, original: ForkHandle) -> None:
        try:
            await self._discard()
            fork = await original.fork()
            if not isinstance(fork, Refusal):
                self._kept = fork, original
                original.ended.add_done_callback(lambda _: self._discard_fork_of(original))
        finally:
            self._making = None

    def _discard_fork_of(self, original: ForkHandle) -> None:
        """Its original was dropped: the prefork would hold the memory that is to be free."""
        if self._kept is not None and self._kept[1] is original:
            self.discard()

    async def _discard(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[0].discard()
            await kept[0].ended
