"""The server's standard input and output as asynchronous streams that never block the event loop.

pygls reads through a pool of threads, two hops a message, and writes with a call that blocks while the
editor does not read. Knows bytes only.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys

_BEHIND = 1 << 20
"""Bytes not yet read by the client from which on it counts as behind."""


def are_pipes(*fds: int) -> bool:
    """Whether an event loop can wait for all of these: pipes, sockets and terminals."""
    return all(map(_is_pipe, fds))


def _is_pipe(fd: int) -> bool:
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)


class Transport:
    """Both directions; fits pygls' reader and writer protocols."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.WriteTransport) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def take_over_stdio(cls) -> Transport:
        """Move descriptors 0 and 1 out of reach of all other code in this process.

        `print` then writes to stderr, and reading standard input is at end of file.
        """
        loop = asyncio.get_running_loop()
        incoming, outgoing = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        sys.stdout.flush()
        os.dup2(2, 1)
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(incoming, "rb", 0)
        )
        writer, _ = await loop.connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(outgoing, "wb", 0)
        )
        return cls(reader, writer)

    @property
    def is_behind(self) -> bool:
        """Whether the client does not read as fast as it is written to."""
        return self._writer.get_write_buffer_size() > _BEHIND

    async def readline(self) -> bytes:
        """The next line, or what is left at end of file."""
        return await self._reader.readline()

    async def readexactly(self, size: int) -> bytes:
        """The next `size` bytes; none at end of file."""
        try:
            return await self._reader.readexactly(size)
        except asyncio.IncompleteReadError:
            return b""

    def write(self, data: bytes) -> None:
        """Send `data`, in the background if need be."""
        self._writer.write(data)

    def close(self) -> None:
        """Send what is left and close."""
        self._writer.close()
