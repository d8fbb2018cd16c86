"""One connection to the host, as the host has it: lines of JSON, and descriptors that come along.

Knows a socket; nothing of what is asked for.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rdit_lsp.host.greeting import LONGEST
from rdit_lsp.host.place import GENERATION
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHUNK = 1 << 16
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class GreetingError(Exception):
    """The client says something else than it should; the message is for the log."""


@dataclass(frozen=True)
class Hello:
    """How a client introduces itself."""

    generation: int
    version: str
    role: str
    pid: int
    folder: str
    umask: int
    environment: Mapping[str, str]

    @classmethod
    def decode(cls, line: bytes) -> Hello:
        """Raises GreetingError."""
        try:
            found = json.loads(line)
            environment = found["environment"]
            hello = cls(
                generation=int(found["generation"]),
                version=str(found["version"]),
                role=str(found["role"]),
                pid=int(found["pid"]),
                folder=str(found["folder"]),
                umask=int(found["umask"]) & 0o777,
                environment={str(name): str(value) for name, value in environment.items()},
            )
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise GreetingError(f"a client introduces itself with {line[:200]!r}") from error
        if hello.generation != GENERATION:
            raise GreetingError(f"a client is of generation {hello.generation}")
        return hello


class Connection:
    """The host's end."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._read = b""

    async def line(self) -> bytes:
        """The next line; nothing at end of file. Raises GreetingError for one that does not end."""
        while b"\n" not in self._read:
            data = await self._receive()
            if not data:
                return b""
            self._read += data
            if len(self._read) > LONGEST:
                raise GreetingError("a client sends a line that does not end")
        line, _, self._read = self._read.partition(b"\n")
        return line

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a line of JSON. Raises OSError once the client has gone."""
        await self.send_line(json.dumps(message).encode())

    async def send_line(self, line: bytes) -> None:
        """Send a line. Raises OSError once the client has gone."""
        await self._loop.sock_sendall(self._socket, line + b"\n")

    async def streams(self) -> tuple[int, int, bytes]:
        """The streams of an editor, and what the forwarder has read of the first of them.

        Raises GreetingError, also for a client that goes instead.
        """
        await self._readable()
        data, fds, _, _ = socket.recv_fds(self._socket, _CHUNK, 2, _CLOSE_ON_EXEC)
        for fd in fds:
            os.set_inheritable(fd, False)
        size, _, self._read = data.partition(b"\n")
        try:
            incoming, outgoing = fds
            early = await self._exactly(int(size))
        except BaseException as error:
            for fd in fds:
                os.close(fd)
            if isinstance(error, ValueError):
                raise GreetingError(f"a client gives {len(fds)} streams, not 2") from error
            raise
        return incoming, outgoing, early

    async def gone(self) -> None:
        """Wait until the client has closed its end, or died."""
        while await self._receive():
            pass

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    async def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            data = await self._receive()
            if not data:
                raise GreetingError("a client has gone while it gave its streams")
            self._read += data
        found, self._read = self._read[:size], self._read[size:]
        return found

    async def _receive(self) -> bytes:
        try:
            return await self._loop.sock_recv(self._socket, _CHUNK)
        except ConnectionError:
            return b""

    async def _readable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_reader(self._socket, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_reader(self._socket)


def answer(*, accepted: bool, began: int | None) -> dict[str, Any]:
    """What the host says of itself; clients look at how it begins (`greeting.ACCEPTED`)."""
    return {
        "accepted": accepted,
        "generation": GENERATION,
        "version": VERSION,
        "features": [],
        "incarnation": [os.getpid(), began or 0],
    }
