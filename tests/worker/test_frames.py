"""Statements run in one frame that has none below it, as under `python FILE`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.conftest import Python, Ran, Starter

STACKS = """\
import inspect, logging, sys, traceback, warnings
frame = sys._getframe()
print(frame.f_back, frame is sys._getframe(), frame.f_locals is globals(), frame.f_code.co_name)
print(frame.f_code.co_flags, [type(each) for each in inspect.stack()[1:]])
def lines(): return [line.lineno for line in traceback.extract_stack()]
print(lines())
traceback.print_stack(file=sys.stdout)
logging.basicConfig(stream=sys.stdout, format="%(filename)s:%(lineno)d %(message)s")
logging.warning("level 2", stacklevel=2)
logging.warning("stack", stack_info=True)
try:
    sys._getframe(1)
except ValueError as error:
    print(error, error.__traceback__.tb_frame.f_back)
def failing(): 1 / 0
try:
    failing()
except ZeroDivisionError as error:
    at = error.__traceback__
    while at.tb_next: at = at.tb_next
    at = at.tb_frame
    while at: print(at.f_code.co_name); at = at.f_back
sys.stderr = sys.stdout
def warn(level): warnings.warn("deep", stacklevel=level)
warn(1); warn(2); warn(3)
print([sys.exc_info()], eval("sys._getframe().f_back is frame"))
class Meta(type):
    def __new__(cls, *rest): print(len(inspect.stack())); return type.__new__(cls, *rest)
class Made(metaclass=Meta): pass
(lambda: print(len(inspect.stack())))()
"""

LIMITS = """\
import sys
def deepest(n=0):
    try:
        return deepest(n + 1)
    except RecursionError:
        return n
print(sys.getrecursionlimit(), deepest())
print(sys.getrecursionlimit, sys.setrecursionlimit)
sys.setrecursionlimit(2**31 - 1)
print(sys.getrecursionlimit() > 10**9)
sys.setrecursionlimit(500)
print(sys.getrecursionlimit(), deepest())
def classes(kind):
    for each in type.__subclasses__(kind):
        yield each.__module__ + "." + each.__qualname__
        yield from classes(each)
print([name for name in sorted({*classes(object)}) if "_worker" in name or "_rdit" in name])
print(Exception.__subclasses__()[-1])
"""

TRACED = """\
def f(x):
    return x
a = 1
import sys
log = []
def trace(frame, event, arg):
    log.append((frame.f_code.co_name, frame.f_lineno, event))
    return trace
sys._getframe().f_trace = trace
sys.settrace(trace)
a = 1
if a:
    b = 2
if not a:
    b = 3
for i in range(2):
    f(
      i)
else:
    c = 3
while a:
    a = 0
with open("/dev/null") as h:
    h.read()
try:
    1 / 0
except ZeroDivisionError:
    pass
finally:
    x = 3
f(2); f(3)
f(
  4
)
x = (
  f(1)
)
"text"
5
def g():
    pass
class C:
    def m(self): pass
    x = 1
[f(i) for i in range(2)]
x = f(1) if a else f(2)
if a:
    pass
elif x:
    f(3)
if x: pass
import os.path as p
y: int = 3
del y
while True:
    if x:
        break
for i in range(2):
    if i: continue
    f(i)
def h(): yield
list(h())
a
sys.settrace(None)
for each in log: print(each)
"""

PROFILED = """\
import sys
log = []
def profile(frame, event, arg):
    log.append((frame.f_code.co_name, event, getattr(arg, "__name__", arg) if event[0] == "c" else 0))
def f(x):
    return x
sys.setprofile(profile)
f(1)
len([])
a = f(2)
a
sys.setprofile(None)
for each in log: print(each)
import cProfile, pstats
p = cProfile.Profile()
p.enable()
f(1)
a = len([])
a
f(2)
p.disable()
stats = pstats.Stats(p).stats
print(sorted((*place, *counts[:2]) for place, counts in stats.items()))
"""

MONITORED = """\
import sys
m = sys.monitoring
E = m.events
log = []
def note(name):
    def called(code, *arguments):
        log.append((name, code.co_name, arguments[0] if name == "LINE" else 0))
        if name == "PY_START" and code.co_name == "g": return m.DISABLE
    return called
m.use_tool_id(3, "test")
for name in ("PY_START", "PY_RETURN", "LINE", "CALL", "RAISE", "EXCEPTION_HANDLED", "PY_UNWIND"):
    a = m.register_callback(3, getattr(E, name), note(name))
def f(x): return x
def g(x): return x
m.set_events(3, E.PY_START | E.PY_RETURN | E.LINE | E.CALL | E.RAISE | E.EXCEPTION_HANDLED | E.PY_UNWIND)
f(1)
g(1)
x = len([])
for i in range(2):
    g(i)
