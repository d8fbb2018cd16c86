"""The pipes that a program's stdout and stderr come through, and which statement each chunk belongs to.

When a statement may have left a process behind, the worker puts new pipes on its descriptors, and the
child keeps the old ones. So what comes through an old pipe belongs to the statement that left the child.
Knows owners as opaque objects; neither what output is nor what the program does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rdit_lsp.process.posix.pipes import Pipe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.handle import Owner


class OutputPipes:
    """The reading ends of one program's pipes, present and former."""

    def __init__(
        self,
        on_output: Callable[[Owner, StreamName, bytes], None],
        on_current: Callable[[bytes], None],
    ) -> None:
        """`on_output` gets every chunk; `on_current`, after it, those of the present pipes."""
        self.owner: Owner = None
        """The owner of what the present pipes carry."""
        self._on_output = on_output
        self._on_current = on_current
        self._current: dict[StreamName, Pipe] = {}
        self._late: set[Pipe] = set()
        """Former pipes that a child still holds."""

    def renew(self, fds: Mapping[StreamName, int]) -> None:
        """Read from `fds` from now on; the pipes before them keep the present owner."""
        for name, fd in fds.items():
            if name in self._current:
                former = self._current[name]
                former.owner = self.owner
                self._late.add(former)
            self._current[name] = Pipe(self, name, fd)

    @property
    def hold_something(self) -> bool:
        """Whether there is something to read from the present pipes now."""
        return any(pipe.holds for pipe in self._current.values())

    def drain(self) -> None:
        """Deliver what the present pipes hold at this moment, and no more."""
        for pipe in self._current.values():
            pipe.drain()

    async def wait_until_closed(self, limit: float) -> None:
        """Wait until every writing end is closed, at most `limit` seconds."""
        pipes = [*self._current.values(), *self._late]
        if pipes:
            await asyncio.wait([pipe.closed for pipe in pipes], timeout=limit)

    def close(self) -> None:
        """Stop reading; what is written from now on is lost."""
        for pipe in [*self._current.values(), *self._late]:
            pipe.close()

    def on_pipe_data(self, pipe: Pipe, data: bytes) -> None:
        """As `pipes.Reader`."""
        is_current = pipe.owner is None
        self._on_output(self.owner if is_current else pipe.owner, pipe.name, data)
        if is_current:
            self._on_current(data)

    def on_pipe_closed(self, pipe: Pipe) -> None:
        """As `pipes.Reader`."""
        self._late.discard(pipe)
