"""Runs a source text in a real `__main__` module, statement by statement, as `python FILE` would.

Knows compiling, the namespace and outcomes; nothing of the channel, descriptors or messages. User code
is entered only through the door.
"""

import _ast
import sys
from _functools import partial
from sys import setprofile, settrace

from . import failures
from .annotations import Annotations
from .compiler import Compiler, is_docstring
from .display import display
from .door import RecursionRoom, unseen
from .dropping import code_to_drop
from .statements import span

if False:
    from asyncio import AbstractEventLoop
    from types import CodeType
    from typing import Any, Literal, Optional, Tuple

    from .door import Door
    from .failures import Failure
    from .import_hooks import ImportHooks
    from .statements import Span

    Compiled = Tuple[Optional[CodeType], Optional[BaseException]]
    Outcome = Literal["ok", "error", "interrupted", "exit"]

_modules = sys.modules
# A profile function gets an event for the call of a C function, and none for that of a `partial`. Up to
# 3.11 such a call counts as recursion always, and not only until it is specialised.
_tracer, _profiler = partial(sys.gettrace), partial(sys.getprofile)
_stop_profiling = partial(setprofile, None)

_NOT_SHARED = {
    "getpid": "its process id",
    "process_time": "its processor time",
    "thread_time": "its processor time",
    "getrusage": "its processor time",
}
"""Names by which a program asks for what is different in a fork of it, and what that is."""

_display_hook = sys.__displayhook__
_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect.


class Rejected(Exception):  # noqa: N818  (an answer, not an error)
    """The source does not compile; holds the failure to report for the whole file."""

    def __init__(self, failure: "Failure", first: int, last: int) -> None:
        super().__init__()
        self.failure = failure
        self.first = first
        self.last = last


class Finished:
    """How one statement ended."""

    def __init__(
        self,
        outcome: "Outcome",
        value: "Any" = None,
        failure: "Failure | None" = None,
        code: "int | None" = None,
        metadata: "dict[str, Any] | None" = None,
    ) -> None:
        self.outcome = outcome
        self.value = value
        """What to show of an expression's value (a display), or None."""
        self.metadata = metadata
        """Metadata of the value's representations, and what is known of the value itself."""
        self.failure = failure
        self.code = code
        """The exit code, 0 to 255, with `exit`."""


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
        self._is_hooked = False
        """`linecache` gets the source when the program imports it."""
        self._event_loop: "AbstractEventLoop | None" = None
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
        self._telling = [word for word in _NOT_SHARED if word in self._compiler.text]
        self._show_source()
        return [span(node) for node in self._compiler.body]

    @unseen
    def execute(self, index: int, until: int) -> "Finished":
        """Run statement `index`; a child that forks off here goes on up to `until` and exits."""
        if index == 0 and (warnings := self._compiler.announce()):
            self._door.enter(_print_to_stderr, warnings)
        code, error = self._code_of(index)
        value = None
        self.unshared = self.unshared or self._asks_for(index)
        if error is None:
            value, error = self._door.enter(self._evaluate, code)
            if self._annotations is not None:
                self._annotations.collect()
        if not self._door.is_here:
            self._go_on_in_child(index, until, error)
        if error is not None:
            return self._failed(error)
        held = [value]
        del value
        finished = self._succeeded(index, held[0])
        return self._let_go(index, held) or finished

    def _let_go(self, index: int, held: "list[Any]") -> "Finished | None":
        """Drop the value in `held`; returns how the statement ended, where that fails."""
        code = code_to_drop(held, self._path, self._compiler.body[index].lineno)
        if code is None:
            return None
        _, error = self._door.enter(eval, code, self.namespace)
        return None if error is None else self._failed(error)

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

    @unseen
    def _evaluate(self, code: "CodeType") -> "Any":
        # From here to the end no frame of the worker may begin: the user's trace functions would see it.
        run = partial(eval, code, self.namespace)
        tracer, profiler = self._door.tracers
        try:
            if tracer is not None:
                settrace(tracer)
            if profiler is not None:
                setprofile(profiler)
            value = run()
        finally:
            profiler = _profiler()
            if profiler is not None and not callable(profiler):
                # A profiler in C, such as cProfile: only that itself could start it again, so it stays.
                profiler = None
            else:
                _stop_profiling()
            self._door.tracers = _tracer(), profiler
            settrace(None)
        return self._awaited(value) if code.co_flags & _COROUTINE else value

    def _awaited(self, coroutine: "Any") -> "Any":
        """Run a statement with a top-level `await` on an event loop that all statements share."""
        import asyncio

        if self._event_loop is None or self._event_loop.is_closed():
            self._event_loop = asyncio.new_event_loop()
        loop = self._event_loop
        task = loop.create_task(coroutine)
        try:
            return loop.run_until_complete(task)
        except BaseException as error:
            # An interrupt ends the loop, not the task, which is cancelled as `asyncio.run` does.
            if not task.done():
                task.cancel()
                loop.run_until_complete(asyncio.wait([task]))
            # A bare `raise` would bring the event loop's frames back, up to Python 3.10.
            raise failures.begin_in(error, coroutine.cr_code)  # noqa: B904  (it is the same one)

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

    def _succeeded(self, index: int, value: "Any") -> "Finished":
        node: "Any" = self._compiler.body[index]
        if is_docstring(index, node):
            value = node.value.value
        if value is None or not self._show_values:
            return Finished("ok")
        if _hides_value(node, self._compiler.lines):
            return Finished("ok")
        hook = vars(sys).get("displayhook", _display_hook)
        if hook is not _display_hook:
            _, error = self._door.enter(hook, value)
            return Finished("ok") if error is None else self._failed(error)
        show = display.markdown if _is_string(node.value) else display.bundle
        shown, error = self._door.enter(show, value, self._folder)
        if error is None:
            data, metadata = shown
            return Finished("ok", value=data, metadata=metadata)
        if issubclass(type(error), KeyboardInterrupt):
            return self._failed(error)
        # The statement itself ended well: a plain run never asks for the value's representation.
        kind, failed = failures.name_of(value), failures.name_of(error)
        return Finished("ok", value={"text/plain": f"<{kind} object whose repr raised {failed}>"})

    def release(self) -> None:
        """Drop the references to the namespace, so that the interpreter clears it as in a plain run."""
        self._annotations = None
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

    def _go_on_in_child(self, index: int, until: int, error: "BaseException | None") -> None:
        """In a process that user code forked: run the rest as plain Python would, then exit."""
        self._door.leave_open()
        while error is None and index < until:
            index += 1
            code, error = self._code_of(index)
            if code is not None:
                try:
                    self._evaluate(code)
                except BaseException as raised:
                    error = raised
        if error is None:
            raise SystemExit(0)
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
