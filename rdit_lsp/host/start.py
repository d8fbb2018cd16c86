"""Finding the host, or starting it: of any number that try at once, one does, and all get its socket.

Imports next to nothing, as every start of `rdit-lsp` waits for it. Knows the files of the host and its
socket; nothing of what is said on it.
"""

from __future__ import annotations

import _socket
import fcntl
import os
import time

from rdit_lsp.host.greeting import check_peer, greet
from rdit_lsp.host.place import NoHostError, Place, make

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from rdit_lsp.host.greeting import Role

_PATIENCE = 8.0
"""Seconds that a host may take to answer; it takes a millisecond unless the machine is very busy."""
_START_UP = 40.0
"""Seconds that one which is starting may take, with a slow disk and fifty others that start."""

BACKLOG = 512
_LOCKED = 10.0
"""Seconds until a lock counts as stuck; it is held for milliseconds."""
_NAP = 0.005
_WAKES_UP = 2.0
"""Seconds that a host has to make its socket again."""


def connect(place: Place) -> _socket.socket | None:
    """A connection to the host, None where there is none. Raises NoHostError."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(_PATIENCE)
    try:
        connection.connect(place.socket)
        check_peer(connection)
    except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, NotADirectoryError):
        connection.close()
        return None
    except TimeoutError as error:
        raise NoHostError(_stuck(place)) from error
    except OSError as error:
        raise NoHostError(f"{place.socket}: {error.strerror}.") from error
    return connection


def reach(place: Place) -> _socket.socket:
    """A connection to the host, which is started if there is none. Raises NoHostError."""
    make(place)
    connection = connect(place)
    if connection is not None:
        return connection
    with Lock(place):
        connection = connect(place) or _awakened(place)
        if connection is None:
            _start(place)
            connection = connect(place)
    if connection is None:
        raise NoHostError(f"the host has ended while it started; {place.log} may say why.")
    return connection


def find(place: Place) -> _socket.socket | None:
    """A connection to the host, which is not started. Raises NoHostError."""
    connection = connect(place)
    if connection is not None or not os.path.exists(place.process):
        return connection
    with Lock(place):
        return connect(place) or _awakened(place)


def listen(place: Place) -> _socket.socket:
    """The listening socket of a new host, in the place of a dead one's. Needs the lock. Raises OSError."""
    if os.path.lexists(place.socket):
        os.unlink(place.socket)
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        listener.bind(place.socket)
    finally:
        os.umask(umask)
    listener.listen(BACKLOG)
    return listener


def introduce(connection: _socket.socket, place: Place, role: Role) -> bytes | None:
    """Introduce this process to the host; its answer, None if it ends instead. Raises NoHostError."""
    begin = time.monotonic()

    def is_hopeless() -> bool:
        process = process_of(place)
        if process is None:  # It is starting: its socket was made for it.
            return time.monotonic() - begin > _START_UP
        from rdit_lsp.process.posix.groups import is_stopped

        return is_stopped(process[0]) or time.monotonic() - begin > _PATIENCE

    try:
        return greet(connection, role, is_hopeless)
    except TimeoutError as error:
        raise NoHostError(_stuck(place)) from error


def remove_dead(place: Place) -> None:
    """Remove what a host has left that did not come to its end. Raises NoHostError."""
    with Lock(place):
        if connect(place) is None:
            for path in (place.socket, place.process):
                if os.path.lexists(path):
                    os.unlink(path)


def process_of(place: Place) -> tuple[int, int] | None:
    """Process id of the living host and when it began, in ticks; None where that is not known."""
    try:
        with open(place.process, encoding="ascii") as file:
            pid, since = map(int, file.read().split())
    except (OSError, ValueError):
        return None
    from rdit_lsp.process.posix.peer_process import is_alive  # Not for a place without a host.

    return (pid, since) if is_alive(pid, since) else None


class Lock:
    """The lock under which hosts are started and take their leave. Raises NoHostError."""

    def __init__(self, place: Place) -> None:
        self._path = place.lock
        self._fd = -1

    def __enter__(self) -> None:
        deadline = time.monotonic() + _LOCKED
        while not self.take():
            if time.monotonic() > deadline:
                raise NoHostError(f"{self._path} is held by a process that does not go on.")
            time.sleep(_NAP)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def take(self) -> bool:
        """Take it if it is free. Raises NoHostError where there can be no such file."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError as error:
            raise NoHostError(f"{self._path}: {error.strerror}.") from error
        self._fd = fd
        return True

    def release(self) -> None:
        """Let others have it: also where a process that was forked meanwhile has its file open."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)
        os.close(self._fd)


def _stuck(place: Place) -> str:
    """A sentence that says that the host does not answer."""
    process = process_of(place)
    who = "the host" if process is None else f"the host (process {process[0]})"
    return f"{who} does not answer: it is stopped or stuck, and `rdit stop --all` ends it."


def _awakened(place: Place) -> _socket.socket | None:
    """A connection to a living host whose socket was removed, as cleaners of `/tmp` do."""
    process = process_of(place)
    if process is None:
        return None
    from rdit_lsp.process.posix.peer_process import wake

    deadline = time.monotonic() + _WAKES_UP
    wake(process[0])
    while time.monotonic() < deadline and process_of(place) == process:
        connection = connect(place)
        if connection is not None:
            return connection
        time.sleep(_NAP)
    if process_of(place) == process:
        raise NoHostError(_stuck(place))
    return None


def _start(place: Place) -> None:
    """Start a host. Needs the lock. Raises NoHostError."""
    from rdit_lsp.process.posix.detach import detach

    try:
        listener = listen(place)
    except OSError as error:
        raise NoHostError(f"{place.socket}: {error.strerror}.") from error

    def run(fd: int) -> None:
        from rdit_lsp.host.daemon import serve_detached

        serve_detached(fd, place)

    try:
        detach(run, listener.fileno(), place.log)
    except OSError as error:
        os.unlink(place.socket)
        raise NoHostError(f"the host cannot be started: {error.strerror}.") from error
    finally:
        listener.close()
