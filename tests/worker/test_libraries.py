"""The standard library's inspections of a program work as for `python FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worker.conftest import Python, Ran, Starter

SCRIPTS = {
    "main": """
if __name__ == "__main__":
    print("main", __file__, __doc__)
import __main__
print(__main__.__file__ == __file__, vars(__main__) is globals())
import sys
print(sys.argv, sys.path[0])
""",
    "inspect": '''
import inspect
# A comment before.
def f(x):
    """Text."""
    return x + 1
class C:
    def m(self): pass
print(inspect.getsource(f), inspect.getsource(C.m), inspect.getcomments(f))
print(inspect.getsourcelines(C), inspect.getmodule(f), inspect.getsourcefile(f) == __file__)
print(inspect.getsource(lambda: 5))
print(inspect.currentframe().f_lineno, inspect.getdoc(f))
print(inspect.getsource(inspect.getmodule(f))[:20])
''',
    "pickle": """
import pickle, copy
class P:
    def __init__(self, x): self.x = x
class Q(P): pass
print(pickle.loads(pickle.dumps(Q(5))).x, pickle.loads(pickle.dumps(P)) is P)
print(pickle.dumps(P)[:40], copy.deepcopy(Q(6)).x)
""",
    "dataclasses": """
from dataclasses import dataclass, field
import typing, enum, collections
@dataclass(order=True)
class Point:
    x: int
    y: "typing.List[int]" = field(default_factory=list)
print(Point(1) < Point(2), Point(3), typing.get_type_hints(Point))
class Color(enum.Enum):
    RED = 1
print(Color.RED, collections.namedtuple("N", "a b")(1, 2), Color.RED.__class__.__module__)
T = typing.TypeVar("T")
class N(typing.NamedTuple):
    a: int
print(N(1), N.__module__, T.__module__)
""",
    "future": """
from __future__ import annotations
import typing
from dataclasses import dataclass, fields
@dataclass
class Node:
    value: int
    next: typing.Optional[Node] = None
print([f.type for f in fields(Node)])
def f(x: Missing, y: Node) -> int: ...
print(f.__annotations__)
print(typing.get_type_hints(Node))
x: Missing2 = 5
print(__annotations__)
""",
    "annotations": """
x: int = 1
print(__annotations__ if "__annotations__" in globals() else __annotate__(1))
y: "str"
z: float = 2.0
if z > 3:
    a: int
else:
    b: int
def late() -> Missing: ...
class Early: pass
c: Early = 3
import typing, sys
print(typing.get_type_hints(sys.modules["__main__"]))
print(sys.modules["__main__"].__annotations__)
try:
    import annotationlib
except ImportError: pass
else:
    for form in (1, 3, 4):
        print(annotationlib.get_annotations(sys.modules["__main__"], format=annotationlib.Format(form)))
""",
    "asyncio": """
import asyncio
async def f(x):
    await asyncio.sleep(0)
    return x
print(asyncio.run(f(1)), asyncio.run(f(2)))
try:
    asyncio.get_running_loop()
except RuntimeError as e:
    print(e)
async def g():
    return [await f(i) async for i in h()]
async def h():
    for i in range(3): yield i
print(asyncio.run(g()))
""",
    "warnings": """
import warnings, sys
def f(level):
    warnings.warn("level %d" % level, stacklevel=level)
def g(level):
    f(level)
f(1)
f(2)
g(3)
g(4)
warnings.warn("top", DeprecationWarning)
warnings.warn("top 2", stacklevel=2)
warnings.warn("far", UserWarning, 9)
for i in range(3): warnings.warn("once a line")
class C:
    warnings.warn("in a class", stacklevel=2)
import imp_that_warns
imp_that_warns.f()
""",
    "syntax warnings": """
print("start")
x = 5
x is 5
assert (x, "always")
y = "\\d"
def f(): return 1 is 1
print("end")
""",
    "hooks": """
import sys, atexit, threading
atexit.register(print, "at exit 1")
@atexit.register
def later(): print("at exit 2", __name__, len(sys.argv))
threading.excepthook = lambda args: print("thread", args.exc_type.__name__, args.thread.name)
t = threading.Thread(target=lambda: 1 / 0, name="T"); t.start(); t.join()
sys.excepthook = lambda kind, value, tb: print("hook", kind.__name__, value, tb.tb_lineno, tb.tb_next)
sys.unraisablehook = lambda u: print("unraisable", u.exc_type.__name__)
class D:
    def __del__(self): 1 / 0
D()
del D
raise ValueError("for the hook")
""",
    "hook that fails": """
import sys
def hook(*args): {}["key"]
sys.excepthook = hook
1 / 0
""",
    "hook that exits": """
