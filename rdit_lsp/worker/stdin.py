"""Standard input whose lines are typed in the editor and arrive through the channel.

Descriptor 0 itself is at end of file, so C code and child processes never wait, and no process reads
the editor's own stream. Knows how to recognise a password prompt, nothing of messages.
"""

import io
import sys
from _thread import get_ident

if False:
    from types import FrameType
    from typing import Any, Callable, Optional

    from .door import Door

    AskForLine = Callable[[bool], Optional[str]]


class _Input(io.RawIOBase):
    """Reads by requesting a line from the server."""

    name = "<stdin>"
    mode = "rb"

    def __init__(self, ask: "AskForLine", door: "Door") -> None:
        super().__init__()
        self._ask = ask
        self._rest = b""
        self._door = door
        self._thread = get_ident()

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def readinto(self, buffer: "Any") -> int:
        # Only this process, and in it only the thread that runs statements, may use the channel.
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


def open_stdin(ask: "AskForLine", door: "Door") -> "io.TextIOWrapper":
    """A text stream to use as `sys.stdin`; `ask(password)` returns a line, or None at end of file."""
    return io.TextIOWrapper(
        io.BufferedReader(_Input(ask, door)), encoding="utf-8", errors="surrogateescape"
    )


def do_not_warn(getpass: "Any") -> None:
    """Have the module `getpass` not warn that it shows what is typed: the editor hides it."""

    def fallback_getpass(prompt="Password: ", stream=None, **_options):
        # type: (str, Any, Any) -> str
        return getpass._raw_input(prompt, stream or sys.stderr)

    getpass.fallback_getpass = fallback_getpass


def _wants_password(frame: "FrameType | None") -> bool:
    """Whether `getpass` is among the callers: without a terminal it reads `sys.stdin` as well."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "getpass":
            return True
        frame = frame.f_back
    return False
