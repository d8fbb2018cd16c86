"""The first words between a client and the host, as the client has them: one JSON line each way.

Of the same generation they stay as they are here. Imports next to nothing, as every start of `rdit-lsp`
waits for it. So it takes sockets from `_socket`, of which `socket` is a wrapper that takes longer to import
than all the rest, and writes its JSON by hand where that is simple.
"""

from __future__ import annotations

import _socket
import os
import sys

from rdit_lsp.host.place import GENERATION, NoHostError
from rdit_lsp.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal, TypeAlias

    Role: TypeAlias = Literal["lsp", "control"]
    """What a connection is for: a language server's streams, or commands of the command line."""

ACCEPTED = b'{"accepted": true'
"""How the answer of a host begins that takes the client; one that ends has another answer, or none."""
TAKEN = b"taken"
"""The line by which a host says that the streams of an editor are its own now; then the exit code."""
LONGEST = 1 << 23
"""Bytes of a first line: an environment may have two millions."""

_LOOK = 1.0
"""Seconds until it is looked whether a host that has not answered will."""

_MACOS_LOCAL = (0, 1)
"""SOL_LOCAL and LOCAL_PEERCRED."""


def peer_of(connection: _socket.socket) -> int | None:
    """The user at the other end of a connection; None where the system does not say."""
    if hasattr(_socket, "SO_PEERCRED"):
        found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        return int.from_bytes(found[4:8], sys.byteorder)
    if sys.platform == "darwin":
        return int.from_bytes(connection.getsockopt(*_MACOS_LOCAL, 76)[4:8], sys.byteorder)
    return None


def check_peer(connection: _socket.socket) -> None:
    """Raise NoHostError where another user is at the other end."""
    if peer_of(connection) not in (None, os.getuid()):
        raise NoHostError("the host's socket belongs to another user's process.")


def greet(connection: _socket.socket, role: Role, is_hopeless: Callable[[], bool]) -> bytes | None:
    """Introduce this process; the host's answer, None if it ends instead.

    Raises TimeoutError once `is_hopeless`, which is asked every second.
    """
    connection.settimeout(_LOOK)
    try:
        connection.sendall(_hello(role))
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                data = connection.recv(1 << 16)
            except TimeoutError:
                if is_hopeless():
                    raise
                continue
            if not data:
                return None
            answer += data
    except TimeoutError:
        raise
    except OSError:
        return None  # It ended before it had read all of it.
    return answer if answer.startswith(ACCEPTED) else None


def _hello(role: Role) -> bytes:
    pairs = (f"{_quoted(name)}: {_quoted(value)}" for name, value in _environment().items())
    umask = os.umask(0o077)
    os.umask(umask)
    fields = (
        f'"generation": {GENERATION}, "version": {_quoted(VERSION)}, "features": [], "role": "{role}"',
        f'"pid": {os.getpid()}, "folder": {_quoted(_folder())}, "umask": {umask}',
        f'"environment": {{{", ".join(pairs)}}}',
    )
    return f"{{{', '.join(fields)}}}\n".encode()


def _environment() -> Mapping[str, str]:
    if "LC_CTYPE" not in os.environ:
        return os.environ
    from rdit_lsp.process.coercion import without_coercion  # Few have the variable.

    return without_coercion(os.environ)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"  # It has been removed.


def _quoted(text: str) -> str:
    """A string of JSON."""
    if text.isascii() and text.isprintable():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    import json  # Few variables need it, and it takes as long to import as all else here.

    return json.dumps(text)
