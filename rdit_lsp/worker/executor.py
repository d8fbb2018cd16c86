"""Runs a source text in a real `__main__` module, statement by statement, as `python FILE` would.

Knows compiling, the namespace and outcomes. Knows nothing of the channel, of descriptors or of who
asked; user code is entered only through the door.
"""

import _ast
import gc
import os
import sys
from _functools import partial
from sys import setprofile, settrace

from . import failures
from .annotations import Annotations
from .display import display
from .door import RecursionRoom, unseen
from .statements import check_encoding, lines_of, parse, span

_AWAIT = _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_modules = sys.modules
# A profile function is not told of a call of a `partial`, as it is of one of a C function. Up to 3.11
# such a call counts as recursion always, and not only until it is warm.
_tracer, _profiler = partial(sys.gettrace), partial(sys.getprofile)
_stop_profiling = partial(setprofile, None)

_NOT_SHARED = {
    "getpid": "its process id",
    "process_time": "its processor time",
    "thread_time": "its processor time",
    "getrusage": "its processor time",
}
"""Names by which a program asks for what a copy of it would be told otherwise, and what that is."""

_display_hook = sys.__displayhook__
_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect.


class Rejected(Exception):  # noqa: N818  (an answer, not an error of ours)
    """The source does not compile; holds the failure to report for the whole file."""

    def __init__(self, failure, first, last):
        super().__init__()
        self.failure = failure
        self.first = first
        self.last = last


class Finished:
    """How one statement ended."""

    def __init__(self, outcome, value=None, failure=None, code=None, metadata=None):
        self.outcome = outcome
        """`ok`, `error`, `interrupted` or `exit`."""
        self.value = value
        """What to show of an expression's value (a display), or None."""
        self.metadata = metadata
        """What is known of the value beside its representations."""
        self.failure = failure
        self.code = code
        """The exit code, 0 to 255, with `exit`."""