try:
    1 / 0
except ZeroDivisionError: pass
x
g(3)
m.set_events(3, 0)
f(3)
for each in log: print(each)
"""

DEBUGGED = """\
def f(x):
    y = x
    return y
a = 1
breakpoint()
b = f(2)
c = f(3); d = 4
for i in range(2):
    a += i
b
e = 5
print("end", a, b, c, d, e)
"""

COMMANDS = (
    "w",
    "n",
    "p b",
    "w",
    "s",
    "s",
    "u",
    "p x, c",
    "d",
    "r",
    "n",
    "n",
    "n",
    "n",
    "n",
    "n",
    "c",
)


def outputs(ran: Sequence[Ran]) -> str:
    """All that statements wrote."""
    return b"".join(each.out for each in ran).decode()


@pytest.mark.parametrize("source", [STACKS, TRACED, PROFILED], ids=["stacks", "traced", "profiled"])
@pytest.mark.parametrize("shows", [True, False])
def test_what_a_program_sees_of_its_frames(
    start: Starter, python: Python, source: str, shows: bool
) -> None:
    """Line for line as under plain Python, whether values are shown or not."""
    if python.version < (3, 10) and source is TRACED:
        pytest.skip("a line of a compound statement may be traced again")
    plain = start.plain(source)
    assert plain.returncode == 0, plain.stderr
    program = start(show_values=shows)
    assert outputs(program.run(source)) == plain.stdout.decode()


ENDING = """\
import atexit, sys
class Dies:
    def __del__(self, print=print): print("dies", bool(globals().get("kept")))
kept = Dies()
def last(): print("last", sys._getframe().f_back, "__file__" in globals())
x = atexit.register(last)
"""


@pytest.mark.parametrize(
    "how", ["", "import sys; sys.exit(3)", "sys._getframe().f_trace = last", "1 / 0"]
)
def test_how_it_ends(start: Starter, how: str) -> None:
    """Exit functions run and finalisers print, as at the end of plain Python."""
    plain = start.plain(ENDING + how)
    program = start()
    program.run(ENDING + how)
    assert program.finish() == 0
    ran = program.latest.out.decode()
    assert ran.splitlines()[-2:] == plain.stdout.decode().splitlines()[-2:]


def test_variable_that_keeps_the_interpreter_from_exiting(start: Starter) -> None:
    """PYTHONINSPECT is ignored, but nothing fails because of it."""
    program = start(env={"PYTHONINSPECT": "1"})
    program.run(ENDING)
    assert program.finish() == 0
    assert (program.latest.out.split()[:1], program.latest.err) == ([b"last"], b"")


def test_limits(start: Starter, python: Python) -> None:
    """The recursion limit is the interpreter's own, and nothing of rdit counts."""
    source = LIMITS
    if python.version < (
        3,
        9,
    ):  # There the worker has two functions for it in place of the interpreter's.
        source = source.replace("print(sys.getrecursionlimit, sys.setrecursionlimit)\n", "")
    assert outputs(start().run(source)) == start.plain(source).stdout.decode()


def test_monitoring(start: Starter, python: Python) -> None:
    """Tools meet the program's code alone."""
    if python.version < (3, 12):
        pytest.skip("there is no sys.monitoring")
    assert outputs(start().run(MONITORED)) == start.plain(MONITORED).stdout.decode()


def test_debugger_at_top_level(start: Starter, python: Python) -> None:
    """`breakpoint()` stops at the next line, and `n` goes from statement to statement."""
    start.write(DEBUGGED)
    answers = "\n".join(COMMANDS).encode()
    command = [python.executable, str(start.path)]
    done = subprocess.run(command, input=answers, capture_output=True, check=True)
    texts = outputs(start(answers=COMMANDS).run(DEBUGGED)), done.stdout.decode()
    assert texts[0] == texts[1]


TRACED_MEMORY = """\
import tracemalloc
tracemalloc.start(2)
kept = [str(number) for number in range(1000)]
len(kept)
kept[5]
import html
snapshot = tracemalloc.take_snapshot()
places = {trace.traceback[-1].filename for trace in snapshot.traces}
[place for place in places if "worker" in place.replace(__file__, "")], __file__ in places
"""


def test_memory_by_file(start: Starter) -> None:
    """A search for a leak must not find rdit."""
    assert start().run(TRACED_MEMORY)[-1].text == "([], True)"


IMPORTED = """\
import sys
seen = set()
def profile(frame, event, arg):
    seen.add(frame.f_code.co_filename)
sys.addaudithook(lambda event, arguments: seen.add(event) if event[:4] == "rdit" else None)
sys.setprofile(profile)
import html.parser
sys.setprofile(None)
[name for name in seen if "rdit" in name.replace(__file__, "")], __file__ in seen
"""


