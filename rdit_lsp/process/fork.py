"""A copy of a worker that waits: a program state one can return to, or look at.

Knows the process and its socket. It must not know what the state stands for.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import TYPE_CHECKING

from rdit_lsp.process.channel import Channel
from rdit_lsp.process.posix.children import Child
from rdit_lsp.process.posix.memory import of_process
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import WorkerError

if TYPE_CHECKING:
    from rdit_lsp.process.channel import Message
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.posix.memory import Memory

_PATIENCE = 10.0
"""Seconds that a copy may take to answer; it runs nothing of the user's."""


class Fork:
    """A forked worker that waits on a socket of its own."""

    def __init__(self, fd: int, guard: Guard) -> None:
        """`fd` is our end of that socket."""
        loop = asyncio.get_running_loop()
        self._guard = guard
        self._child: Child | None = None
        self._waits: asyncio.Future[None] = loop.create_future()
        """Done when the copy has said that it waits, or has ended."""
        self._reply: asyncio.Future[Message | Exited] | None = None
        self._lock = asyncio.Lock()
        self.ended: asyncio.Future[None] = loop.create_future()
        """Done when there is no such process any more, or when it has become a program."""
        channel = socket.socket(fileno=fd)
        self._channel = Channel(
            channel, self._on_message, self._on_hung_up, self._on_protocol_error
        )

    @property
    def is_alive(self) -> bool:
        """Whether it can be used."""
        return not self.ended.done() and self._channel.is_open

    async def copy(self) -> Fork | Refusal:
        """A copy of the copy, to be used up in its place."""
        reply = await self.ask({"type": "fork"})
        if isinstance(reply, Exited):
            return Refusal("its process has ended")
        if reply["type"] == "refused":
            return Refusal(reply["reason"])
        return Fork(self._channel.fds.pop(0), self._guard)

    async def ask(self, message: Message, patience: float = _PATIENCE) -> Message | Exited:
        """Send a request and wait for its reply; a copy that gives none in time is dropped."""
        async with self._lock:
            try:
                return await asyncio.wait_for(self._ask(message), patience)
            except asyncio.TimeoutError:
                self.drop()
                return Exited(-signal.SIGKILL)

    async def _ask(self, message: Message) -> Message | Exited:
        await asyncio.shield(self._waits)
        if not self.is_alive:
            return Exited(0)
        self._reply = asyncio.get_running_loop().create_future()
        try:
            await self._channel.send(message)
            return await self._reply
        finally:
            self._reply = None

    async def ready(self) -> None:
        """Wait until it waits. Raises WorkerError if it has ended instead."""
        await asyncio.shield(self._waits)
        if not self.is_alive:
            raise WorkerError("the process of the checkpoint has ended.")

    def promote(self) -> tuple[socket.socket, Child]:
        """Its socket and its process, for a worker to go on as; it must be `ready`."""
        assert self._child is not None
        child, self._child = self._child, None
        channel = self._channel.detach()
        self.ended.set_result(None)
        return channel, child

    def drop(self) -> None:
        """End it. Nothing of the program runs then; that it has ended is told by `ended`."""
        self._channel.close()
        if self._child is not None:
            self._child.kill()
        elif not self._waits.done():
            self._end()  # It never said who it is, and ends by itself with its socket.

    def memory(self) -> Memory | None:
        """What it holds now; None where it is gone or the system does not tell (Linux does).

        Takes milliseconds for a large process, so call it off the event loop.
        """
        return None if self._child is None else of_process(self._child.pid)

    def _on_message(self, message: Message) -> None:
        if message["type"] == "waiting":
            self._child = Child(int(message["pid"]), self._on_exit)
            self._guard.watch(self._child.pid)
            self._waits.set_result(None)
        elif self._reply is not None and not self._reply.done():
            self._reply.set_result(message)

    def _on_hung_up(self) -> None:
        if self._child is None:
            self._end()

    def _on_protocol_error(self, _error: Exception) -> None:
        self.drop()

    def _on_exit(self, code: int) -> None:
        if self._child is not None:
            self._guard.forget(self._child.pid)
        self._end(code)

    def _end(self, code: int = 0) -> None:
        self._channel.close()
        if not self.ended.done():
            self.ended.set_result(None)
        if not self._waits.done():
            self._waits.set_result(None)
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(Exited(code))