import sys
def hook(*args): sys.exit(7)
sys.excepthook = hook
1 / 0
""",
    "thread that fails": """
import threading
def work():
    raise ValueError("in a thread")
t = threading.Thread(target=work, name="T"); t.start(); t.join()
print("after")
""",
    "traceback module": """
import traceback, sys, logging
def f(): return 1 / 0
try:
    f()
except ZeroDivisionError as e:
    traceback.print_exc()
    print(traceback.format_exc())
    print(traceback.extract_tb(e.__traceback__)[0].line)
    logging.exception("logged")
logging.warning("warn")
print(sys.exc_info())
""",
    "sys._getframe": """
import sys
def caller(): return sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno
print(caller())
def f(): return caller()
frame = sys._getframe()
print(f(), frame.f_code.co_name, frame.f_globals is globals(), frame.f_locals is globals())
print(sys._getframe().f_code.co_filename == __file__)
""",
    "code of statements": """
x = 1; y = 2
print(x, y); z = (x +
  y)
if z: print("z")
else: print("no")
@staticmethod
def f(): pass
for x in range(2):
    continue
else:
    print("else")
with open(__file__) as g: print(len(g.read()) > 5)
del x
try: x
except NameError as e: print(e)
print(locals() is globals(), y)
""",
    "argparse": """
import argparse
p = argparse.ArgumentParser()
p.add_argument("--n", type=int, default=3)
print(p.parse_args(), p.prog)
p.parse_args(["--bad"])
""",
    "unittest": """
import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 1)
unittest.main(argv=["x"], verbosity=0)
""",
    "doctest": '''
def f():
    """
    >>> f()
    1
    """
    return 1
import doctest
print(doctest.testmod())
''',
    "runpy and exec": """
import runpy
open("other.py", "w").write("print(__name__, __file__)")
runpy.run_path("other.py")
exec(compile("print(__name__)", "s", "exec"))
import other
""",
}


def _out(done: list[Ran]) -> tuple[str, str]:
    """What a plain run would have shown."""
    out = b"".join(ran.out for ran in done)
    err = b"".join(ran.err for ran in done)
    last = done[-1]
    if last.failure is not None and not last.failure.printed:
        err += last.error.encode()
    return out.decode(), err.decode()


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_prints_what_it_prints_under_plain_python(start: Starter, name: str) -> None:
    """Each of these asks Python about itself in a way that runners of scripts often break."""
    (start.folder / "imp_that_warns.py").write_text(
        "import warnings\nwarnings.warn('module')\ndef f(): warnings.warn('f', stacklevel=2)\n"
    )
    source = SCRIPTS[name]
    if name != "asyncio":
        source = source.lstrip("\n")
    plain = start.plain(source)
    (start.folder / "other.py").unlink(missing_ok=True)
    program = start(show_values=False)
    done = program.run(source)
    code = program.finish()
    told = _out(done)
    expected = plain.stdout.decode(), plain.stderr.decode()
    assert (sorted(told[0]) if name == "hooks" else told[0], _timeless(told[1])) == (
        sorted(expected[0]) if name == "hooks" else expected[0],
        _timeless(expected[1]),
    )
    if done[-1].outcome == "exit":
        assert (done[-1].code, code) == (plain.returncode, 0)
    else:
        assert (done[-1].outcome == "ok") == (plain.returncode == 0)


def _timeless(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("Ran 1 test in"))


MULTIPROCESSING = """
import multiprocessing, sys
def work(x):
    print("working", x, __name__, flush=True)
    return x * x
class Job:
    def __init__(self, x): self.x = x
    def __call__(self): return self.x
if __name__ == "__main__":
    context = multiprocessing.get_context("METHOD")
    with context.Pool(1) as pool:
        print(pool.map(work, [1, 2, 3]))
    process = context.Process(target=work, args=(9,)); process.start(); process.join()
    print(process.exitcode)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(start: Starter, method: str) -> None:
    """Children import the script's file again, or carry on with what it was; they find themselves."""
    source = MULTIPROCESSING.replace("METHOD", method)
    plain = start.plain(source)
    program = start()
    done = program.run(source)
    assert program.finish() == 0
    out, err = _out(done)
    assert sorted(out.splitlines()) == sorted(plain.stdout.decode().splitlines())
    assert err == plain.stderr.decode()