class Executor:
    """The namespace of one document and the source that is to run in it."""

    def __init__(self, door, path, folder, *, show_values, print_failures):
        """Run code as the file `path`, in the present `__main__`.

        `folder` is private: what is too long to send is kept there. `print_failures`: tell failures
        as Python itself does, on stderr, and not in `Finished`.
        """
        self._door = door
        self._path = path
        self._folder = folder
        self._show_values = show_values
        self._print_failures = print_failures
        self.namespace = sys.modules["__main__"].__dict__
        """What the program's names stand for."""
        self._annotations = None
        if sys.version_info >= (3, 14):
            self._annotations = Annotations(self.namespace)
        self._source = ""
        self._lines = []
        self._body = []
        self._flags = 0
        self._early_warnings = ""
        self._is_told_later = False
        self._event_loop = None
        self.asked_for = None
        """What the program has asked for that a copy of it does not share, in words."""

    def serve(self, hooks):
        """Tell `linecache` of the source whenever it is imported: to import it takes ten milliseconds."""
        hooks.after("linecache", lambda _: failures.show_in_tracebacks(self._path, self._source))
        self._is_told_later = True

    def prepare(self, source, *, whole):
        """Take `source` (text, or bytes that are no text) as what is to run; returns its spans.

        `whole`: reject what Python would reject before running anything. Otherwise a source that does
        not parse may be given block by block, blank where it is broken, and only parsing is checked.
        """
        self._source = source if isinstance(source, str) else source.decode("utf-8", "replace")
        self._lines = lines_of(self._source)
        with _WithoutCollections():
            (tree, warnings), error = self._compiled(source, whole)
        if error is not None:
            raise self._rejection(error)
        self._early_warnings = warnings if whole else ""
        self._body = tree.body
        self._flags = _future_flags(tree.body)
        self._show_source()
        return [span(node) for node in tree.body]

    @unseen
    def execute(self, index, until):
        """Run statement `index`; a child that forks off here goes on up to `until` and exits."""
        code, error = self._code_of(index)
        value = None
        self.asked_for = self.asked_for or self._asks_for(index)
        if error is None:
            if self._early_warnings:
                if index == 0:  # That is when Python tells them, and only then.
                    self._door.enter(_tell, self._early_warnings)
                self._early_warnings = ""
            value, error = self._door.enter(self._evaluate, code)
            if self._annotations is not None:
                self._annotations.collect()
        if not self._door.is_here:
            self._go_on_in_child(index, until, error)
        if error is not None:
            return self._failed(error)
        return self._succeeded(index, value)

    def _asks_for(self, index):
        for word, what in _NOT_SHARED.items():
            if word in self._source:
                node = self._body[index]
                if word in "\n".join(self._lines[node.lineno - 1 : node.end_lineno]):
                    return what
        return None

    @unseen
    def _evaluate(self, code):
        # From here to the end no frame of ours may begin: the user's trace functions would see it.
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
                # A profiler in C, such as cProfile: nobody but itself can start it again, so it stays.
                profiler = None
            else:
                _stop_profiling()
            self._door.tracers = _tracer(), profiler
            settrace(None)
        return self._awaited(value) if code.co_flags & _COROUTINE else value

    def _awaited(self, coroutine):
        """Run a statement with a top-level `await` on an event loop that lives between statements."""
        import asyncio

        if self._event_loop is None or self._event_loop.is_closed():
            self._event_loop = asyncio.new_event_loop()
        loop = self._event_loop
        task = loop.create_task(coroutine)
        try:
            return loop.run_until_complete(task)
        except BaseException as error:
            # An interrupt ends the loop, not the task; as `asyncio.run` does, the task is told.
            if not task.done():
                task.cancel()
                loop.run_until_complete(asyncio.wait([task]))
            # A bare `raise` would bring the event loop's frames back, up to Python 3.10.
            raise failures.begin_in(error, coroutine.cr_code)  # noqa: B904  (it is the same one)

    def _code_of(self, index):
        """(code, None) or (None, what the compiler raised)."""
        node = self._body[index]
        try:
            # Compiled as a module, any string would set `__doc__`, not only the first statement.
            if isinstance(node, _ast.Expr) and not _is_docstring(index, node):
                tree = _ast.Expression(node.value)
                return _compile(tree, self._path, "eval", self._flags), None
            return _compile(_ast.Module([node], []), self._path, "exec", self._flags), None
        except Exception as error:
            return None, error

    def _compiled(self, source, whole):
        """((tree, text of the parser's warnings), None), or ((None, ""), what was raised)."""
        try:
            with failures.CapturedStderr() as captured:
                if whole:
                    check_encoding(source, self._path)
                tree = parse(source, self._path)
                # Compiling a statement warns again, at a time when Python would not.
                warnings = captured.getvalue()
                if whole:
                    _compile(tree, self._path, "exec", _future_flags(tree.body))
            return (tree, warnings), None
        except Exception as error:
            return (None, ""), error

    def _rejection(self, error):
        self._show_source()
        if self._print_failures:
            error = failures.without_our_frames(error)
            self._door.enter(
                failures.print_exception, type(error), error, failures.traceback_of(error)
            )
        failure = self._describe(failures.without_our_frames(error))
        total = len(self._lines)
        first = min(max(getattr(error, "lineno", None) or 1, 1), total)
        last = getattr(error, "end_lineno", None) or first
        return Rejected(failure, first, min(max(last, first), total))

    def _succeeded(self, index, value):
        node = self._body[index]
        if _is_docstring(index, node):
            value = node.value.value
        if value is None or not self._show_values:
            return Finished("ok")
        if _hides_value(node, self._lines):
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
        # The statement itself is well: a plain run never asks for the value's representation.
        kind, failed = failures.name_of(value), failures.name_of(error)
        return Finished("ok", value={"text/plain": f"<{kind} object whose repr raised {failed}>"})

    def release(self):
        """Let go of the namespace, which the interpreter's end is to take apart as it does."""
        self.namespace = self._annotations = None

    def _failed(self, error):
        if issubclass(type(error), SystemExit):
            return self._exited(error)
        outcome = "interrupted" if issubclass(type(error), KeyboardInterrupt) else "error"
        error = failures.without_our_frames(error)
        hook = vars(sys).get("excepthook", failures.print_exception)
        printed = self._print_failures or hook is not failures.print_exception
        if printed:
            _, failed = self._door.enter(hook, type(error), error, failures.traceback_of(error))
            if issubclass(type(failed), SystemExit):
                return self._exited(failed)
            if failed is not None:
                failed = failures.without_our_frames(failed)
                self._door.enter(failures.print_failed_hook, failed, error)
        failure = self._describe(error)
        failure["printed"] = printed
        return Finished(outcome, failure=failure)

    def _exited(self, error):
        """The exit as `handle_system_exit` of CPython's pythonrun.c reads it."""
        code, failed = self._door.enter(getattr, error, "code")
        if failed is not None:
            code = error
        if code is None:
            return Finished("exit", code=0)
        if issubclass(type(code), int):
            # As C converts it; what does not fit a `long` becomes -1.
            fits = -(1 << 63) <= int.__index__(code) < 1 << 63
            return Finished("exit", code=int.__and__(code, 0xFF) if fits else 0xFF)
        self._door.enter(_tell, code, "\n")
        return Finished("exit", code=1)

    def _describe(self, error):
        failures.get_ready()
        for _ in range(2):
            described, failed = self._door.enter(self._described, error)
            if failed is None:
                return described
            if not issubclass(type(failed), KeyboardInterrupt):
                break
            # Meant for the statement, not for telling how it ended; where that is what takes so
            # long, there will be another.
        return failures.unprintable(error)

    def _described(self, error):
        with RecursionRoom():
            failure = failures.describe(error, self._path, self._source)
            for long in ("value", "text"):
                failure[long] = display.bounded(failure[long], self._folder)
            return failure

    def _show_source(self):
        """Make `inspect` and tracebacks see the source that runs, where the disk has another."""
        is_in_use = "linecache" in _modules
        is_needed = not self._is_told_later and not failures.is_on_disk(self._path, self._source)
        if is_in_use or is_needed:
            # Through the door, because the user may have a `linecache` of their own.
            self._door.enter(failures.show_in_tracebacks, self._path, self._source)

    def _go_on_in_child(self, index, until, error):
        """Be a plain Python in a process that user code forked: do the rest, then exit."""
        self._door.leave_open()
        while error is None and index < until:
            index += 1
            code, error = self._code_of(index)
            if error is None:
                try:
                    self._evaluate(code)
                except BaseException as raised:
                    error = raised
        if error is None:
            raise SystemExit(0)
        error = failures.without_our_frames(error)
        if issubclass(type(error), SystemExit):
            raise error
        sys.excepthook(type(error), error, failures.traceback_of(error))
        raise SystemExit(1)


