"""Statements that are compiled one by one are the parts of one module, as under `python FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worker.conftest import Python, Starter

CONSTANTS = """\
import sys
values = []
values.append((1000, 0.75, "good morning, all", b"raw bytes", (3, 4, "m"), 1j, 10**30))
values.append((1000, 0.75, "good morning, all", b"raw bytes", (3, 4, "m"), 1j, 10**30))
def function(default=1000):
    def inner():
        return 0.75, "good morning, all", ("m", (3, 4, "m"))
    return [default, *inner()]
values.append(function())
class Kept:
    number = 1000
    pair = (1000, (3, 4, "m"))
values.append([Kept.number, Kept.pair, Kept.pair[1], {"k": 1000}["k"]])
zeros = [0.0, -0.0, 0j, -0j, 0]
zeros += [0.0]; zeros += [-0.0]; zeros += [0j]; zeros += [-0j]
kinds = [1000, 1000.0, True, 1.0, 1, (1, 2), (1.0, 2), (True, 2), (0.0, 1), (-0.0, 1)]
kinds += [1000]; kinds += [1000.0]; kinds += [(1, 2)]; kinds += [(1.0, 2)]; kinds += [(True, 2)]
kinds += [(0.0, 1)]; kinds += [(-0.0, 1)]; kinds += ["1000"]; kinds += [b"1000"]; kinds += [...]
made = [int("1000"), "good morning" + str(", all"), float("0.75")]
for number in [1000]: values.append([number])
sets = [lambda x: x in {1000, 2000, 30000}]; sets += [lambda x: x in {1000, 2000, 30000}]
codes = [lambda: 1, lambda: 1]
def flat(items, deep=0):
    for item in items:
        yield item
        if isinstance(item, (list, tuple)):
            yield from flat(item)
everything = [*flat(values), *zeros, *kinds, *made]
everything += [c for f in sets for c in f.__code__.co_consts if isinstance(c, frozenset)]
everything += [c for f in sets for c in f.__code__.co_consts if isinstance(c, frozenset)]
first = {}
print([first.setdefault(id(item), place) for place, item in enumerate(everything)])
print([repr(item) for item in everything if not isinstance(item, frozenset)])
"""


def test_equal_constants_are_one_object(start: Starter) -> None:
    """`is` must answer as under plain Python, for each pair of values of the whole file."""
    plain = start.plain(CONSTANTS)
    assert plain.returncode == 0, plain.stderr
    ran = start().run(CONSTANTS)
    assert b"".join(each.out for each in ran) == plain.stdout


def test_constants_of_an_edited_statement(start: Starter) -> None:
    """It shares them with what ran before the edit, as a clean run of the text would have it."""
    program = start()
    above = "first, words = 1000, ('a b', 1000)\n"
    program.run(above)
    program.prepare(above + "second, other = 1000, ('a b', 1000)\n")
    program.execute(1)
    program.prepare("first is second, words is other, words[1] is first\n")
    assert program.execute(0).text == "(True, True, True)"


def test_function_of_an_edited_statement_has_its_own_lines(start: Starter) -> None:
    """Code that differs in nothing but its lines is not the code before the edit."""
    program = start()
    program.run("def f():\n    x = 1\n    return 1 / 0\n")
    ran = program.run("def f():\n    x = 1\n\n    return 1 / 0\nf()\n")
    assert [frame.line for frame in ran[-1].raised.frames] == [5, 4]


WARNING = """\
print("first")
x = 1
if x is 1: print("one")
assert (x, "always")
def f():
    return "\\d", [x] is "s"
