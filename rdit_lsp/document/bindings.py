"""Which names source text binds, and which of them mean something else inside a function.

Pure, and works on tokens: the text around a cursor seldom parses. In doubt a name counts as local,
because the value of a global of the same name would be the wrong one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdit_lsp.document.scanner import CLOSING, OPENING, logical_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.scanner import LogicalLine, Token

_WORD = re.compile(r"[^\W\d]\w*")
_HEADS = {
    "if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "async",
    "match", "case",
}  # fmt: skip
_AUGMENTED = {"+=", "-=", "*=", "/=", "//=", "%=", "@=", "&=", "|=", "^=", ">>=", "<<=", "**="}


def binding_lines(text: str) -> Mapping[str, int]:
    """Name to the line, from 1, that binds it last, at the top level: not in a function or class."""
    found: dict[str, int] = {}
    line, counted, inside = 1, 0, None
    for each in logical_lines(text):
        if inside is not None and each.indent > inside:
            continue
        inside = each.indent if _opens_scope(each) is not None else None
        line += text.count("\n", counted, each.start)
        counted = each.start
        for name in _bound(each):
            found[name] = line
    return found


def last_bindings(document: Document, names: Iterable[str]) -> dict[str, int]:
    """Name to the line, from 1, of a document that binds it last at the top level, for those of `names`."""
    found: dict[str, int] = {}
    wanted = set(names)
    for first, block in reversed(list(document.placed_blocks())):
        text = "\n".join(block.lines)
        if wanted.isdisjoint(_WORD.findall(text)):
            continue  # Most of a long document; reading it word by word takes its time.
        for name, line in binding_lines(text).items():
            if name in wanted:
                wanted.discard(name)
                found[name] = first + line - 1
    return found


def is_local(name: str, text: str, offset: int) -> bool:
    """Whether `name` at `offset` of `text`, a whole top-level statement, need not be a global."""
    lines = list(logical_lines(text))
    here = next((i for i in reversed(range(len(lines))) if lines[i].start <= offset), None)
    if here is None:
        return False
    if name in _bound_inside(lines[here].tokens):
        return True
    kind = _opens_scope(lines[here])
    is_in_body = kind == "def" and _end_of_head(lines[here].tokens) <= offset
    if is_in_body and name in _parameters(lines[here].tokens):
        return True  # All of the function is on one line.
    for number, scope in enumerate(_scopes_around(lines, here)):
        kind = _opens_scope(lines[scope])
        names = _names_in(lines, scope)
        if kind == "def" and name in names | _parameters(lines[scope].tokens):
            return name not in _declared(lines, scope, "global")
        if kind == "class" and number == 0 and name in names:
            return True
    return False


def _scopes_around(lines: Sequence[LogicalLine], here: int) -> Iterator[int]:
    """The indexes of the lines that open the functions and classes around a line, innermost first."""
    indent = lines[here].indent
    for index in reversed(range(here)):
        if lines[index].indent < indent:
            indent = lines[index].indent
            if _opens_scope(lines[index]) is not None:
                yield index


def _opens_scope(line: LogicalLine) -> str | None:
    """`def` or `class`, where the line is the head of one."""
    words = [token.text for token in line.tokens[:2]]
    if words[0] == "async":
        words = words[1:]
    return words[0] if words and words[0] in ("def", "class") else None


def _body(lines: Sequence[LogicalLine], scope: int) -> Iterator[LogicalLine]:
    """The lines of a function or class without those of functions and classes in it."""
    inside = None
    for line in lines[scope + 1 :]:
        if line.indent <= lines[scope].indent:
            return
        if inside is not None and line.indent > inside:
            continue
        inside = line.indent if _opens_scope(line) is not None else None
        yield line


def _names_in(lines: Sequence[LogicalLine], scope: int) -> set[str]:
    return {name for line in _body(lines, scope) for name in _bound(line)}


def _declared(lines: Sequence[LogicalLine], scope: int, word: str) -> set[str]:
    """The names that a function declares as `global`."""
    found: set[str] = set()
    for line in _body(lines, scope):
        for statement in _statements(line.tokens):
            if statement[0].text == word:
                found.update(token.text for token in statement[1:] if token.is_identifier)
    return found


def _bound(line: LogicalLine) -> Iterator[str]:
    """The names that a logical line binds in the scope it is in."""
    statements = list(_statements(line.tokens))
    for statement in statements[:1] if _opens_scope(line) is not None else statements:
        yield from _bound_by(statement)
    for token, after in zip(line.tokens, line.tokens[1:], strict=False):
        if after.text == ":=" and token.is_identifier:
            yield token.text


def _bound_by(tokens: Sequence[Token]) -> Iterator[str]:
    """The names that a simple statement or the head of a compound one binds."""
    if tokens[0].text == "async":
        tokens = tokens[1:]
    words = [token.text for token in tokens]
    first = words[0] if words else ""
    if first in ("def", "class") or (first == "type" and tokens[1:] and tokens[1].is_identifier):
        yield from [token.text for token in tokens[1:2] if token.is_identifier]
    elif first == "for":
        yield from _targets(tokens[1 : words.index("in") if "in" in words else len(words)])
    elif first in ("with", "except"):
        for at in [index for index, word in enumerate(words) if word == "as"]:
            yield from _targets(tokens[at + 1 : _end_of_target(tokens, at + 1)])
    elif first in ("import", "from"):
        yield from _imported(tokens)
    elif first == "case" and next(_at_depth(tokens, "="), None) is None:
        yield from _captured(tokens[1:])
    else:
        yield from _assigned(tokens)


def _assigned(tokens: Sequence[Token]) -> Iterator[str]:
    """The targets of an assignment."""
    if len(tokens) > 1 and tokens[1].text in _AUGMENTED and tokens[0].is_identifier:
        yield tokens[0].text
        return
    begin = 0
    for at in _at_depth(tokens, "="):
        target = tokens[begin:at]
        colon = next(_at_depth(target, ":"), len(target))
        yield from _targets(target[:colon])
        begin = at + 1


def _targets(tokens: Sequence[Token]) -> Iterator[str]:
    """The names among the targets of an assignment: not those in `x[name]`, `x.name` or `f(name)`."""
    outside = 0
    """How many brackets around a token hold something else than targets."""
    opened: list[bool] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        is_attribute = before is not None and before.text == "."
        if token.text in OPENING:
            opened.append(before is not None and _ends_value(before))
            outside += opened[-1]
        elif token.text in CLOSING and opened:
            outside -= opened.pop()
        elif outside or is_attribute or after in (".", "(", "["):
            continue
        elif token.is_identifier:
            yield token.text


def _imported(tokens: Sequence[Token]) -> Iterator[str]:
    words = [token.text for token in tokens if token.text not in ("(", ")")]
    if words[0] == "from":
        words = words[words.index("import") :] if "import" in words else [""]
    while len(words) > 1:
        end = words.index(",", 1) if "," in words[1:] else len(words)
        name = words[end - 1] if "as" in words[1:end] else words[1]
        if name.isidentifier():
            yield name
        words = words[end:]


def _captured(tokens: Sequence[Token]) -> Iterator[str]:
    """The names that a pattern captures."""
    for index, token in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if before == "if" or token.text == "if":
            return
        if token.is_identifier and before != "." and after not in (".", "(", "="):
            yield token.text


def _bound_inside(tokens: Sequence[Token]) -> set[str]:
    """The names that comprehensions and lambdas in a line bind for themselves."""
    found: set[str] = set()
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "operator":
            depth += (token.text in OPENING) - (token.text in CLOSING)
        elif token.text == "for" and depth > 0:
            rest = tokens[index + 1 :]
            end = next((i for i, each in enumerate(rest) if each.text == "in"), len(rest))
            found.update(_targets(rest[:end]))
        elif token.text == "lambda":
            rest = tokens[index + 1 :]
            end = next(_at_depth(rest, ":"), len(rest))
            found.update(_named_parameters(rest[:end]))
    return found


def _parameters(tokens: Sequence[Token]) -> set[str]:
    """The names of the parameters in the head of a function."""
    begin = next((i for i, token in enumerate(tokens) if token.text == "("), len(tokens))
    return set(_named_parameters(tokens[begin + 1 :]))


def _named_parameters(tokens: Sequence[Token]) -> Iterator[str]:
    """The parameters that `tokens` begin with, up to the bracket that closes them."""
    depth = 0
    for before, token in zip(["", *(each.text for each in tokens)], tokens, strict=False):
        if token.text in OPENING:
            depth += 1
        elif token.text in CLOSING:
            depth -= 1
            if depth < 0:
                return
        elif depth == 0 and token.is_identifier and before in ("", ",", "*", "**"):
            yield token.text


def _statements(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The head of a compound statement and the simple statements of a logical line."""
    if tokens[0].text in _HEADS:
        end = _colon_of_head(tokens)
        # The last two of them can be names.
        if end is not None and not (tokens[0].text in ("match", "case") and end == 1):
            yield tokens[:end]
            tokens = tokens[end + 1 :]
    begin = 0
    for at in [*_at_depth(tokens, ";"), len(tokens)]:
        if begin < at:
            yield tokens[begin:at]
        begin = at + 1