def become_main(argv, path, *, is_file):
    """Make this process look as if `python argv[0] …` had started it.

    `path` is the name that code and tracebacks carry. `is_file`: there is such a file or could be one;
    otherwise the source came from standard input.
    """
    namespace = sys.modules["__main__"].__dict__
    # What the interpreter itself puts there; `_load_worker` and other names of the bootstrap go.
    standard = ("__name__", "__doc__", "__package__", "__loader__", "__spec__", "__annotations__")
    kept = {name: namespace[name] for name in (*standard, "__builtins__") if name in namespace}
    loader = type(kept["__loader__"])
    namespace.clear()
    namespace.update(kept)
    namespace["__doc__"] = None
    if is_file:
        # Python 3.9 made the main module's file absolute ("What's New In Python 3.9").
        namespace["__file__"] = path
        namespace["__cached__"] = None
        namespace["__loader__"] = loader("__main__", path)
        folder = os.path.dirname(os.path.realpath(path))
    else:
        namespace["__loader__"] = __import__("importlib.machinery").machinery.BuiltinImporter
        folder = ""
    if sys.flags.isolated or getattr(sys.flags, "safe_path", False):
        pass  # Python put no folder of the script's on the path, so there is none to replace.
    else:
        sys.path[0] = folder
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = sys.orig_argv[:-2] + argv
    sys.argv[:] = argv


def allow_for_our_frames(depth):
    """Give user code the recursion it has under plain Python, though `depth` frames are ours."""
    get, set_ = sys.getrecursionlimit, sys.setrecursionlimit
    set_(get() + depth)

    def getrecursionlimit():
        return get() - depth

    def setrecursionlimit(limit, /):
        set_(limit + depth if isinstance(limit, int) and limit > 0 else limit)

    sys.getrecursionlimit = getrecursionlimit
    sys.setrecursionlimit = setrecursionlimit


class _WithoutCollections:
    """No garbage is collected meanwhile: a tree of ten thousand nodes is none, and takes as long again."""

    def __enter__(self):
        self._collects = gc.isenabled()
        gc.disable()

    def __exit__(self, *_):
        if self._collects:
            gc.enable()


def _compile(tree, path, mode, flags):
    """Code of `tree`; with a top-level `await` allowed only where it does not compile without."""
    try:
        return compile(tree, path, mode, flags, dont_inherit=True)
    except SyntaxError:
        try:
            return compile(tree, path, mode, flags | _AWAIT, dont_inherit=True)
        except SyntaxError:
            pass  # Not for want of `await`: the first error is the one Python would report.
        raise


def _future_flags(body):
    """The compiler flags of the `from __future__` imports, which hold for the rest of the file."""
    flags = 0
    for node in body:
        if isinstance(node, _ast.ImportFrom) and node.module == "__future__" and not node.level:
            import __future__

            for alias in node.names:
                feature = getattr(__future__, alias.name, None)
                flags |= getattr(feature, "compiler_flag", 0)
    return flags


def _tell(message, end=""):
    print(message, end=end, file=sys.stderr)


def _is_string(node):
    return isinstance(node, _ast.JoinedStr) or (
        isinstance(node, _ast.Constant) and isinstance(node.value, str)
    )


def _is_docstring(index, node):
    return (
        index == 0
        and isinstance(node, _ast.Expr)
        and isinstance(node.value, _ast.Constant)
        and isinstance(node.value.value, str)
    )


def _hides_value(node, lines):
    """Whether the expression statement ends its line with `;`, a comment aside."""
    line = lines[node.end_lineno - 1]
    rest = line.encode("utf-8", "surrogatepass")[node.end_col_offset :].decode("utf-8", "ignore")
    rest = rest.split("#", 1)[0].strip()
    # A parenthesised expression ends before its closing bracket.
    return rest.lstrip(")").strip() == ";"
