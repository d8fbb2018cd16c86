"""Reading a pipe on the event loop, and how much it holds.

Knows descriptors; nothing of processes or of what the output is.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rdit_lsp.outputs.stream import StreamName

_CHUNK = 1 << 18


class Reader(Protocol):
    """Receives what pipes bring."""

    def on_pipe_data(self, pipe: Pipe, data: bytes) -> None:
        """Data was read from `pipe`."""

    def on_pipe_closed(self, pipe: Pipe) -> None:
        """Every writing end of `pipe` is closed, or reading was stopped."""


class Pipe:
    """The reading end of one of the program's output streams."""

    def __init__(self, reader: Reader, name: StreamName, fd: int) -> None:
        """Take over `fd` and read it from now on."""
        self.name = name
        self.owner: object = None
        """The owner of all that still comes, once the pipe is a former one; None before."""
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._reader = reader
        self._fd = fd
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read, _CHUNK)

    @property
    def holds(self) -> bool:
        """Whether there is something to read now."""
        return not self.closed.done() and held(self._fd) > 0

    def drain(self) -> None:
        """Read what is there now, and no more than that."""
        while not self.closed.done():
            waiting = held(self._fd)
            if not waiting:
                return
            self._read(waiting)

    def close(self) -> None:
        """Stop reading."""
        if not self.closed.done():
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self.closed.set_result(None)
            self._reader.on_pipe_closed(self)

    def _read(self, limit: int) -> None:
        try:
            data = os.read(self._fd, limit)
        except (BlockingIOError, InterruptedError):
            return
        if not data:
            self.close()
            return
        self._reader.on_pipe_data(self, data)


def held(fd: int) -> int:
    """Bytes that can be read from a pipe or socket at this moment (FIONREAD)."""
    size = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, size)
    return size[0]
