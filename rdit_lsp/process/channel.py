"""The server's end of the private socket to a worker: framed messages, and descriptors beside them.

Knows frames, not what they mean, and no process.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any, TypeAlias

from rdit_lsp.process.posix.pipes import held
from rdit_lsp.worker import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Message: TypeAlias = dict[str, Any]

_CHUNK = 1 << 18
_MOST_FDS = 8


class Channel:
    """One connected socket, read on the event loop."""

    def __init__(
        self,
        channel: socket.socket,
        on_message: Callable[[Message], None],
        on_end: Callable[[], None],
        on_protocol_error: Callable[[protocol.ProtocolError], None],
    ) -> None:
        """Take over `channel`.

        `on_end`: the other side has closed it. `on_protocol_error`: what came is no message, or
        `on_message` raised ProtocolError for it. Any other exception is a bug of the server's own, and
        must not be blamed on the worker.
        """
        channel.setblocking(False)
        self._fds: list[int] = []
        """Descriptors that came and have not been taken yet."""
        self._channel: socket.socket | None = channel
        self._frames = protocol.Frames()
        self._on_message = on_message
        self._on_end = on_end
        self._on_protocol_error = on_protocol_error
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(channel, self.read)

    @property
    def is_open(self) -> bool:
        """Whether it can still be read."""
        return self._channel is not None

    async def send(self, message: Message) -> None:
        """Send a message. One that cannot be delivered is lost: the process is ending."""
        if self._channel is None:
            return
        frame = protocol.encode_request(message)
        sent = self._send_now(frame)
        if sent < len(frame):
            with contextlib.suppress(OSError):
                await self._loop.sock_sendall(self._channel, frame[sent:])

    def send_small(self, message: Message) -> None:
        """Send a message that surely fits into the socket's buffer."""
        self._send_now(protocol.encode_request(message))

    def take_fd(self) -> int:
        """The next descriptor that came beside a message. Raises ProtocolError if there is none."""
        if not self._fds:
            raise protocol.ProtocolError("a message without its descriptor")
        return self._fds.pop(0)

    def read(self) -> None:
        """Read and deliver what is there."""
        if self._channel is None:
            return
        try:
            data, ancillary, _, _ = self._channel.recvmsg(_CHUNK, socket.CMSG_SPACE(_MOST_FDS * 4))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, ancillary = b"", []
        for level, kind, rights in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(rights[: len(rights) - len(rights) % fds.itemsize])
                self._fds += fds
        if not data:
            self.close()
            self._on_end()
            return
        try:
            for payload in self._frames.feed(data):
                self._on_message(protocol.decode_reply(payload))
        except protocol.ProtocolError as error:
            self._on_protocol_error(error)

    def read_rest(self) -> None:
        """Read all that was sent before the other process ended."""
        self.read()
        while self._channel is not None and held(self._channel.fileno()):
            self.read()

    def close(self) -> None:
        """Hang up, and close the descriptors that belong to no complete message."""
        if self._channel is not None:
            self.detach().close()
        while self._fds:
            os.close(self._fds.pop())

    def detach(self) -> socket.socket:
        """Give the socket, which must be open, to another owner."""
        assert self._channel is not None
        channel, self._channel = self._channel, None
        self._loop.remove_reader(channel)
        return channel

    def _send_now(self, frame: bytes) -> int:
        """Send as much as goes now; returns the number of bytes."""
        if self._channel is None:
            return len(frame)
        try:
            return self._channel.send(frame)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(frame)  # The process is ending, which its exit will say.
