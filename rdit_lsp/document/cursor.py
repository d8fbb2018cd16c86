"""What the cursor is on or in: an expression, a place for a completion, an argument of a call.

Pure, and works on text that does not parse. Only expressions that can be looked at without calling
anything count: names, attributes, and subscripts by constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rdit_lsp.document.bindings import is_local
from rdit_lsp.document.scanner import CLOSING, OPENING, logical_lines, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.scanner import Token

_IN_CONSTANTS = {"-", ",", ":", "(", ")"}
_CONSTANTS = {"None", "True", "False"}
_ABOVE, _BELOW = 2000, 500
"""Lines around the cursor that are looked at, of a statement that has more."""


@dataclass(frozen=True)
class Expression:
    """An expression in a document."""

    text: str
    """Without white space and comments."""
    line: int
    """Of its last name, from 0."""
    first: int
    """The column, in characters, at which that name begins."""
    last: int


@dataclass(frozen=True)
class Completion:
    """What is being typed."""

    before: str
    """The expression before the word, up to its last sign: `df.`, `df["`, `f(`, or nothing."""
    prefix: str
    """The part of the word that is before the cursor."""
    quote: str = ""
    """The quotes around the word, where it is a text."""


@dataclass(frozen=True)
class Argument:
    """The argument of a call that the cursor is in."""

    function: str
    index: int
    """Arguments before it."""
    keyword: str | None
    """Its name, where it is given by name."""


def expression_at(document: Document, line: int, column: int) -> Expression | None:
    """The expression whose last name is at `column` of `line`, both from 0; None where there is none."""
    text, start = _statement_around(document, line)
    offset = _offset(text, line - start, column)
    found = _code_at(text, offset)
    if found is None:
        return None
    code, shift = found
    for each in logical_lines(code):
        for index, token in enumerate(each.tokens):
            if not (token.is_identifier and token.start + shift <= offset <= token.end + shift):
                continue
            if _is_only_a_name(each.tokens, index):
                return None
            begin = _begin_of_chain(each.tokens, index)
            if begin is None:
                return None
            root = each.tokens[begin].text
            if is_local(root, text, offset) or (shift and is_local(root, code, offset - shift)):
                return None
            first = column - (offset - token.start - shift)
            chain = "".join(part.text for part in each.tokens[begin : index + 1])
            return Expression(chain, line, first, first + len(token.text))
    return None


def completion_at(document: Document, line: int, column: int) -> Completion | None:
    """What is being typed at `column` of `line`, both from 0; None where no live value helps."""
    text, start = _statement_around(document, line)
    offset = _offset(text, line - start, column)
    code = _code_before(text[:offset])
    if code is None:
        return None
    tokens, quote, prefix = _word_before(code)
    found = _completion(tokens, quote, prefix)
    if found is None:
        return None
    root = _root(found.before)
    return None if root and is_local(root, text, offset) else found


def argument_at(document: Document, line: int, column: int) -> Argument | None:
    """The argument that `column` of `line`, both from 0, is in; None outside of calls."""
    text, start = _statement_around(document, line)
    offset = _offset(text, line - start, column)
    code = _code_before(text[:offset])
    if code is None:
        return None
    tokens = _last_line(code)
    found = _argument(tokens)
    if found is None or is_local(_root(found.function), text, offset):
        return None
    return found


def _completion(tokens: Sequence[Token], quote: str, prefix: str) -> Completion | None:
    """What may follow `tokens`, where the word after them begins with `quote` and `prefix`."""
    last = tokens[-1].text if tokens else ""
    if {*"bB"} & {*quote}:
        return None
    if last == "[" or (quote and last == ","):
        at = _begin_of_keys(tokens, nested=bool(quote))
        begin = None if at is None else _begin_of_chain(tokens, at - 1)
        # Without a quote, a word in brackets is a name.
        if begin is None or at is None or (prefix and not quote):
            return None if quote else _name(tokens, prefix)
        chain = "".join(token.text for token in tokens[begin:at])
        return Completion(f"{chain}[{quote[-1:]}", prefix, quote)
    if quote:
        return None
    if last == ".":
        begin = _begin_of_chain(tokens, len(tokens) - 2)
        if begin is None:
            return None
        return Completion("".join(token.text for token in tokens[begin:]), prefix)
    return _name(tokens, prefix)


def _name(tokens: Sequence[Token], prefix: str) -> Completion | None:
    """A word that stands alone: an argument by name, or a name."""
    last = tokens[-1].text if tokens else ""
    if not prefix or last in ("def", "class", "import", "as", "from", "for", "lambda", "global"):
        return None
    call = _argument(tokens)
    if call is not None and last in ("(", ","):
        return Completion(f"{call.function}(", prefix)
    return Completion("", prefix)


def _argument(tokens: Sequence[Token]) -> Argument | None:
    """The argument that comes after `tokens`, of the innermost call whose function can be looked at."""
    at = len(tokens)
    commas: list[int] = []
    depth = 0
    while at > 0:
        at -= 1
        text = tokens[at].text
        if text in CLOSING:
            depth += 1
        elif text in OPENING and depth > 0:
            depth -= 1
        elif text == "," and depth == 0:
            commas.append(at)
        elif text in OPENING:
            if text == "(" and at > 0 and _is_callee(tokens, at - 1):
                begin = _begin_of_chain(tokens, at - 1)
                if begin is None:
                    return None
                function = "".join(token.text for token in tokens[begin:at])
                given = tokens[(commas[0] if commas else at) + 1 :]
                by_name = len(given) > 1 and given[1].text == "=" and given[0].is_identifier
                return Argument(function, len(commas), given[0].text if by_name else None)
            commas = []
    return None


def _is_callee(tokens: Sequence[Token], at: int) -> bool:
    """Whether a bracket after the token at index `at` is that of a call, and of no definition."""
    token = tokens[at]
    if at > 0 and tokens[at - 1].text in ("def", "class"):
        return False
    return token.is_identifier or token.text in ("]", ")")


def _begin_of_chain(tokens: Sequence[Token], end: int) -> int | None:
    """The index of the name that the expression begins with whose last token has index `end`."""
    at = end
    while at >= 0:
        if tokens[at].text == "]":
            at = _begin_of_subscript(tokens, at) - 1
        elif tokens[at].kind != "name":
            return None
        elif at > 0 and tokens[at - 1].text == ".":
            at -= 2
        else:
            return at if tokens[at].is_identifier else None
    return None


def _begin_of_subscript(tokens: Sequence[Token], end: int) -> int:
    """The index of the bracket that is closed at index `end`, 0 where what it holds is not constant."""
    for at in reversed(range(end)):
        token = tokens[at]
        if token.text == "[":
            return at
        is_constant = (
            token.kind == "number"
            or token.text in _CONSTANTS
            or token.text in _IN_CONSTANTS
            or (token.kind == "string" and token.is_closed and not token.has_fields)
        )
        if not is_constant:
            break
    return 0


def _begin_of_keys(tokens: Sequence[Token], *, nested: bool) -> int | None:
    """The index of the bracket of the subscript that a key after `tokens` is in.

    `nested`: it may also be one of a list of keys, as in `df[["a", "b"]]`.
    """
    at = len(tokens) - 1
    while at > 0 and nested and (tokens[at].text == "," or tokens[at].kind == "string"):
        at -= 1
    if at < 1 or tokens[at].text != "[":
        return None
    is_list = tokens[at - 1].text == "[" and nested and at > 1
    if not is_list and at != len(tokens) - 1:
        return None  # Several keys in one pair of brackets are one key.
    return at - 1 if is_list else at


def _is_only_a_name(tokens: Sequence[Token], index: int) -> bool:
    """Whether an identifier names no value here: a parameter, an argument's name, part of an import."""
    words = [token.text for token in tokens]
    if words[0] == "from":
        return index < words.index("import") if "import" in words else True
    before = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    opened = _open_bracket(tokens, index)
    if opened is None or words[opened] != "(" or opened == 0:
        return False
    if words[0] in ("def", "async") and words[:opened].count("(") == 0 and "def" in words[:2]:
        return before in ("(", ",", "*", "**")
    is_in_call = tokens[opened - 1].is_identifier or words[opened - 1] in CLOSING
    return is_in_call and after == "=" and before in ("(", ",")


