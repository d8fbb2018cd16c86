"""The streams of an editor as asynchronous ones that never block the event loop.

pygls reads through a pool of threads, two hops a message, and writes with a call that blocks while the
editor does not read. Knows bytes only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
import sys
from typing import cast

log = logging.getLogger(__name__)

_BEHIND = 1 << 20
"""Bytes not yet read by the client from which on it counts as behind."""
_LOST = 1 << 28
"""Bytes not yet read from which on it will not read again: what else is written would fill the memory."""
_LAST_BYTES = 2.0
"""Seconds that a client has to read what is left once it has said `exit`."""


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

    def __init__(self, early: bytes) -> None:
        """Use `open`."""
        self._reader = asyncio.StreamReader()
        self._writer: asyncio.WriteTransport
        self._incoming: asyncio.BaseTransport
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nothing more can be written."""
        if early:
            self._reader.feed_data(early)

    @classmethod
    async def open(cls, incoming: int, outgoing: int, early: bytes = b"") -> Transport:
        """Take over two descriptors. `early` has been read from `incoming` already."""
        self = cls(early)
        loop = asyncio.get_running_loop()
        if _is_one_socket(incoming, outgoing):
            # As two pipes, the one for writing would take what comes in for the end of the other side.
            os.close(outgoing)
            both, _ = await loop.create_connection(
                lambda: _Both(self._reader, self._closed), sock=socket.socket(fileno=incoming)
            )
            self._writer, self._incoming = cast("asyncio.WriteTransport", both), both
        else:
            self._incoming, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(self._reader), os.fdopen(incoming, "rb", 0)
            )
            self._writer, _ = await loop.connect_write_pipe(
                lambda: _Writing(self._closed), os.fdopen(outgoing, "wb", 0)
            )
        return self

    @classmethod
    async def take_over_stdio(cls, early: bytes = b"") -> Transport:
        """Move descriptors 0 and 1 out of reach of all other code in this process.

        `print` then writes to stderr, and reading standard input is at end of file.
        """
        incoming, outgoing = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        sys.stdout.flush()
        os.dup2(2, 1)
        return await cls.open(incoming, outgoing, early)

    @property
    def is_behind(self) -> bool:
        """Whether the client does not read as fast as it is written to."""
        return self._writer.get_write_buffer_size() > _BEHIND

    async def readline(self) -> bytes:
        """The next line, or what is left at end of file."""
        try:
            return await self._reader.readline()
        except OSError:
            return b""  # The connection was reset, which is an end as well.

    async def readexactly(self, size: int) -> bytes:
        """The next `size` bytes; none at end of file."""
        try:
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return b""

    def write(self, data: bytes) -> None:
        """Send `data`, in the background if need be; nothing once the client has gone."""
        if self._writer.is_closing():
            return
        if self._writer.get_write_buffer_size() > _LOST:
            log.error("a client does not read what it is sent; its connection is closed")
            self.abort()
            return
        self._writer.write(data)

    def close(self) -> None:
        """Send what is left and close."""
        self._writer.close()

    def abort(self) -> None:
        """Close both directions now."""
        self._writer.abort()
        self._incoming.close()

    async def finish(self) -> None:
        """Send what is left, as long as the client reads it, and close both directions."""
        self._writer.close()
        await asyncio.wait([self._closed], timeout=_LAST_BYTES)
        if not self._closed.done():
            self._writer.abort()
        self._incoming.close()


class _Writing(asyncio.BaseProtocol):
    """Says when nothing more can be written."""

    def __init__(self, closed: asyncio.Future[None]) -> None:
        self._closed = closed

    def connection_lost(self, _exc: Exception | None) -> None:
        """As `asyncio.BaseProtocol.connection_lost`."""
        _done(self._closed)


class _Both(asyncio.StreamReaderProtocol):
    """Reads, and says when nothing more can be written."""

    def __init__(self, reader: asyncio.StreamReader, closed: asyncio.Future[None]) -> None:
        super().__init__(reader)
        self._no_more = closed

    def connection_lost(self, exc: Exception | None) -> None:
        """As `asyncio.BaseProtocol.connection_lost`."""
        super().connection_lost(exc)
        _done(self._no_more)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _is_one_socket(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    return stat.S_ISSOCK(first.st_mode) and os.path.samestat(first, second)