def test_executor_across_statements(start: Starter) -> None:
    """A pool made by one statement is used by another."""
    program = start(
        source="from concurrent.futures import ProcessPoolExecutor\ndef f(x): return x + 1\n"
    )
    done = program.run(
        "from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\n"
        "def f(x): return x + 1\n"
        "pool = ProcessPoolExecutor(1)\n"
        "list(pool.map(f, [1, 2]))\n"
        "pool.submit(f, 5).result()\n"
        "pool.shutdown()\n"
        "threads = ThreadPoolExecutor(2)\n"
        "list(threads.map(f, [1, 2]))\n"
        "threads.submit(print, 'in thread').result()\n"
    )
    assert [ran.text for ran in done] == [
        None,
        None,
        None,
        "[2, 3]",
        "6",
        None,
        None,
        "[2, 3]",
        None,
    ]
    assert b"".join(ran.out for ran in done) == b"in thread\n"
    assert program.finish() == 0


def test_top_level_await(start: Starter, python: Python) -> None:
    """Statements share one event loop, so a task of one goes on in the next."""
    program = start()
    source = """
import asyncio
log = []
async def work():
    for n in range(3):
        log.append(n); await asyncio.sleep(0)
    return "done"
task = asyncio.ensure_future(work()) if 0 else None
async def begin():
    global task
    task = asyncio.ensure_future(work())
await begin()
await task
log
x = await asyncio.sleep(0, 5)
x
async with asyncio.Lock() as lock: print("locked")
async for n in (i async for i in agen()): pass
def agen(): pass
[await asyncio.sleep(0, n) for n in range(3)]
await asyncio.sleep(0, None)
try:
    await asyncio.wait_for(asyncio.sleep(10), 0.001)
except asyncio.TimeoutError: print("timeout")
"""
    source = source.replace(
        "async for n in (i async for i in agen()): pass\ndef agen(): pass\n",
        "async def agen():\n    yield 1\nasync for n in agen(): print(n)\n",
    )
    done = program.run(source)
    assert {ran.outcome for ran in done} == {"ok"}, done[-1]
    assert [ran.text for ran in done if ran.text] == ["'done'", "[0, 1, 2]", "5", "[0, 1, 2]"]
    assert b"".join(ran.out for ran in done) == b"locked\n1\ntimeout\n"
    failed = program.run("async def bad():\n    1 / 0\nawait bad()\n")[-1]
    assert [frame.function for frame in failed.raised.frames] == ["<module>", "bad"]
    assert "_rdit" not in failed.error
    assert "asyncio" not in failed.error
    assert (
        program.run(
            "async def f():\n    return asyncio.get_running_loop()\nasyncio.run(f()) is None"
        )[-1].text
        == "False"
    )
    assert program.run("await asyncio.sleep(0, 6)")[0].text == "6"
    assert program.finish() == 0
    assert b"".join(ran.err for ran in done) == b""


def test_await_that_is_no_await(start: Starter) -> None:
    """The compiler's complaint is Python's own."""
    program = start()
    program.run("def f():\n    await g()\n")
    assert "SyntaxError: 'await' outside async function" in program.rejection.failure.text


def test_columns_and_frames(start: Starter, python: Python) -> None:
    """Frames tell where, in characters, for an editor to underline."""
    program = start()
    failed = program.run("def f(ä):\n    return 'ä😀' + ä.missing\n\nf(None)\n")[-1].raised
    frames = failed.frames
    assert [(frame.line, frame.function) for frame in frames] == [(4, "<module>"), (2, "f")]
    assert [frame.text for frame in frames] == ["f(None)", "return 'ä😀' + ä.missing"]
    assert failed.name == "AttributeError"
    assert failed.value == "'NoneType' object has no attribute 'missing'"
    if python.version >= (3, 11):
        assert (frames[1].column, frames[1].end_column) == (18, 27)
    program.run("x = (1,\n     2 3)\n")
    frame = program.rejection.failure.frames[0]
    assert (frame.line, program.rejection.first) == (2, 2)


def test_environment_for_one_run(start: Starter) -> None:
    """`env` of a run is set in the process, and can be put back."""
    program = start()
    before = program.set_environment({"RDIT_TEST": "1", "HOME": None})
    assert before["RDIT_TEST"] is None
    assert before["HOME"]
    assert (
        program.run("import os; os.environ['RDIT_TEST'], os.getenv('HOME')")[-1].text
        == "('1', None)"
    )
    program.set_environment(before)
    assert (
        program.run("os.getenv('RDIT_TEST'), os.getenv('HOME')")[-1].text
        == f"(None, {before['HOME']!r})"
    )


def test_standard_input_as_file(start: Starter) -> None:
    """A script that came from standard input has no file, as under `python -`."""
    program = start(path="<stdin>", argv=["-", "a"], is_file=False)
    done = program.run(
        "import sys\nsys.argv, sys.path[0], '__file__' in globals(), __name__\n1 / 0\n"
    )
    assert done[1].text == "(['-', 'a'], '', False, '__main__')"
    assert done[2].error.startswith(
        'Traceback (most recent call last):\n  File "<stdin>", line 3, in <module>\n'
    )
