"""`rdit-lsp` as editors start it: gives the editor's own streams to the host, and waits for its exit code.

What is typed never passes through here: the host reads and writes the editor's pipes itself. Where there
can be no host, this process becomes the language server, and says why once.

Every start of an editor waits for these imports, so there are next to none; a test has the list.
"""

from __future__ import annotations

import _socket
import os
import stat
import sys

from rdit_lsp.host.greeting import TAKEN
from rdit_lsp.host.place import NoHostError, is_turned_off, place_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_LONGEST_HEADER = 1 << 13
_LONGEST_MESSAGE = 1 << 26
"""Bytes: a first message that is longer is read by the server itself."""
_ATTEMPTS = 3
"""Hosts that may end before they answer: older ones do, and idle ones."""


def main() -> NoReturn:
    """Serve the client on standard input and output until it has gone."""
    early, remark = b"", None
    try:
        if not is_turned_off(os.environ) and _can_be_given_away(0) and _can_be_given_away(1):
            early = _first_message(0)
            if not _turns_host_off(early):
                _serve_by_host(early)
    except NoHostError as error:
        remark = f"rdit runs without a host, so programs end with this editor: {error}"
    except KeyboardInterrupt:
        os._exit(130)
    from rdit_lsp.lsp.server import serve_stdio

    serve_stdio(early, remark)


def _can_be_given_away(fd: int) -> bool:
    """Whether this is an editor's pipe or socket; a terminal belongs to a person who is trying it out."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _first_message(fd: int) -> bytes:
    """What the client says first, and maybe the beginning of what follows.

    Reading stops where there is no such message, or one that is too long; the server then reads on.
    """
    data = b""
    length = None
    while length is None or len(data) < length:
        got = os.read(fd, 1 << 16)
        if not got:
            break
        data += got
        if length is None:
            length = _length_of_first(data)
            is_too_long = length is None and len(data) > _LONGEST_HEADER
            if is_too_long or (length or 0) > _LONGEST_MESSAGE:
                break
    return data


def _length_of_first(data: bytes) -> int | None:
    """Bytes of the first message with its header, None where that is not all there."""
    header, end, _ = data.partition(b"\r\n\r\n")
    for line in header.split(b"\r\n") if end else ():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return len(header) + 4 + int(value)
    return None


def _turns_host_off(early: bytes) -> bool:
    """Whether the client's options say that there shall be no host."""
    if b'"host"' not in early:
        return False
    import json  # It takes as long to import as all else here.

    try:
        message = json.loads(early.partition(b"\r\n\r\n")[2])
        options = message["params"]["initializationOptions"]
        return options.get("rdit", options).get("host") == "off"  # type: ignore[no-any-return]  # JSON
    except (ValueError, TypeError, LookupError, AttributeError):
        return False


def _serve_by_host(early: bytes) -> NoReturn:
    """Have the host serve the client, and exit as it says. Raises NoHostError."""
    if not early:
        os._exit(1)  # The client has gone before it said anything.
    from rdit_lsp.host.start import introduce, reach

    were_blocking = os.get_blocking(0), os.get_blocking(1)
    place = place_for(os.environ)
    for _ in range(_ATTEMPTS):
        connection = reach(place)
        is_accepted = introduce(connection, place, "lsp") is not None
        code = _hand_over(connection, early) if is_accepted else None
        # Others may have these streams as well: the shell of a wrapper, for one.
        for fd, was_blocking in enumerate(were_blocking):
            os.set_blocking(fd, was_blocking)
        if code is not None:
            os._exit(code)
        connection.close()
    raise NoHostError(f"the host ends whenever it is asked for; {place.log} may say why.")


def _hand_over(connection: _socket.socket, early: bytes) -> int | None:
    """Give the host standard input and output, and what was read of it.

    The exit code that it sends; None if it has ended, or has no descriptors left, before it took them.
    """
    connection.settimeout(None)
    said = b""
    streams = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1))
    try:
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
        connection.sendmsg([b"%d\n" % len(early)], rights)
        connection.sendall(early)
        while data := connection.recv(100):
            said += data
    except OSError:
        pass  # It was killed.
    taken, _, code = said.partition(b"\n")
    if taken != TAKEN:
        return None
    return int(code) if code.strip().isdigit() else 1  # It was killed: editors start another then.
