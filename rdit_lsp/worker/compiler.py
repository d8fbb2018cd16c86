"""Compiles statements as the parts of one module, as `python FILE` compiles it.

Compiled one by one, each would have constants of its own, would warn when it runs and not before anything
does, and would not know of a `from __future__` above. Knows neither the namespace nor how code is run.
"""

import _ast
import gc

from .constants import Constants
from .failures import CapturedStderr
from .statements import check_encoding, lines_of, parse
from .warning_filters import IGNORE, Filters, current

if False:
    from types import CodeType
    from typing import Any, Callable, List, TypeVar

    T = TypeVar("T")

_AWAIT = _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_BOM = "\ufeff"
_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect.


class Compiler:
    """The compiler of one document's texts, one after the other."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._filters = current()
        """The warning filters before the program has changed any: Python compiles it with these."""
        self._constants = Constants()
        self._flags = 0
        self.is_coroutine = False
        """As far as is known, the present text awaits at its top level."""
        self._warnings = ""
        self._announced: "set[str]" = set()
        """Texts of statements whose warnings have been printed before the first one."""
        self.text = ""
        """The present text."""
        self.lines: "List[str]" = []
        """Its lines."""
        self.body: "List[_ast.stmt]" = []
        """Its statements; those of the text before it where it does not compile."""

    def read(self, source: "str | bytes", *, whole: bool) -> None:
        """Make `source` the present text. Raises what Python raises, or unless `whole`, its parser."""
        self.text = source if isinstance(source, str) else source.decode("utf-8", "replace")
        self.lines = lines_of(self.text.lstrip(_BOM))
        source = _as_in_file(source)
        with _WithoutCollections(), Filters(self._filters):
            with CapturedStderr() as captured:
                if whole:
                    check_encoding(source, self._path)
                body = parse(source, self._path).body
            self._flags, warnings = _future_flags(body), captured.getvalue()
            self.is_coroutine = False
            if whole:
                module = _ast.Module(body, [])
                warnings += self._allowing_await(lambda flags: self._warnings_of(module, flags))
        self.body = body
        self._warnings = warnings if whole else ""

    def announce(self) -> str:
        """What Python prints before it runs the first statement; these warnings are not given again."""
        if self._warnings:
            self._announced = set(map(self._text_of, self.body))
        warnings, self._warnings = self._warnings, ""
        return warnings

    def code_of(self, index: int) -> "CodeType":
        """The code of a statement. Raises what the compiler raises."""
        node = self.body[index]
        with Filters(IGNORE if self.is_announced(index) else self._filters):
            # Compiled as a module, any string would set `__doc__`, not only the first statement.
            if isinstance(node, _ast.Expr) and not is_docstring(index, node):
                code = self._compiled(_ast.Expression(node.value), "eval")
            else:
                code = self._compiled(_ast.Module([node], []), "exec")
        return self._constants.shared(code)

    def code_of_module(self, module: "_ast.Module", *, is_announced: bool) -> "CodeType":
        """The code of statements among others, which do not await. Raises what the compiler raises."""
        with Filters(IGNORE if is_announced else self._filters):
            code = compile(module, self._path, "exec", self._flags, dont_inherit=True)
        return self._constants.shared(code)

    def is_announced(self, index: int) -> bool:
        """Whether the compiler's warnings about a statement have been given."""
        return bool(self._announced) and self._text_of(self.body[index]) in self._announced

    def _text_of(self, node: "_ast.stmt") -> str:
        return "\n".join(self.lines[node.lineno - 1 : node.end_lineno])

    def _compiled(self, tree: "_ast.Module | _ast.Expression", mode: str) -> "CodeType":
        return self._allowing_await(
            lambda flags: compile(tree, self._path, mode, flags, dont_inherit=True)
        )

    def _warnings_of(self, module: "_ast.Module", flags: int) -> str:
        with CapturedStderr() as captured:
            code = compile(module, self._path, "exec", flags, dont_inherit=True)
        self.is_coroutine = bool(code.co_flags & _COROUTINE)
        return captured.getvalue()

    def _allowing_await(self, attempt: "Callable[[int], T]") -> "T":
        """What `attempt` returns; with flags that allow a top-level `await` where it fails without."""
        try:
            return attempt(self._flags)
        except SyntaxError:
            try:
                return attempt(self._flags | _AWAIT)
            except SyntaxError:
                pass  # `await` is not the reason: the first error is the one Python would report.
            raise


class _WithoutCollections:
    """Collects no garbage meanwhile: a large tree has none, and looking for it takes as long as parsing."""

    def __enter__(self) -> None:
        self._collects = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._collects:
            gc.enable()


def is_docstring(index: int, node: "_ast.stmt") -> bool:
    """Whether a statement is the module's docstring."""
    return (
        index == 0
        and isinstance(node, _ast.Expr)
        and isinstance(node.value, _ast.Constant)
        and isinstance(node.value.value, str)
    )


def is_future(node: "_ast.stmt") -> bool:
    """Whether a statement is a `from __future__ import`."""
    return isinstance(node, _ast.ImportFrom) and node.module == "__future__" and not node.level


def _as_in_file(source: "str | bytes") -> "str | bytes":
    """Bytes for a text that only stands for what a file holds, since Python words its errors by them."""
    if isinstance(source, bytes):
        return source
    for errors in ("strict", "surrogateescape", "surrogatepass"):
        # Read with `surrogateescape` by the command line; others come from an editor alone.
        try:
            data = source.encode("utf-8", errors)
        except UnicodeEncodeError:
            continue
        return source if errors == "strict" and not source.startswith(_BOM) else data
    return source


def _future_flags(body: "List[_ast.stmt]") -> int:
    """The compiler flags of the `from __future__` imports, which hold for the rest of the file."""
    flags = 0
    node: "Any"
    for node in body:
        if is_future(node):
            import __future__

            for alias in node.names:
                feature = getattr(__future__, alias.name, None)
                flags |= getattr(feature, "compiler_flag", 0)
    return flags
