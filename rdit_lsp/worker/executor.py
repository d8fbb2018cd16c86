"""Runs a source text in a real `__main__` module, statement by statement, as `python FILE` would.

Knows compiling, the namespace and outcomes; nothing of the channel, descriptors or messages. Statements run
in the module's frame (`module_frame`); all other user code is entered through the door.
"""

import _ast
import sys
from _functools import partial

from . import failures
from .annotations import Annotations
from .awaiting import Awaiting
from .compiler import Compiler, is_docstring, is_future
from .display import display
from .door import RecursionRoom
from .frame_code import FrameCode, Slot
from .module_frame import ModuleFrame
from .outcomes import Finished, Rejected
from .statements import span
from .trees import awaits

if False:
    from types import CodeType
    from typing import Any, Dict, Optional, Tuple

    from .door import Door
    from .failures import Failure
    from .import_hooks import ImportHooks
    from .outcomes import Outcome
    from .statements import Span

    Shown = Tuple[Any, Optional[Dict[str, Any]]]
    """Data of a display, and metadata; None twice where nothing is shown."""
    Compiled = Tuple[Optional[CodeType], Optional[BaseException]]

_modules = sys.modules

_NOT_SHARED = {
    "getpid": "its process id",
    "process_time": "its processor time",
    "thread_time": "its processor time",
    "getrusage": "its processor time",
}
"""Names by which a program asks for what is different in a fork of it, and what that is."""

_display_hook = sys.__displayhook__
_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect.


