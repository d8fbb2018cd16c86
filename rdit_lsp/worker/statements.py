"""Where the top-level statements of a source text begin and end.

Pure: text in, spans out; knows nothing of running. Shared by both sides: the worker splits with its own
grammar, and what it finds counts; the server splits as the user types (`rdit_lsp.document.blocks`), for
the text that has not been run. Written for Python 3.8 and without `ast`, `re` or `collections`: each costs
a good part of what a bare interpreter costs to start, and user code would find them imported.
"""

import _ast
import sys

SHOWS_FIGURES = r"(?m)^[^#\n]*\b(?:show|savefig)\s*\("
"""Matches source that shows or saves figures itself: then a part of a figure does not stand for it."""


_BOM = b"\xef\xbb\xbf"
_NORMAL = (("utf-8", ("utf-8",)), ("iso-8859-1", ("latin-1", "iso-8859-1", "iso-latin-1")))


class Span(tuple):  # type: ignore[type-arg]  # Python 3.8 has no `tuple[int, …]`.
    """A top-level statement's lines, 1-based and inclusive, decorators included."""

    __slots__ = ()

    def __new__(cls, first: int, last: int, is_expr: bool) -> "Span":
        """Lines from 1; `is_expr`: an expression, which has a value to show."""
        return tuple.__new__(cls, (first, last, is_expr))

    @property
    def first(self) -> int:
        """The first line."""
        return self[0]

    @property
    def last(self) -> int:
        """The last line."""
        return self[1]

    @property
    def is_expr(self) -> bool:
        """Whether it is an expression, which has a value to show."""
        return self[2]


def parse(source: "str | bytes", path: str) -> _ast.Module:
    """The module's tree. Raises what `compile` raises for source it rejects."""
    tree = compile(source, path, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, _ast.Module)
    return tree


def check_encoding(source: "str | bytes", path: str) -> None:
    """Raise what `python FILE`, which reads bytes, raises for a source that is not proper text.

    `compile` ignores the encoding cookie (PEP 263) of a text, and words the rest in its own way.
    """
    if isinstance(source, bytes) and source.startswith(_BOM):
        _refuse_other_codec(source, path)
    codec, line = _unknown_codec(source)
    if codec:
        if sys.version_info >= (3, 14):
            compile(b"#coding:" + codec.encode(), path, "exec")
        raise _misfit("encoding problem: " + codec, path, line)
    if isinstance(source, str):
        before, null, _ = source.partition("\0")
        if null and sys.version_info >= (3, 11):
            line = len(lines_of(before))
            place = (path, line, 0, lines_of(before)[-1])
            raise SyntaxError("source code cannot contain null bytes", place)
    elif sys.version_info < (3, 14) and not _cookies(source) and not source.startswith(_BOM):
        _refuse_other_bytes(source, path)


def _refuse_other_bytes(source: bytes, path: str) -> None:
    try:
        source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        pep = "s://peps.python.org" if sys.version_info >= (3, 11) else "s://python.org/dev/peps"
        if sys.version_info < (3, 9):
            pep = "://python.org/dev/peps"
        raise _misfit(
            f"Non-UTF-8 code starting with '\\x{source[error.start]:02x}' in file {path} on line"
            f" {line}, but no encoding declared; see http{pep}/pep-0263/ for details",
            path,
            line,
        ) from None


def _misfit(message: str, path: str, line: int) -> SyntaxError:
    error = SyntaxError(message)
    if sys.version_info < (3, 9):
        error.filename, error.lineno = path, line
    return error


def _refuse_other_codec(source: bytes, path: str) -> None:
    """A byte order mark says UTF-8. From 3.14 on `compile` has Python's words for another cookie."""
    for cookie, line in _cookies(source):
        codec = _normal(cookie)
        if codec != "utf-8" and sys.version_info < (3, 14):
            raise _misfit("encoding problem: %s with BOM" % codec, path, line)


def _unknown_codec(source: "str | bytes") -> "tuple[str, int]":
    """(name, line) of the codec that the source claims to be in, or ("", 0) when all is well."""
    from _codecs import lookup

    for codec, line in _cookies(source):
        try:
            lookup(codec)
        except LookupError:
            return codec, line
    return "", 0


def _normal(codec: str) -> str:
    """The name of a codec as the tokenizer has it (`get_normal_name`)."""
    name = codec[:12].lower().replace("_", "-")
    for normal, names in _NORMAL:
        if name in names or name.startswith(tuple([each + "-" for each in names])):
            return normal
    return codec


def _cookies(source: "str | bytes") -> "list[tuple[str, int]]":
    """(name, line) of the encoding cookie, if any: a comment in the first line or the second."""
    start = source[:1000] if isinstance(source, str) else source[:1000].decode("latin-1")
    for number, line in enumerate(lines_of(start)[:2], 1):
        text = line.lstrip("\ufeff\xef\xbb\xbf \t\f")
        codec = _cookie(text) if text[:1] == "#" else ""
        if codec:
            return [(codec, number)]
        if text and text[0] != "#":
            break
    return []


def _cookie(comment: str) -> str:
    _, found, rest = comment.partition("coding")
    while found and rest[:1] not in (":", "="):
        _, found, rest = rest.partition("coding")
    name = rest[1:].lstrip(" \t")
    end = 0
    while end < len(name) and (name[end].isalnum() or name[end] in "-_."):
        end += 1
    return name[:end]


def span(node: _ast.stmt) -> Span:
    """The span of a statement's node."""
    first = node.lineno
    for decorator in getattr(node, "decorator_list", ()):
        first = min(first, decorator.lineno)
    last = node.end_lineno or first  # The parser always sets it.
    return Span(first, last, isinstance(node, _ast.Expr))


def lines_of(text: str) -> "list[str]":
    """The lines of `text` without their ends, as Python and LSP count them.

    Not `str.splitlines`, which also breaks at form feeds, U+2028 and others.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
