"""Requests and replies between the server and one process, in lock-step: one request, one reply.

Shared by a worker and its forks. Knows which reply answers a request, and that a process which has exited
answers nothing; neither what requests do nor how the process is watched.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, TypeVar, overload

from rdit_lsp.process import replies
from rdit_lsp.process.channel import Channel
from rdit_lsp.worker.protocol import ProtocolError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from rdit_lsp.process.channel import Message
    from rdit_lsp.process.replies import Exited, Received, Reply

A = TypeVar("A")
B = TypeVar("B")


class Conversation:
    """The server's side of what is said to one process."""

    def __init__(
        self,
        on_received: Callable[[Received], None],
        on_hung_up: Callable[[], None],
        on_protocol_error: Callable[[ProtocolError], None],
    ) -> None:
        """Call `open` next.

        `on_received` gets every message when it is read, a reply before it is returned by `ask`: what came
        beside it, such as new pipes, is in use before anything else is read.
        """
        self.exited: Exited | None = None
        """How the process ended; None while it lives."""
        self._on_received = on_received
        self._on_hung_up = on_hung_up
        self._on_protocol_error = on_protocol_error
        self._channel: Channel | None = None
        self._expected: tuple[type[object], ...] = ()
        """What may answer the request under way."""
        self._reply: asyncio.Future[Reply | Exited] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the process can still say something."""
        return self._channel is not None and self._channel.is_open

    def open(self, channel: socket.socket) -> None:
        """Talk over `channel` from now on, and close the one before: the process may have lost its end."""
        if self._channel is not None:
            self._channel.close()
        self._channel = Channel(
            channel, self._on_message, self._on_hung_up, self._on_protocol_error
        )

    @overload
    async def ask(self, request: Message, expected: type[A], /) -> A | Exited: ...
    @overload
    async def ask(self, request: Message, expected: type[A], or_: type[B], /) -> A | B | Exited: ...
    async def ask(self, request: Message, *expected: type[object]) -> Any:
        """Send a request and wait for its reply, which is one of the `expected` kinds.

        A reply of another kind is a protocol error. It has the process ended, which then is the reply.
        """
        if self.exited is not None:
            return self.exited
        assert self._reply is None, "the worker's protocol is lock-step"
        self._expected = expected
        self._reply = asyncio.get_running_loop().create_future()
        try:
            if self._channel is not None:
                await self._channel.send(request)
            return await self._reply
        finally:
            self._reply = None

    def acknowledge(self, message: Message) -> None:
        """Send a small message that gets no reply."""
        if self._channel is not None:
            self._channel.send_small(message)

    def end(self, exited: Exited) -> None:
        """The process has exited: deliver its last messages, and answer what is asked from now on."""
        if self._channel is not None:
            self._channel.read_rest()
            self._channel.close()
        self.exited = exited
        self._answer(exited)

    def close(self) -> None:
        """Hang up, which ends the process if it waits for a request."""
        if self._channel is not None:
            self._channel.close()

    def detach(self) -> socket.socket:
        """Give the socket, which must be open, to another conversation."""
        assert self._channel is not None
        return self._channel.detach()

    def _on_message(self, message: Message) -> None:
        assert self._channel is not None
        received = replies.decode(message, self._channel.take_fd)
        try:
            self._on_received(received)
        finally:  # Even if that failed, by a bug: a request without its reply would wait for ever.
            self._take_reply(received.content)

    def _take_reply(self, content: Reply | replies.Event) -> None:
        if isinstance(content, replies.Event):
            return
        is_awaited = self._reply is not None and not self._reply.done()
        if is_awaited and isinstance(content, self._expected):
            self._answer(content)
            return
        if isinstance(content, replies.Forked):
            os.close(content.fd)
        if is_awaited:
            raise ProtocolError(f"{type(content).__name__} is no reply to what was asked")

    def _answer(self, reply: Reply | Exited) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)
