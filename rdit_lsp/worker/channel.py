"""The worker's end of the private socket to the server.

Knows frames, not what they mean. User code shares this process and may close any descriptor, fork,
or run out of them, so every send first makes sure that the descriptor is still the socket it was.
"""

import sys
from _thread import RLock
from fcntl import F_DUPFD_CLOEXEC, fcntl, ioctl
from posix import close, fstat, read, set_inheritable, write

from .protocol import Frames, decode_request, encode_reply

if False:
    from typing import Sequence

    from .protocol import Message

_FIONREAD = 0x541B  # Of Linux's <asm-generic/ioctls.h>; `termios` has it, but need not be imported.


class Disconnected(Exception):  # noqa: N818  (how things end, not an error)
    """The server is gone: end of file is the only shutdown message."""


class Channel:
    """Framed, blocking messages over a socket that user code is not meant to find."""

    def __init__(self, fd: int) -> None:
        """Take over the descriptor `fd`."""
        self._fd = move_high(fd)
        self._identity = _identity(self._fd)
        self.home = ""
        """Path of the socket on which the server can be reached anew."""
        self._frames = Frames()
        self._waiting: "list[bytes]" = []
        # A thread of the program may display something while the main thread does.
        self._lock = RLock()

    def receive(self) -> "Message":
        """The next request. Raises Disconnected at end of file."""
        while not self._waiting:
            self._reconnect_if_lost()
            # No more at once: user code may have left hardly any memory.
            data = read(self._fd, 1 << 16)
            if not data:
                raise Disconnected
            self._waiting.extend(self._frames.feed(data))
        return decode_request(self._waiting.pop(0))

    def send(self, message: "Message", fds: "Sequence[int]" = ()) -> None:
        """Send `message`, with open descriptors `fds` beside it."""
        frame = memoryview(encode_reply(message))
        with self._lock:
            self._reconnect_if_lost()
            try:
                if fds:
                    frame = frame[self._send_with(frame, fds) :]
                while frame:
                    frame = frame[write(self._fd, frame) :]
            except BrokenPipeError:
                raise Disconnected from None

    @property
    def descriptor(self) -> int:
        """The socket's descriptor."""
        return self._fd

    def branch(self) -> "tuple[int, int]":
        """A new pair of connected sockets: one for a fork of this process, one to send to the server."""
        import _socket

        mine, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        return mine.detach(), other.detach()

    def take(self, fd: int) -> None:
        """In a fork: talk over `fd` from now on, and close the socket of the process it was made from."""
        try:
            close(self._fd)
        except OSError:
            pass  # The program has closed it.
        self._fd = move_high(fd)
        self._identity = _identity(self._fd)
        self._frames = Frames()
        self._waiting = []
        self._lock = RLock()

    def has_news(self) -> bool:
        """Whether something can be received at once (Linux)."""
        try:
            return any(ioctl(self._fd, _FIONREAD, bytes(4)))
        except OSError:
            return False  # Closed by user code; the next message finds out.

    def wait(self) -> None:
        """Wait until something can be received. An interrupt that ends the wait loses nothing."""
        import _socket

        socket = _socket.socket(fileno=self._fd)
        try:
            socket.recv(1, _socket.MSG_PEEK)
        finally:
            socket.detach()

    def _send_with(self, frame: memoryview, fds: "Sequence[int]") -> int:
        import _socket

        socket = _socket.socket(fileno=self._fd)
        try:
            rights = b"".join([fd.to_bytes(4, sys.byteorder) for fd in fds])
            return socket.sendmsg([frame], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        finally:
            socket.detach()

    def _reconnect_if_lost(self) -> None:
        try:
            if _identity(self._fd) == self._identity:
                return
        except OSError:
            pass  # Closed by user code: the reason this method exists.
        import _socket

        socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            socket.connect(self.home)
        except OSError:
            raise Disconnected from None
        self._fd = move_high(socket.detach())
        self._identity = _identity(self._fd)


def move_high(fd: int) -> int:
    """A close-on-exec duplicate of `fd` far above the numbers that user code gets from `open`."""
    for lowest in (900, 200, 64):
        try:
            high = fcntl(fd, F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue  # Above this process's limit of open files.
        close(fd)
        return high
    set_inheritable(fd, False)
    return fd


def _identity(fd: int) -> "tuple[int, int]":
    status = fstat(fd)
    return status.st_dev, status.st_ino