class Executor:
    """The namespace of one document and the source that is to run in it."""

    def __init__(
        self,
        door: "Door",
        path: str,
        folder: str,
        *,
        show_values: bool,
        print_failures: bool,
        keep_failure: bool,
    ) -> None:
        """Run code as the file `path`, in the present `__main__`.

        `folder` is private: what is too long to send is kept there. `print_failures`: print failures
        on stderr as Python itself does, not only when a hook of the user's is set. `keep_failure`: keep
        the last one where `pdb.pm()` finds it.
        """
        self._door = door
        self._path = path
        self._folder = folder
        self._show_values = show_values
        self._print_failures = print_failures
        self._keep_failure = keep_failure
        self.namespace: "dict[str, Any]" = sys.modules["__main__"].__dict__
        """That of `__main__`, in which statements run."""
        self._annotations: "Annotations | None" = None
        if sys.version_info >= (3, 14):
            self._annotations = Annotations(self.namespace)
        self._compiler = Compiler(path)
        self._telling: "list[str]" = []
        """Which of `_NOT_SHARED` are in the source at all."""
        self._may_await = False
        self._is_compilable = True
        """As far as is known, all statements of the source are."""
        self._is_hooked = False
        """`linecache` gets the source when the program imports it."""
        self._index = self._until = 0
        """The statement that was begun last, and where a child that forks off in it goes on to."""
        self._shown: "Shown" = (None, None)
        self._slot = Slot()
        self.frame = ModuleFrame(door, self.namespace, self._show)
        """The frame that statements run in."""
        self._frame_code = FrameCode(
            self._slot, point=self.frame.point, show=self.frame.show, catch=self.frame.catch
        )
        self._awaiting = Awaiting(door, self.frame)
        self.unshared: "str | None" = None
        """What the program has asked for that is different in a fork of it, in words."""

    def register(self, hooks: "ImportHooks") -> None:
        """Put the source into `linecache` when that is imported: importing it takes ten milliseconds."""
        hooks.after(
            "linecache", lambda _: failures.show_in_tracebacks(self._path, self._compiler.text)
        )
        self._is_hooked = True

    def prepare(self, source: "str | bytes", *, whole: bool) -> "list[Span]":
        """Make `source` (text, or bytes that do not decode) the one to run; returns its spans.

        Raises Rejected. `whole`: reject what Python would reject before running anything. Otherwise the
        source may have blank lines in the place of blocks that do not parse, and only parsing is checked.
        """
        error = self._misread(source, whole)
        if error is not None:
            raise self._rejection(error)
        if self._compiler.is_coroutine:
            self._awaiting.expect()
        self.frame.give_up()
        text = self._compiler.text
        self._may_await = "await" in text or "async" in text
        self._telling = [word for word in _NOT_SHARED if word in text]
        self._is_compilable = True
        self._show_source()
        return [span(node) for node in self._compiler.body]

    def statement(self, index: int) -> "_ast.stmt":
        """The tree of a statement."""
        return self._compiler.body[index]

    def begin(self, index: int, until: int) -> "Finished | None":
        """Begin statement `index`: None where it runs in the frame, and how it ended where it cannot.

        A child that forks off here goes on up to `until` and exits.
        """
        self._index, self._until = index, until
        self._shown = None, None
        self.unshared = self.unshared or self._asks_for(index)
        if index == 0 and (warnings := self._compiler.announce()):
            self._door.enter(_print_to_stderr, warnings)
        if self.frame.has(index):
            return None
        if not self._stands_alone(index) and self._begin_frame(index, until):
            return None
        code, error = self._code_of(index)
        is_awaited = code is not None and bool(code.co_flags & _COROUTINE)
        if code is not None:
            begin = self._begin_await if is_awaited else self._run_alone
            error = begin(code)
        if error is not None:
            return self._failed(error)
        return None if is_awaited else self._ended_alone()

    def finish(self) -> "Finished":
        """How the statement ended that ran in the frame."""
        if self._annotations is not None:
            self._annotations.collect()
        error = self._awaiting.end(self.frame.take_error())
        if error is not None:
            return self._failed(error)
        data, metadata = self._shown
        return Finished("ok", value=data, metadata=metadata)

    def bound(self, index: int) -> "tuple[Any] | None":
        """What statement `index` has bound, if it is an assignment to one name; as a tuple of one."""
        node: "Any" = self._compiler.body[index]
        targets = node.targets if type(node) is _ast.Assign else [getattr(node, "target", None)]
        kinds = (_ast.Assign, _ast.AugAssign, _ast.AnnAssign)
        if type(node) not in kinds or len(targets) != 1 or type(targets[0]) is not _ast.Name:
            return None
        name = targets[0].id
        return (self.namespace[name],) if name in self.namespace else None

    def _asks_for(self, index: int) -> "str | None":
        for word in self._telling:
            node = self._compiler.body[index]
            if word in "\n".join(self._compiler.lines[node.lineno - 1 : node.end_lineno]):
                return _NOT_SHARED[word]
        return None

    def _begin_frame(self, index: int, until: int) -> bool:
        """Begin a frame with statement `index` and as many of those up to `until` as can be in it."""
        end, compiler = index + 1, self._compiler
        is_announced = compiler.is_announced(index)
        while end <= until and self._is_compilable and not self._stands_alone(end):
            if compiler.is_announced(end) != is_announced:
                break
            end += 1
        nodes = [(compiler.body[each], self._has_value(each)) for each in range(index, end)]
        compile_ = partial(compiler.code_of_module, is_announced=is_announced)
        try:
            code = self._frame_code.of_statements(nodes, compile_)
            self.frame.run(code, index, end)
        except Exception:
            if end == index + 1:
                return False  # It does not compile, or not within more blocks.
            self._is_compilable = False
            return self._begin_frame(index, index)
        return True

    def _stands_alone(self, index: int) -> bool:
        """Whether it must be compiled alone: what comes first in a module, and a top-level `await`."""
        node = self._compiler.body[index]
        if is_docstring(index, node) or is_future(node):
            return True
        return self._may_await and awaits(node)

    def _has_value(self, index: int) -> bool:
        node = self._compiler.body[index]
        return (
            self._show_values
            and isinstance(node, _ast.Expr)
            and not _hides_value(node, self._compiler.lines)
        )

    def _run_alone(self, code: "CodeType") -> "BaseException | None":
        """Run what is no part of a frame: no code of the program can tell."""
        return self._door.enter(eval, code, self.namespace)[1]

    def _begin_await(self, code: "CodeType") -> "BaseException | None":
        call, error = self._door.enter(self._awaiting.begin, code, self.namespace)
        if error is not None:
            return error
        line, is_shown = self._compiler.body[self._index].lineno, self._has_value(self._index)
        try:
            compile_ = partial(self._compiler.code_of_module, is_announced=True)
            code = self._frame_code.of_call(call, line, compile_, is_shown=is_shown)
            self.frame.run(code, self._index, self._index + 1, has_context=False)
        except Exception as raised:
            return raised  # By an audit hook of the program's.
        return None

    def _code_of(self, index: int) -> "Compiled":
        """(code, None) or (None, what the compiler raised)."""
        try:
            return self._compiler.code_of(index), None
        except Exception as error:
            return None, error

    def _misread(self, source: "str | bytes", whole: bool) -> "BaseException | None":
        try:
            self._compiler.read(source, whole=whole)
        except Exception as error:
            return error
        return None

    def _rejection(self, error: "Any") -> "Rejected":
        self._show_source()
        if self._print_failures:
            error = failures.without_worker_frames(error)
            self._door.enter(
                failures.print_exception, type(error), error, failures.traceback_of(error)
            )
        failure = self._describe(failures.without_worker_frames(error))
        total = len(self._compiler.lines)
        first = min(max(getattr(error, "lineno", None) or 1, 1), total)
        last = getattr(error, "end_lineno", None) or first
        return Rejected(failure, first, min(max(last, first), total))

    def _ended_alone(self) -> "Finished":
        node: "Any" = self._compiler.body[self._index]
        if is_docstring(self._index, node) and self._has_value(self._index):
            _, error = self._door.enter(self._display, node.value.value)
            if error is not None:
                return self._failed(error)
        data, metadata = self._shown
        return Finished("ok", value=data, metadata=metadata)

    def _show(self) -> None:
        """Display the value that the frame has left, as user code: an interrupt is one of the statement."""
        value = self._slot.value
        if value is not None and self._door.is_here:
            self._display(value)

    def _display(self, value: "Any") -> None:
        hook = vars(sys).get("displayhook", _display_hook)
        if hook is not _display_hook:
            hook(value)
            return
        node: "Any" = self._compiler.body[self._index]
        show = display.markdown if _is_string(node.value) else display.bundle
        try:
            self._shown = show(value, self._folder)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # The statement itself ended well: a plain run never asks for the value's representation.
            kind, failed = failures.name_of(value), failures.name_of(error)
            self._shown = {"text/plain": f"<{kind} object whose repr raised {failed}>"}, None

    def release(self) -> None:
        """Drop the references to the namespace, so that the interpreter clears it as in a plain run."""
        self._annotations = None
        self.frame.release()
        del self.namespace

    def _failed(self, error: "BaseException") -> "Finished":
        if issubclass(type(error), SystemExit):
            return self._exited(error)
        outcome: "Outcome" = (
            "interrupted" if issubclass(type(error), KeyboardInterrupt) else "error"
        )
        error = failures.without_worker_frames(error)
        if self._keep_failure:
            failures.keep_as_last(error)
        hook = vars(sys).get("excepthook", failures.print_exception)
        printed = self._print_failures or hook is not failures.print_exception
        if printed:
            _, failed = self._door.enter(hook, type(error), error, failures.traceback_of(error))
            if failed is not None and issubclass(type(failed), SystemExit):
                return self._exited(failed)
            if failed is not None:
                failed = failures.without_worker_frames(failed)
                self._door.enter(failures.print_failed_hook, failed, error)
        failure = self._describe(error)
        failure["printed"] = printed
        return Finished(outcome, failure=failure)

    def _exited(self, error: "BaseException") -> "Finished":
        """The exit, decoded as `handle_system_exit` of CPython's pythonrun.c does."""
        code, failed = self._door.enter(getattr, error, "code")
        if failed is not None:
            code = error
        if code is None:
            return Finished("exit", code=0)
        if issubclass(type(code), int):
            # As C converts it; what does not fit a `long` becomes -1.
            fits = -(1 << 63) <= int.__index__(code) < 1 << 63
            return Finished("exit", code=int.__and__(code, 0xFF) if fits else 0xFF)
        self._door.enter(_print_to_stderr, code, "\n")
        return Finished("exit", code=1)

    def _describe(self, error: "BaseException") -> "Failure":
        failures.import_early()
        described: "Failure"
        for _ in range(2):
            described, failed = self._door.enter(self._described, error)
            if failed is None:
                return described
            if not issubclass(type(failed), KeyboardInterrupt):
                break
            # An interrupt that was meant for the statement, not for describing its end. If it is the
            # description that takes so long, a second one follows.
        return failures.unprintable(error)

    def _described(self, error: "BaseException") -> "Failure":
        with RecursionRoom():
            failure = failures.describe(error, self._path, self._compiler.text)
            for long in ("value", "text"):
                failure[long] = display.bounded(failure[long], self._folder)
            return failure

    def _show_source(self) -> None:
        """Make `inspect` and tracebacks see the source that runs, where the disk has another."""
        is_in_use = "linecache" in _modules
        is_needed = not self._is_hooked and not failures.is_on_disk(self._path, self._compiler.text)
        if is_in_use or is_needed:
            # Through the door, because the user may have another module named `linecache`.
            self._door.enter(failures.show_in_tracebacks, self._path, self._compiler.text)

    def go_on_in_child(self) -> None:
        """In a process that user code forked: begin what plain Python would run next, or exit."""
        error, index = self.frame.take_error(), self.frame.next
        while error is None:
            if index > self._until:
                raise SystemExit(0)
            finished = self.begin(index, self._until)
            if finished is None:
                return
            if finished.outcome != "ok":
                raise SystemExit(1)
            index += 1
        error = failures.without_worker_frames(error)
        if issubclass(type(error), SystemExit):
            raise error
        sys.excepthook(type(error), error, failures.traceback_of(error))
        raise SystemExit(1)


def _print_to_stderr(message: object, end: str = "") -> None:
    print(message, end=end, file=sys.stderr)


def _is_string(node: "_ast.expr") -> bool:
    return isinstance(node, _ast.JoinedStr) or (
        isinstance(node, _ast.Constant) and isinstance(node.value, str)
    )


def _hides_value(node: "Any", lines: "list[str]") -> bool:
    """Whether the expression statement ends its line with `;`, a comment aside."""
    line = lines[node.end_lineno - 1]
    rest = line.encode("utf-8", "surrogatepass")[node.end_col_offset :].decode("utf-8", "ignore")
    rest = rest.split("#", 1)[0].strip()
    # A parenthesised expression ends before its closing bracket.
    return rest.lstrip(")").strip() == ";"
