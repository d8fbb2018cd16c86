"""A forked worker that waits: a program state that can be restored or inspected.

Knows the process and its socket. It must not know what the state stands for.
"""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from socket import socket
from typing import TYPE_CHECKING, Any, TypeVar

from rdit_lsp.process.conversation import Conversation
from rdit_lsp.process.posix.children import Child
from rdit_lsp.process.posix.memory import of_process
from rdit_lsp.process.replies import Answer, Exited, Forked, Refusal, Waiting
from rdit_lsp.process.spawn import WorkerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from rdit_lsp.process.handle import Memory
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.replies import Received

R = TypeVar("R")

_PATIENCE = 10.0
"""Seconds that a fork may take to answer; it runs no user code."""


class Fork:
    """A fork on this machine, as a `ForkHandle`."""

    def __init__(self, fd: int, guard: Guard) -> None:
        """`fd` is the server's end of its socket."""
        loop = asyncio.get_running_loop()
        self._guard = guard
        self._child: Child | None = None
        self._waits: asyncio.Future[None] = loop.create_future()
        """Done when its `Waiting` has come, or it has ended."""
        self._lock = asyncio.Lock()
        self.ended: asyncio.Future[None] = loop.create_future()
        """Done when the process has ended, and when a worker has adopted it."""
        self._conversation = Conversation(
            self._on_received, self._on_hung_up, self._on_protocol_error
        )
        self._conversation.open(socket(fileno=fd))

    @property
    def is_alive(self) -> bool:
        """Whether it can be forked, adopted or inspected."""
        return not self.ended.done() and self._conversation.is_open

    async def fork(self) -> Fork | Refusal:
        """Another process in the same state."""
        ask = partial(self._conversation.ask, {"type": "fork"}, Forked, Refusal)
        reply = await self._within(_PATIENCE, ask)
        if isinstance(reply, Exited):
            return Refusal("its process has ended")
        return reply if isinstance(reply, Refusal) else Fork(reply.fd, self._guard)

    async def inspect(
        self, question: Mapping[str, Any], patience: float
    ) -> Mapping[str, Any] | Exited:
        """The answer to a question; afterwards it is good for questions only.

        It cuts itself off from everything outside first, since it may run user code to answer.
        """
        request = {"type": "look", "question": dict(question)}
        reply = await self._within(patience, partial(self._conversation.ask, request, Answer))
        return reply if isinstance(reply, Exited) else reply.answer

    async def ready(self) -> None:
        """Wait until it can be used. Raises WorkerError if it has ended instead."""
        await asyncio.shield(self._waits)
        if not self.is_alive:
            raise WorkerError("the process of the checkpoint has ended.")

    def promote(self) -> tuple[socket, Child]:
        """Give its socket and its process to the worker that adopts it; it must be `ready`."""
        assert self._child is not None
        child, self._child = self._child, None
        channel = self._conversation.detach()
        self.ended.set_result(None)
        return channel, child

    def discard(self) -> None:
        """End it, without the program's own endings such as `atexit`; `ended` follows."""
        self._conversation.close()
        if self._child is not None:
            self._child.kill()
        elif not self._waits.done():
            self._end(0)  # Its process id is not known yet, but it ends by itself with its socket.

    def memory(self) -> Memory | None:
        """Its memory now; None where it is gone or the system does not say (Linux does).

        Takes milliseconds for a large process: call it off the event loop.
        """
        return None if self._child is None else of_process(self._child.pid)

    async def _within(self, patience: float, ask: Callable[[], Awaitable[R]]) -> R | Exited:
        """The reply to what `ask` asks; a fork that gives none in time is discarded."""
        async with self._lock:  # Lock-step, though a prefork and a restore may both want it.
            try:
                return await asyncio.wait_for(self._when_it_waits(ask), patience)
            except asyncio.TimeoutError:
                self.discard()
                return Exited(-signal.SIGKILL)

    async def _when_it_waits(self, ask: Callable[[], Awaitable[R]]) -> R | Exited:
        await asyncio.shield(self._waits)
        return await ask() if self.is_alive else Exited(0)

    def _on_received(self, received: Received) -> None:
        if isinstance(received.content, Waiting) and not self._waits.done():
            self._child = Child(received.content.pid, self._on_exit)
            self._guard.watch(self._child.pid)
            self._waits.set_result(None)

    def _on_hung_up(self) -> None:
        if self._child is None:
            self._end(0)

    def _on_protocol_error(self, _error: Exception) -> None:
        self.discard()

    def _on_exit(self, code: int) -> None:
        if self._child is not None:
            self._guard.forget(self._child.pid)
        self._end(code)

    def _end(self, code: int) -> None:
        self._conversation.end(Exited(code))
        if not self.ended.done():
            self.ended.set_result(None)
        if not self._waits.done():
            self._waits.set_result(None)
