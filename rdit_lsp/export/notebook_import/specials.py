"""Where a cell says what only IPython understands: magics, commands of the shell, questions.

Found in logical lines, as IPython finds them in tokens: operators that begin a line within brackets and
text in strings are left alone. What becomes of them is for `cells` to say.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rdit_lsp.document.scanner import CLOSING, OPENING, scan
from rdit_lsp.export.notebook_import.compiling import parsed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rdit_lsp.document.scanner import Token

_COMMAND = re.compile(r"\s*(?=[?,;]|!(?!=)|%(?!=)|/(?![/=]))")
_BARE = re.compile(r"(?P<name>[^\W\d]\w*)(?=\s+[^\s=,]|\s*$)")
_BLOCKS = {
    "if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "async",
}  # fmt: skip


@dataclass(frozen=True)
class Special:
    """Lines that only IPython understands."""

    first: int
    """The first of its lines, from 0."""
    last: int
    head: str
    """What stands before it: indentation, or the start of a block that is one logical line."""
    text: str
    """What IPython gets, on one line, without the head and the target."""
    target: str = ""
    """What the result is assigned to."""


@dataclass(frozen=True)
class _LogicalLine:
    """The text from one statement's start to its end, or to where IPython's part of it begins."""

    text: str
    start: int
    """Characters before it."""
    tokens: Sequence[Token]
    """Without comments and line ends; their offsets count from `start`."""
    is_cut: bool = False
    """It ends where IPython's part of the statement begins."""

    @property
    def end(self) -> int:
        """The character after it."""
        return self.start + len(self.text)


def specials(text: str, commands: Collection[str] = ()) -> Iterator[Special]:
    """The special lines of a cell.

    `commands` are magics that may stand without their `%`, where the line is no Python.
    """
    lines = text.split("\n")
    starts = [0, *(end.end() for end in re.finditer("\n", text))]
    logical = _logical_lines(text, 0)
    at = 0
    while at < len(lines):
        last = at
        found = _command(lines, at) or _bare_command(lines, at, commands)
        if found is None:
            line = next(logical)
            last = bisect_right(starts, line.end) - 1
            found = _special(line, lines, at, last)
        if found is not None:
            yield found
            last = found.last
            # What the line holds is no Python, so brackets and quotes in it say nothing of the next.
            logical = _logical_lines(text, starts[min(last + 1, len(lines) - 1)])
        at = last + 1


def _command(lines: Sequence[str], at: int) -> Special | None:
    """A line that begins as no Python does: with `%`, `!`, `?`, or IPython's signs for a call."""
    if not _COMMAND.match(lines[at]):
        return None
    indent = _indent(lines[at])
    last = _end_of_continued(lines, at)
    return Special(at, last, indent, _joined([lines[at][len(indent) :], *lines[at + 1 : last + 1]]))


def _bare_command(lines: Sequence[str], at: int, commands: Collection[str]) -> Special | None:
    """A line such as `pip install x`."""
    word = _BARE.match(lines[at])
    if word is None or word["name"] not in commands or parsed(lines[at]) is not None:
        return None
    last = _end_of_continued(lines, at)
    return Special(at, last, "", "%" + _joined(lines[at : last + 1]))


def _logical_lines(text: str, start: int) -> Iterator[_LogicalLine]:
    """The logical lines from `start` on, empty ones too, until one that is cut."""
    rest = text[start:]
    tokens: list[Token] = []
    begin = depth = 0
    for token in scan(rest):
        if token.kind == "newline" and depth <= 0:
            yield _LogicalLine(rest[begin : token.start], start + begin, tokens)
            begin, depth, tokens = token.end, 0, []
        elif depth <= 0 and tokens and tokens[-1].text == "=" and _escapes(token, rest):
            yield _LogicalLine(rest[begin : token.start], start + begin, tokens, is_cut=True)
            return
        elif token.kind not in ("newline", "comment"):
            depth += (token.text in OPENING) - (token.text in CLOSING)
            tokens.append(token._replace(start=token.start - begin))
    yield _LogicalLine(rest[begin:], start + begin, tokens)


def _special(line: _LogicalLine, lines: Sequence[str], at: int, last: int) -> Special | None:
    if line.is_cut:
        return _assignment(line, lines, at, last)
    if line.tokens and line.tokens[-1].text == "?":
        return Special(at, last, _indent(lines[at]), line.text.strip())
    return None


def _escapes(token: Token, text: str) -> bool:
    """Whether what is assigned is a command's output or a magic's value."""
    return token.text == "!" or (
        token.text == "%" and text[token.end : token.end + 1].isidentifier()
    )


def _assignment(line: _LogicalLine, lines: Sequence[str], at: int, last: int) -> Special:
    """`target = !command`, which may be all there is in a block: `if x: target = !command`."""
    end = _end_of_continued(lines, last)
    begin = len(line.text) - line.text.rfind("\n") - 1  # Characters before it on its own line.
    text = _joined([lines[last][begin:], *lines[last + 1 : end + 1]])
    target = line.text[_start_of_last_part(line.tokens) :].lstrip()
    head = line.text[: len(line.text) - len(target)]
    return Special(at, end, head, text, target.rstrip().removesuffix("=").rstrip())


def _start_of_last_part(tokens: Sequence[Token]) -> int:
    """Where the last of several statements on one logical line begins."""
    start = depth = 0
    ends = {";", ":"} if tokens[0].text in _BLOCKS else {";"}
    for token in tokens:
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth <= 0 and token.text in ends:
            start = token.end
    return start


def _end_of_continued(lines: Sequence[str], at: int) -> int:
    """The last of the lines that backslashes join to line `at`."""
    while at + 1 < len(lines) and lines[at].endswith("\\"):
        at += 1
    return at


def _joined(lines: Sequence[str]) -> str:
    """Lines that backslashes join as one, as IPython joins them."""
    parts = [line.rstrip().removesuffix("\\") for line in lines[:-1]]
    return " ".join([*parts, lines[-1].rstrip()])


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
