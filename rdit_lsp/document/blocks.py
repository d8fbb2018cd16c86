"""Cuts source lines into blocks that can be parsed one by one.

Pure, and knows nothing of parsing. It is for text that changes: a key stroke costs the block it is in,
and what does not parse does not stop the rest. What the interpreter finds in the whole counts; see
`rdit_lsp.worker.statements`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Block(NamedTuple):
    """Lines, 1-based and inclusive, that hold whole statements, or a part that cannot be split further."""

    first: int
    last: int
    is_open: bool = False
    """It opens a bracket or string that nothing closes: an edit anywhere below may change that."""


def blocks(
    lines: Sequence[str], start: int = 0, is_boundary: Callable[[int], bool] | None = None
) -> Iterator[Block]:
    """Yield the blocks of `lines` from line index `start`, which must begin one.

    A block begins at a line whose first column holds the start of a statement, and holds the lines up
    to the next such line, less the blank and comment lines before that. Decorators belong to what they
    decorate. `is_boundary(index)` may end the work early: it is asked at each begin of a block after
    the first, and yields stop where it answers true.

    Brackets or a triple-quoted string that nothing closes would swallow all that follows. A line that
    opens such a one is then a block by itself.
    """
    index = start
    total = len(lines)
    first = True
    while index < total:
        if not _begins_statement(lines[index]):
            index += 1
            continue
        if not first and is_boundary is not None and is_boundary(index):
            return
        first = False
        end, is_open = _end_of_block(lines, index)
        last = end
        while last > index + 1 and _is_empty(lines[last - 1]):
            last -= 1
        yield Block(index + 1, last, is_open)
        index = end


_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b")
_SURELY_NEW = re.compile(
    r"(?:def|class|import|with|while|try|return|async\s+def|from\s+\S+\s+import)\b|@\w"
)
_TOKEN = re.compile(
    r"""(?P<triple>[rRbBuUfFtT]{0,2}(?:\"\"\"|'''))"""
    r"""|(?P<string>"(?:[^"\\]|\\.)*(?:"|\\$|$)|'(?:[^'\\]|\\.)*(?:'|\\$|$))"""
    r"""|(?P<comment>\#)"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])"""
    r"""|(?P<backslash>\\$)"""
)


def _indented(line: str) -> str:
    """The line from where its indentation counts: a form feed in it starts it over.

    See "Indentation" in the Language Reference, 2.1.8.
    """
    if "\f" not in line:
        return line
    indent = len(line) - len(line.lstrip(" \t\f"))
    return line[line.rfind("\f", 0, indent) + 1 :]


def _begins_statement(line: str) -> bool:
    line = _indented(line)
    return bool(line) and line[0] not in " \t#)]}" and not line.isspace()


def _is_empty(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped[0] == "#"


def _end_of_block(lines: Sequence[str], start: int) -> tuple[int, bool]:
    """Index after the last line of the block that begins at index `start`, and whether it is open."""
    index = start
    decorated = False
    while True:
        line = _indented(lines[index])
        decorated = (decorated and not _begins_statement(line)) or line.startswith("@")
        end = _end_of_logical_line(lines, index)
        if end is None:
            return index + 1, True
        index = end
        # What follows belongs here while it is indented, blank, or goes on with a compound statement.
        while index < len(lines) and not _begins_statement(lines[index]):
            if _is_empty(lines[index]):
                index += 1
                continue
            end = _end_of_logical_line(lines, index)
            if end is None:
                return index + 1, True
            index = end
        if index >= len(lines):
            return index, False
        if not decorated and not _CONTINUES.match(_indented(lines[index])):
            return index, False


def _end_of_logical_line(lines: Sequence[str], start: int) -> int | None:
    """Index after the logical line that begins at `start`, or None when nothing ends it."""
    depth = 0
    quote = ""
    for index in range(start, len(lines)):
        line = lines[index]
        if depth and not quote and index > start and _SURELY_NEW.match(_indented(line)):
            return None
        depth, quote, goes_on = _after_line(line, depth, quote)
        if not quote and depth <= 0 and not goes_on:
            return index + 1
    return None if depth > 0 or quote else len(lines)


@lru_cache(maxsize=1 << 16)
def _after_line(line: str, depth: int, quote: str) -> tuple[int, str, bool]:
    """(bracket depth, open triple quote or "", ends in a backslash) after `line`."""
    at = 0
    if quote:
        at = _end_of_triple(line, 0, quote)
        if at < 0:
            return depth, quote, False
    while True:
        token = _TOKEN.search(line, at)
        if token is None:
            return depth, "", False
        kind = token.lastgroup
        at = token.end()
        if kind in ("comment", "backslash"):
            return depth, "", kind == "backslash"
        if kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
        elif kind == "string":
            if token.group().endswith("\\") and at == len(line):
                return depth, "", True
        else:
            quote = token.group()[-3:]
            at = _end_of_triple(line, at, quote)
            if at < 0:
                return depth, quote, False


def _end_of_triple(line: str, at: int, quote: str) -> int:
    """Index after the closing `quote` at or after `at`, or -1."""
    while True:
        found = line.find(quote, at)
        if found < 0:
            return -1
        # An escaped quote does not close; in a raw string the backslash escapes it all the same.
        backslashes = len(line[at:found]) - len(line[at:found].rstrip("\\"))
        if backslashes % 2 == 0:
            return found + 3
        at = found + 1