def _open_bracket(tokens: Sequence[Token], index: int) -> int | None:
    """The index of the innermost bracket that is open before index `index`."""
    depth = 0
    for at in reversed(range(index)):
        text = tokens[at].text
        if text in CLOSING:
            depth += 1
        elif text in OPENING:
            if depth == 0:
                return at
            depth -= 1
    return None


def _word_before(code: str) -> tuple[Sequence[Token], str, str]:
    """The tokens of the last line before the word that `code` ends with, its quotes, and the word."""
    tokens = _last_line(code)
    if not tokens or tokens[-1].end != len(code):
        is_sign = code[-1:].isspace() or not tokens
        return ([], "", "") if is_sign else (tokens, "", "")
    last = tokens[-1]
    if last.kind == "string" and not last.is_closed:
        quotes = last.quotes
        return tokens[:-1], quotes, last.text[len(quotes) :]
    if last.kind == "name":
        return tokens[:-1], "", last.text
    return tokens, "", ""


def _last_line(code: str) -> Sequence[Token]:
    """The tokens of the logical line that `code` ends in; none after its end."""
    lines = list(logical_lines(code))
    if not lines:
        return []
    tokens = lines[-1].tokens
    is_over = "\n" in code[tokens[-1].end :].replace("\\\n", "")
    return [] if is_over and _open_bracket(tokens, len(tokens)) is None else tokens