def test_what_imports_are_noted_by_is_unseen(start: Starter) -> None:
    """Profilers and audit hooks of the program meet neither that nor what happens between statements."""
    assert start().run(IMPORTED)[-1].text == "([], True)"


AUDITED = """\
import sys
refused = ("code.__new__", "function.__new__", "sys._getframe", "object.__getattr__")
def hook(event, arguments):
    if event in refused: raise RuntimeError(event)
sys.addaudithook(hook)
1 + 1
x = [n for n in range(3)]
"""


def test_audit_hook_that_refuses_code(start: Starter) -> None:
    """What the worker does between two statements must not fail on it."""
    program = start()
    assert [ran.outcome for ran in program.run(AUDITED)] == ["ok"] * 6
    assert [ran.outcome for ran in program.run("y = 1\ny += 1\nprint(y)")] == ["ok"] * 3
    assert program.latest.out == b"2\n"
    assert program.worker.exited is None


VARIABLES = """\
import asyncio, contextvars, sys
var, other = contextvars.ContextVar("var", default=0), contextvars.ContextVar("other", default=0)
async def give(value): await asyncio.sleep(0); return value
async def put(value): var.set(value)
token = other.set(1)
var.set(await give(5))
print(var.get(), other.get())
await put(6)
print(var.get())
x = [var.get(), await give(var.get())]
print(x)
async with asyncio.Lock(): other.set(2)
print(other.get(), contextvars.copy_context()[other])
var.set(7)
await give(None)
print(var.get(), await give(var.get()))
async def fails(): var.set(8); raise ValueError
try: await fails()
except ValueError: print("failed", var.get())
async def stack(): frame = sys._getframe(); return [frame.f_code.co_name, frame.f_back.f_code.co_name]
print(await stack())
def bottom():
    frame = sys._getframe()
    while frame.f_back: frame = frame.f_back
    return frame
async def lowest(): return bottom()
print((await lowest()).f_code.co_name, (await lowest()).f_code.co_filename == __file__)
"""

TOKENS = """\
other.reset(token)
await give(None)
print(other.get())
t = var.set(1)
await give(var.reset(t))
print(var.get())
async def set_it(): return var.set(9)
t = await set_it()
var.reset(t)
print(var.get())
"""


def test_variables_of_a_context(start: Starter, python: Python) -> None:
    """What a statement with a top-level `await` sets, the next ones find, as in `python -m asyncio`."""
    ran = start().run(VARIABLES + (TOKENS if python.version >= (3, 11) else ""))
    assert [each.raised.text for each in ran if each.failure] == []
    expected = [
        "5 1",
        "6",
        "[6, 6]",
        "2 2",
        "7 7",
        "failed 8",
        "['stack', '<module>']",
        "<module> True",
    ]
    if python.version >= (3, 11):
        expected += ["0", "8", "8"]
    assert outputs(ran).splitlines() == expected


NEVER_AWAITED = """\
import sys
sys.stderr = sys.stdout
async def f(): pass
f()
if True:
    f(
    )
f(); f()
x = f()
x = None
def g(): f()
g()
[f() for _ in range(2)]
del sys.stderr
"""


@pytest.mark.parametrize("shows", [True, False])
def test_coroutine_never_awaited(start: Starter, shows: bool) -> None:
    """The warning names the line, as under plain Python."""
    told = [
        line
        for line in outputs(start(show_values=shows).run(NEVER_AWAITED)).splitlines()
        if ".py" in line
    ]
    plain = start.plain(NEVER_AWAITED).stdout.decode().splitlines()
    assert told == [line for line in plain if ".py" in line] != []


DYING = """\
class Dies:
    def __init__(self, name): self.name = name
    def __repr__(self): return self.name
    def __del__(self): print("del", self.name, __import__("sys")._getframe(1).f_lineno)
Dies("a")
print("1")
x = Dies("b"); x
print("2")
x = Dies("c")
print("3")
for y in [Dies("d")]: pass
print("4")
Dies("e") if x else (
    Dies("f"))
print("5"); del y
try: raise ValueError(Dies("g"))
except ValueError as error: pass
print("6")
"""


@pytest.mark.parametrize("shows", [True, False])
def test_values_die_where_they_do_in_python(start: Starter, shows: bool) -> None:
    """In the statement that drops them, on its line."""
    assert outputs(start(show_values=shows).run(DYING)).splitlines() == [
        *start.plain(DYING).stdout.decode().split("6\n")[0].splitlines(), "6",
    ]  # fmt: skip