def _end_of_head(tokens: Sequence[Token]) -> int:
    """The character after the colon that ends the head of a compound statement."""
    colon = _colon_of_head(tokens)
    return tokens[-1].end + 1 if colon is None else tokens[colon].end


def _colon_of_head(tokens: Sequence[Token]) -> int | None:
    return next((at for at in _at_depth(tokens, ":") if not _is_of_lambda(tokens, at)), None)


def _is_of_lambda(tokens: Sequence[Token], at: int) -> bool:
    words = [token.text for token in tokens[:at]]
    return words.count("lambda") > words.count(":")


def _at_depth(tokens: Sequence[Token], text: str) -> Iterator[int]:
    """The indexes of the tokens `text` that are in no brackets."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "operator":
            depth += (token.text in OPENING) - (token.text in CLOSING)
        if token.text == text and depth == 0:
            yield index


def _end_of_target(tokens: Sequence[Token], begin: int) -> int:
    """The index after the target that begins at index `begin`."""
    depth = 0
    for index in range(begin, len(tokens)):
        text = tokens[index].text
        depth += (text in OPENING) - (text in CLOSING)
        if depth < 0 or (depth == 0 and text == ","):
            return index
    return len(tokens)


def _ends_value(token: Token) -> bool:
    """Whether a bracket after `token` is a call or a subscript."""
    return token.is_identifier or token.kind == "string" or token.text in CLOSING
