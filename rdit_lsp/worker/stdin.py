"""Standard input that is answered by a person, one line at a time, through the channel.

Descriptor 0 itself is at end of file, so C code and child processes never wait, and nobody ever reads
the editor's own stream. Knows the channel and how to recognise a password prompt.
"""

import io
import sys
from _thread import get_ident


class _Asked(io.RawIOBase):
    """Reads by asking the server for a line."""

    name = "<stdin>"
    mode = "rb"

    def __init__(self, ask, door):
        super().__init__()
        self._ask = ask
        self._rest = b""
        self._door = door
        self._thread = get_ident()

    def readable(self):
        return True

    def fileno(self):
        return 0

    def readinto(self, buffer):
        # The channel belongs to this process, and while the main thread runs user code, to it.
        if not self._door.is_here or get_ident() != self._thread:
            return 0
        if not self._rest:
            for text in (sys.stdout, sys.stderr):
                if text is not None:
                    text.flush()
            line = self._ask(_wants_password(sys._getframe(1)))
            if line is None:
                return 0
            self._rest = line.encode("utf-8", "surrogateescape") + b"\n"
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def open_stdin(ask, door):
    """A text stream to use as `sys.stdin`; `ask(password)` gives a line, or None at end of file."""
    return io.TextIOWrapper(
        io.BufferedReader(_Asked(ask, door)), encoding="utf-8", errors="surrogateescape"
    )


def _wants_password(frame):
    """Whether `getpass` is among the callers: without a terminal it reads `sys.stdin` as well."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "getpass":
            return True
        frame = frame.f_back
    return False