print("last"); f() and None
"""


@pytest.mark.parametrize("options", [(), ("-W", "default"), ("-W", "ignore")], ids=" ".join)
def test_compiler_warns_before_anything_runs(start: Starter, options: tuple[str, ...]) -> None:
    """All that the parser and the compiler have to say comes once, before the first statement."""
    plain = start.plain(WARNING, *options)
    ran = start(options=options).run(WARNING)
    assert [each.outcome for each in ran] == ["ok"] * len(ran)
    assert ran[0].err == plain.stderr
    assert b"".join(each.err for each in ran[1:]) == b""
    assert b"".join(each.out for each in ran) == plain.stdout


def test_compiler_warns_once_although_await_is_allowed(start: Starter) -> None:
    """A file with a top-level `await` is compiled twice, the first time in vain."""
    ran = start().run("x = 1\nx is 1\nasync def f(): return 2\nawait f()\n")
    assert ran[0].err.count(b"SyntaxWarning") == 1
    assert [each.err for each in ran[1:]] == [b""] * 3


def test_programs_filters_are_not_the_compilers(start: Starter) -> None:
    """The program had no chance to filter or catch what Python's compiler warns of."""
    source = (
        "import warnings\nwarnings.simplefilter('error'); warnings.showwarning = print\nx = 1\n"
        "if x is 1: print('one')\nwarnings.filters[0][0], warnings.showwarning is print\n"
    )
    program = start(source=source)
    ran = program.run(source)
    assert [each.outcome for each in ran] == ["ok"] * 6
    assert [b"SyntaxWarning" in each.err for each in ran] == [True, *[False] * 5]
    assert ran[-1].text == "('error', True)"
    again = program.run(source)
    assert [(each.outcome, each.out) for each in again] == [
        (each.outcome, each.out) for each in ran
    ]
    assert [each.err for each in again] == [each.err for each in ran]


def test_edited_statement_warns_when_it_runs(start: Starter) -> None:
    """Its warning would come first, but the first statement is not run again; one that was given is not."""
    program = start()
    program.run("x = 1\nx is 1\nx\n")
    edited = "x = 1\nx is 1\nx is 2\n"
    assert program.prepare(edited) is not None
    assert program.execute(1).err == b""
    assert b"SyntaxWarning" in program.execute(2).err


DROPPED = """\
import sys, weakref
class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)
async def coroutine(): pass
Noisy("value")
print("after the value")
assigned = Noisy("assigned")
assigned = None
ref = weakref.ref(Noisy("referred to"), lambda _: print("callback"))
print("after the reference")
open("/dev/null")
file = open("/dev/null")
file = None
coroutine()
waiting = coroutine()
waiting = None
(Noisy("first"),

 Noisy("second"))
def generator():
    try: yield Noisy("yielded")
    finally: print("closed")
next(generator())
for each in [Noisy("in a loop")]: pass
print("still there")
each = None
def fails():
    local = Noisy("local")
    1 / 0
try: fails()
except ZeroDivisionError as error: kept = error
print("kept")
kept = None
Noisy("last")
print("end")
"""


@pytest.mark.parametrize("shown", [True, False])
def test_values_end_where_they_do_under_plain_python(start: Starter, *, shown: bool) -> None:
    """What finalisers do would come later, and warnings would name a line of rdit's, or none."""
    plain = start.plain(DROPPED, "-W", "default")
    assert plain.returncode == 0, plain.stderr
    program = start(options=("-W", "default"), show_values=shown)
    ran = program.run(DROPPED)
    assert program.finish() == 0
    assert b"".join(each.out for each in ran).splitlines() == plain.stdout.splitlines()
    assert b"".join(each.err for each in ran).splitlines() == plain.stderr.splitlines()


def test_value_that_is_kept_does_not_end(start: Starter) -> None:
    """It is the program's while anything refers to it."""
    ran = start().run(
        "class A:\n    def __del__(self): print('del')\n"
        "a = A()\na\n[a]\na.__class__\nprint(a is not None)\n"
    )
    assert b"".join(each.out for each in ran) == b"True\n"


def test_file_is_named_as_it_was_given_before_3_9(start: Starter, python: Python) -> None:
    """Python 3.9 made it absolute."""
    program = start(source="", argv=("./script.py",), given_path="./script.py")
    ran = program.run("print(__file__)\n1 / 0\n")
    expected = "./script.py" if python.version < (3, 9) else str(start.path)
    assert ran[0].out.decode() == expected + "\n"
    assert [frame.file for frame in ran[1].raised.frames] == [expected]
