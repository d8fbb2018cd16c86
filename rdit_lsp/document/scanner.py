"""Source text as tokens and logical lines, whether or not it can be parsed at the moment.

Pure. Someone who asks for a completion is in the middle of a statement, so nothing here depends on what
follows being right. What a token means is decided in `bindings` and `cursor`.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind: TypeAlias = Literal["name", "number", "string", "operator", "comment", "newline"]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\f\r]+|\\\n)"""
    r"""|(?P<newline>\n)"""
    r"""|(?P<comment>\#[^\n]*)"""
    r"""|(?P<string>(?:[rR][bBfFtT]?|[bBfFtT][rR]?|[uU])?(?:\"\"\"|'''|"|'))"""
    r"""|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<number>\.?\d(?:[eE][+-]?\d|[\w.])*)"""
    r"""|(?P<operator>:=|->|\.\.\.|(?:\*\*|//|>>|<<)=?|[-+*/%&|^@<>=!]=|.)"""
)
_BODY = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*", re.DOTALL),
}
_BEGINS_STATEMENT = {
    "assert", "break", "class", "continue", "def", "del", "global", "import", "nonlocal", "pass",
    "raise", "return", "try", "while", "with",
}  # fmt: skip
"""Keywords that cannot come first on a line in brackets: before them a bracket was forgotten."""

OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """A piece of source text."""

    kind: Kind
    text: str
    start: int
    """Characters before it."""
    is_closed: bool = True
    """A string that ends with its quotes."""

    @property
    def end(self) -> int:
        """The character after it."""
        return self.start + len(self.text)

    @property
    def is_identifier(self) -> bool:
        """Whether it is a name that a program can bind."""
        return self.kind == "name" and not keyword.iskeyword(self.text)

    @property
    def quotes(self) -> str:
        """The letters and quotes that a string begins with."""
        found = _TOKEN.match(self.text)
        return found.group() if found is not None else ""

    @property
    def has_fields(self) -> bool:
        """Whether it is a string with code in braces: an f-string or a t-string."""
        return self.kind == "string" and not {*"fFtT"}.isdisjoint(self.quotes.rstrip("'\""))


@dataclass(frozen=True)
class LogicalLine:
    """A simple statement, several with `;` between them, or the head of a compound one."""

    tokens: Sequence[Token]
    """Without comments and line ends; at least one."""
    indent: int

    @property
    def start(self) -> int:
        """Characters before it."""
        return self.tokens[0].start


def scan(text: str) -> Iterator[Token]:
    """The tokens of `text`."""
    at, size = 0, len(text)
    while at < size:
        found = _TOKEN.match(text, at)
        assert found is not None
        kind = found.lastgroup
        end = found.end()
        if kind == "string":
            quote = found.group().lstrip("rRbBfFtTuU")
            body = _BODY[quote].match(text, end)
            assert body is not None
            end = body.end()
            is_closed = text.startswith(quote, end)
            end += len(quote) if is_closed else 0
            yield Token("string", text[at:end], at, is_closed)
        elif kind != "space":
            yield Token(kind, found.group(), at)  # type: ignore[arg-type]  # A group of the pattern.
        at = end


def logical_lines(text: str) -> Iterator[LogicalLine]:
    """The logical lines of `text`; a line that surely begins a statement ends what brackets hold open."""
    tokens: list[Token] = []
    depth = 0
    is_first = True
    for token in scan(text):
        if token.kind == "newline":
            is_first = True
            if depth <= 0 and tokens:
                yield LogicalLine(tokens, _indent(text, tokens[0].start))
                tokens, depth = [], 0
            continue
        if token.kind == "comment":
            continue
        if is_first and depth > 0 and _begins_statement(token, text):
            yield LogicalLine(tokens, _indent(text, tokens[0].start))
            tokens, depth = [], 0
        is_first = False
        if token.kind == "operator":
            depth += (token.text in OPENING) - (token.text in CLOSING)
        tokens.append(token)
    if tokens:
        yield LogicalLine(tokens, _indent(text, tokens[0].start))


def _begins_statement(token: Token, text: str) -> bool:
    if token.kind == "name":
        return token.text in _BEGINS_STATEMENT
    return token.text == "@" and text[token.end : token.end + 1].isidentifier()


def _indent(text: str, start: int) -> int:
    """The column at which a line's first token stands, tabs counted as Python counts them."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return len(line[line.rfind("\f") + 1 :].expandtabs(8))
