"""The server's end of the private socket to a worker: framed messages, and descriptors beside them.

Knows frames, not what they mean, and no process.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any, TypeAlias

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
        on_protocol_error: Callable[[Exception], None],
    ) -> None:
        """Take over `channel`.

        `on_end`: the other side has closed it. `on_protocol_error`: what came is no message of the
        protocol, or `on_message` could make nothing of it.
        """
        channel.setblocking(False)
        self.fds: list[int] = []
        """Descriptors that came and nobody has taken yet."""
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

    def fileno(self) -> int:
        """The descriptor, -1 when it is closed."""
        return -1 if self._channel is None else self._channel.fileno()

    async def send(self, message: Message) -> None:
        """Send a message; one that cannot be delivered is lost, as the end of the process will tell."""
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

    def read(self) -> None:
        """Take in what is there."""
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
                self.fds += fds
        if not data:
            self.close()
            self._on_end()
            return
        try:
            for payload in self._frames.feed(data):
                self._on_message(protocol.decode_reply(payload))
        except (protocol.ProtocolError, KeyError, TypeError, IndexError) as error:
            self._on_protocol_error(error)

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self.detach().close()

    def detach(self) -> socket.socket:
        """Let go of the socket, which must be open and is somebody else's from now on."""
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
            return len(frame)  # The process is ending; whoever watches it answers for it.