def _code_before(text: str) -> str | None:
    """The code that `text` ends in: itself, or what is in a field of an f-string; None in comments."""
    while True:
        *_, last = (None, *scan(text))
        if last is None or last.end != len(text):
            return text
        if last.kind == "comment":
            return None
        if last.kind != "string" or last.is_closed or not last.has_fields:
            return text
        field = next((f for f in _fields(last) if f[1] == last.end), None)
        if field is None:
            return None
        text = text[field[0] :]


def _code_at(text: str, offset: int) -> tuple[str, int] | None:
    """(the code around `offset`, characters before it); None in strings and comments."""
    shift = 0
    while True:
        token = next(
            (t for t in scan(text) if t.start <= offset - shift < t.end and t.kind == "string"),
            None,
        )
        if token is None:
            return text, shift
        if not token.has_fields:
            return None
        field = next((f for f in _fields(token) if f[0] <= offset - shift <= f[1]), None)
        if field is None:
            return None
        text, shift = text[field[0] : field[1]], shift + field[0]


def _fields(token: Token) -> Iterator[tuple[int, int]]:
    """Begin and end of the code in each field of an f-string, its format left out."""
    at, end = len(token.quotes), len(token.text)
    text = token.text
    while at < end:
        if text[at] != "{":
            at += 1
        elif text[at + 1 : at + 2] == "{":
            at += 2
        else:
            stop = _end_of_field(text, at + 1)
            yield token.start + at + 1, token.start + stop
            at = stop + 1


def _end_of_field(text: str, begin: int) -> int:
    """Where the code of a field ends that begins at `begin`: at its format, or its brace."""
    depth = 0
    for token in scan(text[begin:]):
        if token.text in OPENING:
            depth += 1
        elif depth == 0 and token.text in ("}", ":", ":=", "!"):
            return begin + token.start
        elif token.text in CLOSING:
            depth -= 1
    return len(text)


def _root(expression: str) -> str:
    """The name that an expression begins with."""
    return next((token.text for token in scan(expression)), "")


def _statement_around(document: Document, line: int) -> tuple[str, int]:
    """The text of the top-level statements around a line, and the line, from 0, that it begins with."""
    index = document.block_index(line)
    start = document.starts[index] if index >= 0 else 0
    end = document.starts[index + 1] if index >= 0 else document.lead
    start, end = max(start, line - _ABOVE), min(end, line + _BELOW)
    return "\n".join(document.lines[start:end]), start


def _offset(text: str, line: int, column: int) -> int:
    """Characters before `column` of the line with index `line`."""
    at = 0
    for _ in range(line):
        at = text.find("\n", at) + 1
    return min(at + column, len(text))
