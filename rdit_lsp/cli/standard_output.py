"""Writing to standard output and standard error: what the commands write goes through here.

Knows what it means that a stream takes no more; nothing of what is written.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.outputs.stream import StreamName

Colour: TypeAlias = Literal["grey", "red"]

_CODES: dict[Colour, int] = {"grey": 90, "red": 31}
_CLEAR = "\x1b[H\x1b[2J"
_READER_GONE = 128 + signal.SIGPIPE
"""Exit code once the reader has gone: what a shell shows for `git log | head` under `pipefail`."""
_CANNOT_WRITE = 1


class OutputError(Exception):
    """A standard stream takes no more. Not an OSError, which is about a file that the user named."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Output:
    """The standard streams of a command with an event loop, until one of them takes no more.

    What is written later is dropped: the command is ending, and a failure inside a callback could not
    end it.
    """

    def __init__(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """`on_failure` is called once, within the first `write` that fails."""
        self.failure: OutputError | None = None
        self._on_failure = on_failure

    def write(self, stream: StreamName, data: bytes) -> None:
        """Write all of it now."""
        if self.failure is not None:
            return
        try:
            write(stream, data)
        except OutputError as error:
            self.failure = error
            self._on_failure()

    def is_read(self) -> bool:
        """Whether standard output can still be written, without writing: what is idle has nothing to."""
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        if poll.poll(0) and self.failure is None:
            self.failure = OutputError(BrokenPipeError())
        return self.failure is None

    def paint(self, stream: StreamName, colour: Colour, text: str) -> str:
        """`text` in `colour` where the stream is a terminal that has colours, and wants them."""
        target = sys.stdout if stream == "stdout" else sys.stderr
        is_plain = os.environ.get("NO_COLOR") or _is_dumb()
        if is_plain or not target.isatty():
            return text
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"

    def fresh_line(self) -> str:
        """What takes the cursor of a terminal to the beginning of an empty line, wherever it is.

        Where it stands is not known, and a terminal that is asked answers where the program reads. So the
        line is filled up with spaces: at its beginning that leads to its end, elsewhere to the next line.
        """
        columns = self.columns
        if _is_dumb() or columns is None:
            return ""
        return " " * (columns - 1) + "\r\x1b[K"

    @property
    def columns(self) -> int | None:
        """Columns of the terminal that standard output is; None where it is none, or has none to tell."""
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns or None
        except OSError:
            return None

    @property
    def is_screen(self) -> bool:
        """Whether standard output is a terminal that can be written anew from the top."""
        return sys.stdout.isatty() and not _is_dumb()

    def clear(self) -> None:
        """Begin a screen anew; what was on it goes, and what has left it at the top stays."""
        self.write("stdout", _CLEAR.encode())

    def check(self) -> None:
        """Raise the OutputError that has ended the output, if one has."""
        if self.failure is not None:
            raise self.failure


def _is_dumb() -> bool:
    """Whether the terminal, if there is one, obeys no codes."""
    return os.environ.get("TERM", "dumb") == "dumb"


def write(stream: StreamName, data: bytes) -> None:
    """Write all of it now. Raises OutputError."""
    target = sys.stdout if stream == "stdout" else sys.stderr
    try:
        while data:
            # With PYTHONUNBUFFERED it may write a part only.
            data = data[target.buffer.write(data) :]
        target.buffer.flush()
    except OSError as error:
        raise OutputError(error) from error


def flush() -> None:
    """Write what `print` has kept back. Raises OutputError."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            raise OutputError(error) from error


def exit_code(failure: OutputError) -> int:
    """The exit code after `failure`: quietly that of SIGPIPE where the reader has gone."""
    if isinstance(failure.reason, BrokenPipeError):
        return _READER_GONE
    try:
        sentence = f"rdit: cannot write the output: {failure.reason.strerror}\n"
        write("stderr", sentence.encode())
    except OutputError:
        return _CANNOT_WRITE  # The reason is that of stderr itself.
    return _CANNOT_WRITE
