"""Makes one code object of consecutive statements, with points between them for the worker's turns.

Pure: trees in, code out. To the compiler the statements are one module, and to the program one frame:
tracers, `breakpoint()` and `n` go from each to the next. The code is

    try:
        () = POINT
        ⟨statement⟩
        () = POINT
        SLOT.value = ⟨expression statement whose value is shown⟩
        () = SHOW
        SLOT.value = None
        () = POINT
    except:
        () = CATCH

three times guarded, because a signal handler of the program's may raise until `CATCH` has taken the
handlers away. No instruction here is a call, which profilers would see; from 3.10 on none has a line. What
is in capitals is a constant of the code.
"""

import _ast
import sys

if False:
    from types import CodeType
    from typing import Any, Callable, Iterable, List

    Compile = Callable[[_ast.Module], CodeType]

_HAS_NO_LINES = sys.version_info >= (3, 10)
_GUARDS = 3
_POINT, _SHOW, _CATCH, _SLOT, _RUN = b"\0point", b"\0show", b"\0catch", b"\0slot", b"\0run"


class Slot:
    """Where the frame leaves the value of an expression statement."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: "Any" = None


class FrameCode:
    """Makes code that comes to the given points, iterators that are empty."""

    def __init__(self, slot: Slot, *, point: "Any", show: "Any", catch: "Any") -> None:
        self._constants = {_POINT: point, _SHOW: show, _CATCH: catch, _SLOT: slot}
        self._parts: "_Parts | None" = _Parts(-1) if _HAS_NO_LINES else None

    def of_statements(
        self, nodes: "Iterable[tuple[_ast.stmt, bool]]", compile_: "Compile"
    ) -> "CodeType":
        """The code of statements, each with whether its value is shown. Raises what `compile_` raises."""
        body: "List[_ast.stmt]" = []
        for node, is_shown in nodes:
            if not body:
                body.append(self._at(node.lineno).point)
            if is_shown:
                assert isinstance(node, _ast.Expr), "only expressions have a value"
                parts = self._at(node.lineno)
                body += (parts.value_of(node.value), *parts.show)
            else:
                body.append(node)
            body.append((self._parts or _Parts(_last_line(node))).point)
        return self._code(body, compile_, {})

    def of_call(self, call: "Any", line: int, compile_: "Compile", *, is_shown: bool) -> "CodeType":
        """The code of a statement that is `call`, an iterator with its value as the only item."""
        parts, at = self._at(line), _Parts(line)
        target = at.place(_ast.Tuple([at.value], _ast.Store()))
        called = at.assign(target, at.constant(_RUN))
        body = [parts.point, called, *(parts.show if is_shown else parts.show[1:]), parts.point]
        return self._code(body, compile_, {_RUN: call})

    def _at(self, line: int) -> "_Parts":
        return self._parts or _Parts(line)

    def _code(
        self, body: "List[_ast.stmt]", compile_: "Compile", more: "dict[bytes, Any]"
    ) -> "CodeType":
        parts = self._at(body[0].lineno)
        for _ in range(_GUARDS):
            body = [parts.place(_ast.Try(body, [parts.handler], [], []))]
        code = compile_(_ast.Module(body, []))
        known = {**self._constants, **more}
        constants = [known.get(c, c) if type(c) is bytes else c for c in code.co_consts]
        return code.replace(co_consts=tuple(constants))


class _Parts:
    """What is put around statements; one node may be in many places of a tree."""

    def __init__(self, line: int) -> None:
        """All is on `line`, or with -1 on none."""
        self._line = line
        self._column = min(line, 0)
        self.value = self.place(_ast.Attribute(self.constant(_SLOT), "value", _ast.Store()))
        """The place of a value."""
        self.point = self._unpack(_POINT)
        self.show = (self._unpack(_SHOW), self.assign(self.value, self.constant(None)))
        self.handler = self.place(_ast.ExceptHandler(None, None, [self._unpack(_CATCH)]))

    def value_of(self, expression: "_ast.expr") -> "_ast.stmt":
        return self.assign(self.value, expression)

    def assign(self, target: "_ast.expr", value: "_ast.expr") -> "Any":
        return self.place(_ast.Assign([target], value, None))

    def constant(self, value: "Any") -> "Any":
        return self.place(_ast.Constant(value, None))

    def place(self, node: "Any") -> "Any":
        node.lineno = node.end_lineno = self._line
        node.col_offset = node.end_col_offset = self._column
        return node

    def _unpack(self, token: bytes) -> "_ast.stmt":
        return self.assign(self.place(_ast.Tuple([], _ast.Store())), self.constant(token))


def _last_line(node: "Any") -> int:
    """The line of the last instruction of a statement, as 3.8 and 3.9 count them."""
    while not hasattr(node, "args"):  # Of a function: its body is not part of the statement.
        parts = [getattr(node, name, None) for name in ("finalbody", "orelse", "handlers", "body")]
        last = next((part[-1] for part in parts if part), None)
        if last is None or isinstance(node, _ast.ClassDef):
            break
        node = last
    return node.lineno
