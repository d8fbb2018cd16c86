"""The far end of a worker's socket, held by a test: it plays the worker, message by message.

The processes are real and do nothing (`sleep`), so that exits and signals are real, too.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any

from rdit_lsp.worker import protocol

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 30.0
"""Seconds after which something that must happen counts as never happening."""

READY = {
    "type": "ready",
    "protocol": protocol.VERSION,
    "python": "/usr/bin/python",
    "version": "3.11.0",
    "pid": 1,
    "renewed": [],
    "libraries": ["/lib/site-packages"],
}
FINISHED = {
    "type": "finished",
    "outcome": "ok",
    "seconds": 0.5,
    "value": None,
    "metadata": None,
    "failure": None,
    "code": None,
    "imported": {},
    "lookups": [],
    "used": [],
    "changed": [],
    "renewed": [],
}


class FarEnd:
    """One end of a pair of sockets, of which `near` is for the code under test."""

    def __init__(self, pair: tuple[socket.socket, socket.socket] | None = None) -> None:
        self.near, self._far = pair or socket.socketpair()
        self._far.setblocking(False)
        self._frames = protocol.Frames()
        self._requests: list[dict[str, Any]] = []

    @classmethod
    def connect(cls, path: str) -> FarEnd:
        """The far end of a new connection to a listening socket; it has no `near` of its own."""
        far = socket.socket(socket.AF_UNIX)
        far.connect(path)
        return cls((far, far))

    async def request(self) -> dict[str, Any]:
        """The next request."""
        while not self._requests:
            data = await asyncio.wait_for(
                asyncio.get_running_loop().sock_recv(self._far, 1 << 16), SECONDS
            )
            assert data, "the server hung up"
            self._requests += [protocol.decode_request(p) for p in self._frames.feed(data)]
        return self._requests.pop(0)

    async def hung_up(self) -> bool:
        """Whether the near end is closed by now, with nothing left unread."""
        data = await asyncio.wait_for(
            asyncio.get_running_loop().sock_recv(self._far, 1 << 16), SECONDS
        )
        return not data

    def say(self, message: dict[str, Any], *fds: int) -> None:
        """Send a message, with descriptors beside it."""
        self.send(protocol.encode_reply(message), *fds)

    def send(self, data: bytes, *fds: int) -> None:
        """Send bytes, be they a frame or not."""
        socket.send_fds(self._far, [data], fds)

    def hang_up(self) -> None:
        """Close this end."""
        self._far.close()


class RecordingGuard:
    """In place of the server's guard: the groups that it would end."""

    def __init__(self, folder: Path) -> None:
        self.folder = self.sockets = folder
        self.groups: set[int] = set()

    def watch(self, group: int) -> None:
        """As `Guard.watch`."""
        self.groups.add(group)

    def forget(self, group: int) -> None:
        """As `Guard.forget`."""
        self.groups.discard(group)


def start_sleeper() -> int:
    """Start a process that does nothing, in a session of its own; returns its id."""
    return os.posix_spawnp("sleep", ["sleep", "1000"], os.environ, setsid=True)


def end_of(fd: int) -> bytes:
    """All that can be read from `fd` until every writing end is closed; closes it."""
    with open(fd, "rb") as file:
        return file.read()


async def turn() -> None:
    """Let the event loop do what is ready, its readers, too."""
    for _ in range(3):
        await asyncio.sleep(0)
