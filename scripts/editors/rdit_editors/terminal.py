"""A program on a pseudo-terminal, and the text on its screen.

Knows nothing of editors. Nothing here waits for a fixed time: a wait ends with the output that it
waits for, or fails and shows the screen.
"""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pexpect
import pyte

from rdit_editors.picture import Cell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

LIMIT = 60.0
"""Seconds until a wait fails: for a machine that is busy with other things, too."""

_CONTROL_STRING = re.compile(rb"\x1bP.*?\x1b\\", re.DOTALL)
_UNFINISHED = re.compile(rb"\x1b(?:P(?:(?!\x1b\\).)*)?\Z", re.DOTALL)


def in_order(*parts: str) -> str:
    """A regular expression for text that has all parts, in this order."""
    return ".*?".join(re.escape(part) for part in parts)


def _cell(char: pyte.screens.Char) -> Cell:
    return Cell(char.data, char.fg, char.bg, is_bold=char.bold, is_reversed=char.reverse)


class ControlStrings:
    r"""Takes device control strings (ESC P … ESC \) out of a terminal's input.

    pyte does not know them and would print their bodies, which moves its cursor to where the
    program does not think it is. Neovim asks for the terminal's abilities with them.
    """

    def __init__(self) -> None:
        self._held = b""

    def strip(self, data: bytes) -> bytes:
        """Everything of `data` to show now; a string whose end has not come yet is held back."""
        data = _CONTROL_STRING.sub(b"", self._held + data)
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        self._held = data[cut:]
        return data[:cut]


class Terminal:
    """A program with a real terminal of its own, whose screen a test reads."""

    def __init__(
        self,
        argv: list[str],
        *,
        cwd: Path,
        env: dict[str, str],
        columns: int = 110,
        rows: int = 30,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._strings = ControlStrings()
        # Without an encoding it gives bytes, of which the types know nothing.
        self._process: Any = pexpect.spawn(
            argv[0],
            argv[1:],
            cwd=str(cwd),
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"},
            dimensions=(rows, columns),
            timeout=LIMIT,
        )
        # Programs ask the terminal for its position and kind, and some wait for the answer.
        self._screen.write_process_input = self._process.send  # type: ignore[method-assign, assignment]  # pyte tells to do so.
        # pexpect's own pause before each send is there for password prompts.
        self._process.delaybeforesend = None

    @property
    def lines(self) -> list[str]:
        """The rows of the screen as they are now."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The whole screen as it is now."""
        return "\n".join(self.lines).rstrip()

    def style(self, row: int, column: int) -> tuple[str, str, bool]:
        """Foreground, background, and whether they are swapped, at a place of the screen."""
        cell = self._screen.buffer[row][column]
        return cell.fg, cell.bg, cell.reverse

    def cells(self) -> list[list[Cell]]:
        """The rows of the screen with their colours."""
        rows = (self._screen.buffer[row] for row in range(self._screen.lines))
        return [[_cell(row[column]) for column in range(self._screen.columns)] for row in rows]

    def send(self, keys: str) -> None:
        """Type keys."""
        self._process.send(keys)

    def wait(self, look: Callable[[], T | None], what: str, limit: float = LIMIT) -> T:
        """What `look` finds on the screen, as soon as it does; `what` is for the failure."""
        until = time.monotonic() + limit
        while (found := look()) is None:
            if not self._read(until):
                text = f"{what} was not seen in {limit} s; the screen is:\n{self.text}"
                raise AssertionError(text)
        return found

    def wait_for(self, *parts: str, limit: float = LIMIT) -> str:
        """The first row that has all `parts` in this order, as soon as there is one."""
        return self.wait_for_match(in_order(*parts), limit=limit).string

    def wait_for_match(self, pattern: str, *, limit: float = LIMIT) -> re.Match[str]:
        """The first row's match of a regular expression, as soon as there is one."""
        return self.wait(lambda: self._match(pattern), f"a row with {pattern!r}", limit)

    def wait_until_gone(self, *parts: str, limit: float = LIMIT) -> None:
        """Return as soon as no row has all `parts` in this order."""
        self.wait(
            lambda: None if self.row_with(*parts) else True,
            f"no row with {' … '.join(parts)!r}",
            limit,
        )

    def wait_until_left(self, limit: float = LIMIT) -> None:
        """Return as soon as the program has closed its terminal, which its end does."""
        until = time.monotonic() + limit
        while self._read(until):
            pass
        if time.monotonic() >= until:
            raise AssertionError(f"the program has not ended in {limit} s:\n{self.text}")
        self._process.wait()

    def row_with(self, *parts: str) -> str | None:
        """The first row that has all `parts` in this order now, or None."""
        match = self._match(in_order(*parts))
        return match.string if match else None

    def kill(self) -> None:
        """Kill the program, which has no time to do anything, and wait until it is gone."""
        self._process.kill(signal.SIGKILL)
        self._process.wait()
        self._process.close()

    def close(self) -> None:
        """End the program, whatever it is doing."""
        self._process.close(force=True)

    def _match(self, pattern: str) -> re.Match[str] | None:
        return next((match for line in self.lines if (match := re.search(pattern, line))), None)

    def _read(self, until: float) -> bool:
        """Take in what the program writes next; False if nothing came in time, or it has ended."""
        remaining = until - time.monotonic()
        if remaining <= 0:
            return False
        try:
            data = self._process.read_nonblocking(65536, timeout=remaining)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self._stream.feed(self._strings.strip(data))
        return True
