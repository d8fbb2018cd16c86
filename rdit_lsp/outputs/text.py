"""Text of programs as people and JSON readers can take it; pure."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def decode(data: bytes) -> str:
    r"""Text of bytes that need not be UTF-8: a byte that is not shows as `\xNN`.

    Lone surrogates would carry the bytes exactly, but JSON readers of real editors reject them.
    """
    return codecs.decode(data, "utf-8", "backslashreplace")


def printable(text: str) -> str:
    """`text` without lone surrogates, which JSON readers of real editors reject."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def last_screen(text: str) -> str:
    """What a terminal would show of `text` in the end: carriage returns done, no escape sequences."""
    return "\n".join(_last_state(line) for line in _ANSI.sub("", text).split("\n"))


def _last_state(line: str) -> str:
    """A line after its carriage returns and backspaces have been obeyed."""
    if "\r" not in line and "\b" not in line:
        return line
    cells: list[str] = []
    at = 0
    for piece in re.split("([\r\b])", line):
        if piece == "\r":
            at = 0
        elif piece == "\b":
            at = max(at - 1, 0)
        else:
            cells[at : at + len(piece)] = piece
            at += len(piece)
    return "".join(cells)


def size_text(size: int) -> str:
    """A number of bytes as a person would say it."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size = size // 1000 if size >= 100_000 else size / 1000  # type: ignore[assignment]  # for show
    return f"{size:.0f} GB"


def abridged(head: str, tail: str, left_out: int, path: Path | None) -> str:
    """The beginning and the end of a text, and between them how many bytes are left out."""
    where = f", all of it is in {path}" if path else ""
    return f"{head}\n… {size_text(left_out)} left out{where} …\n{tail}"
