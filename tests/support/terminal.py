"""A terminal in which a command runs, and the screen that a person would see."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pexpect
import pyte

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIMIT = 20
"""Seconds that only a bug reaches."""
ROWS, COLUMNS = 30, 100


class Terminal:
    """One command in a terminal of its own."""

    def __init__(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
    ) -> None:
        unset = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TMUX", "TERM_PROGRAM")
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        self.screen = pyte.HistoryScreen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            command[0],
            list(command[1:]),
            cwd=str(folder),
            env={**kept, "TERM": "xterm-256color", **(env or {})},
            dimensions=(ROWS, COLUMNS),
            timeout=LIMIT,
            encoding="utf-8",
            codec_errors="replace",
        )
        self.child.delaybeforesend = None

    def until(self, text: str) -> None:
        """Wait until `text` has been written."""
        self.child.expect_exact(text)
        self._stream.feed(f"{self.child.before}{text}")

    def type(self, text: str) -> None:
        """Type it, as it is."""
        self.child.send(text)

    def end(self) -> int:
        """Wait for the end; the exit code, or the signal as a negative number."""
        self.child.expect(pexpect.EOF)
        self._stream.feed(self.child.before or "")
        self.child.close()
        if self.child.signalstatus is not None:
            return -self.child.signalstatus
        assert self.child.exitstatus is not None
        return self.child.exitstatus

    def lines(self) -> list[str]:
        """What is on the screen, without the empty lines at its end."""
        text = "\n".join(line.rstrip() for line in self.screen.display)
        return text.rstrip("\n").split("\n")

    def hang_up(self) -> None:
        """Close the window, and wait for the command to end."""
        with suppress(pexpect.ExceptionPexpect):  # It does not end at once.
            self.child.close(force=False)
        assert self.child.pid is not None
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, self.child.pid, os.WEXITED)
