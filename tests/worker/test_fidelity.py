"""A program finds itself as under `python FILE`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worker.conftest import Starter

PROBE = '''"""A probe."""
import os, sys
HARMLESS = {'_ast', '_functools', '_json', 'encodings.ascii', 'fcntl', 'resource'}
def look():
    import io
    names = dict(globals())
    found = {
        "names": sorted(names),
        "name": __name__,
        "file": __file__,
        "doc": __doc__,
        "package": __package__,
        "spec": repr(__spec__),
        "loader": repr(type(__loader__)),
        "loader name": (__loader__.name, __loader__.path),
        "cached": repr(globals().get("__cached__", "none")),
        "annotations": repr(globals().get("__annotations__", "none")),
        "builtins": repr(__builtins__),
        "argv": sys.argv,
        "orig_argv": getattr(sys, "orig_argv", [])[1:],
        "path": sys.path,
        "flags": repr(sys.flags),
        "warnoptions": sys.warnoptions,
        "xoptions": repr(sys._xoptions),
        "environ": sorted((*os.environ.items(), *os.environb.items()), key=repr),
        "cwd": os.getcwd(),
        "modules": sorted(set(sys.modules) - HARMLESS),
        "main": sys.modules["__main__"].__dict__ is globals(),
        "main is": repr(sys.modules["__main__"]),
        "streams": [
            (f.name, f.mode, f.encoding, f.errors, f.line_buffering, f.newlines, f.fileno(), f.isatty(),
             type(f).__name__, f.writable(), f.readable())
            for f in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "same": (sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__),
        "stdin": sys.stdin.read(),
        "hooks": (sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__),
        "trace": (sys.gettrace(), sys.getprofile()),
        "recursion": sys.getrecursionlimit(),
        "signals": signals(),
        "threads": __import__("threading").active_count(),
        "deepest": deepest(),
        "fds": open_fds(),
        "gc": (__import__("gc").isenabled(), __import__("gc").get_threshold()),
        "switch": sys.getswitchinterval(),
        "umask": (os.umask(0o22), os.umask(0o22)),
        "dont_write_bytecode": sys.dont_write_bytecode,
        "meta": [getattr(finder, "__name__", type(finder).__name__) for finder in sys.meta_path],
        "path hooks": len(sys.path_hooks),
        "coroutine origin": sys.get_coroutine_origin_tracking_depth(),
        "asyncgen": repr(sys.get_asyncgen_hooks()),
        "warnings": repr(__import__("warnings").filters),
    }
    return found
def signals():
    import signal
    found = {}
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        found[int(number)] = repr(getattr(handler, "__name__", handler))
    return found
def deepest(n=0):
    try:
        return deepest(n + 1)
    except RecursionError:
        return n
def open_fds():
    import fcntl
    found = []
    for fd in range(600):
        try:
            fcntl.fcntl(fd, fcntl.F_GETFD)
        except OSError:
            continue
        found.append((fd, os.get_inheritable(fd)))
    return found
print(repr(look()))
'''


OPTIONS = (
    (),
    ("-I",),
    ("-u", "-O", "-B", "-X", "utf8"),
    ("-bb", "-W", "error", "-X", "dev", "-S"),
    ("-E", "-s", "-q", "-W", "ignore::UserWarning", "-X", "faulthandler"),
)


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_program_cannot_tell_rdit_from_a_plain_run(
    start: Starter, options: tuple[str, ...]
) -> None:
    """Every difference is a script somewhere that behaves differently under rdit."""
    plain = ast.literal_eval(start.plain(PROBE, *options).stdout.decode())
    program = start(options=options)
    ours = ast.literal_eval(program.run(PROBE)[-1].out.decode())
    assert _difference(plain, ours) == []


STAND_INS = """\
# display() is a builtin here.
from _frozen_importlib_external import PathFinder
functions = [display, PathFinder.find_spec]
[function.__annotations__ for function in functions]
"""


def test_types_are_invisible(start: Starter) -> None:
    """`help` of a function that rdit puts in the place of another would show the worker's types."""
    assert "[{}, {}]" == start().run(STAND_INS)[-1].text


def _difference(plain: dict[str, object], ours: dict[str, object]) -> list[str]:
    """What is only here (+) and only there (-), short enough to read."""
    different = []
    for key, value in plain.items():
        other = ours[key]
        if isinstance(value, list) and isinstance(other, list):
            different += [f"{key} -{item!r}" for item in value if item not in other]
            different += [f"{key} +{item!r}" for item in other if item not in value]
        elif value != other:
            different.append(f"{key} -{value!r} +{other!r}")
    return different
