"""How statements end: values, exits, crashes, forks, and whatever hostile code tries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worker.conftest import Python, Starter

VALUES = {
    "1 + 1": "2",
    "None": None,
    "1;": None,
    "1 ; # hidden": None,
    "(1);": None,
    "((1)) ; ": None,
    "(\n1\n)  ;  # x": None,
    "1 # ;": "1",
    "';'": ";",
    "[';']": "[';']",
    "';' + 'x' # ; ": "';x'",
    "1; 2": "2",
    "1; 2;": None,
    "x = 1;": None,
    "'é😀' ;": None,
    "['é😀', 1]  ; # ä": None,
    "f(';')  # )": "';'",
    "if 1: 5": None,
    "_ = 3": None,
    "...": "Ellipsis",
    "print": "<built-in function print>",
}


def test_values(start: Starter) -> None:
    """A value is shown unless it is None or a semicolon ends its line."""
    program = start()
    program.run("def f(x): return x")
    shown = {source: program.run("0\n" + source)[-1].text for source in VALUES}
    assert shown == VALUES


def test_strings_are_markdown(start: Starter) -> None:
    """Text that stands alone is for the reader."""
    program = start()
    done = program.run("'''# Title'''\nx = 3\nf'**{x}**'\nstr(x)\n'a' 'b'\nb'bytes'\n'hidden';\n")
    shown = [ran.value.data if ran.value is not None else None for ran in done]
    assert shown == [
        {"text/markdown": "# Title", "text/plain": "# Title"},
        None,
        {"text/markdown": "**3**", "text/plain": "**3**"},
        {"text/plain": "'3'"},
        {"text/markdown": "ab", "text/plain": "ab"},
        {"text/plain": "b'bytes'"},
        None,
    ]
    assert program.run("__doc__")[0].text == "'# Title'"


def test_docstring_that_a_later_statement_must_not_replace(start: Starter) -> None:
    """Only the first statement is the module's docstring; running another alone changes nothing."""
    program = start()
    program.run("'first'\nx = 1\n'second'\n")
    assert program.run("0\n__doc__\n")[-1].text == "'first'"


def test_user_displayhook(start: Starter) -> None:
    """As at the prompt, a program may show values its own way."""
    program = start()
    done = program.run(
        "import sys\nsys.displayhook = lambda value: print('<', value, '>')\n1\n'two'\n"
    )
    assert [(ran.text, ran.out) for ran in done[2:]] == [(None, b"< 1 >\n"), (None, b"< two >\n")]
    assert program.run("sys.displayhook = 5\n1\n")[-1].outcome == "error"
    assert program.run("del sys.displayhook\n1\n")[-1].outcome == "ok"


def test_hostile_values(start: Starter) -> None:
    """A plain run never asks for a value's text: where that fails, the statement is well all the same."""
    program = start()
    done = program.run(
        """
class Raises:
    def __repr__(self): raise ValueError('no repr')
class Loops:
    def __repr__(self): return repr(self)
class Lies:
    __class__ = property(lambda self: 1 / 0)
    def __getattribute__(self, name): raise RuntimeError(name)
    def __repr__(self): return 'lies'
class NoText:
    def __repr__(self): return 5
class OwnText(str):
    def __str__(self): return 'other'
    def __len__(self): return 1 << 60
    def __getitem__(self, i): raise RuntimeError
    def encode(self, *a): raise RuntimeError
class Gives:
    def __repr__(self): return OwnText('text')
class Exits:
    def __repr__(self): raise SystemExit(3)
class Meta(type):
    def __getattr__(cls, name): raise RuntimeError(name)
    def __instancecheck__(cls, x): raise RuntimeError
class WithMeta(metaclass=Meta): pass
class NameLess(type):
    __name__ = property(lambda cls: 1 / 0)
class Named(metaclass=NameLess):
    def __repr__(self): raise KeyError
"""
    )
    assert {ran.outcome for ran in done} == {"ok"}
    assert (
        program.run("Raises()")[0].text == "<Raises object whose repr raised ValueError: no repr>"
    )
    assert "<Loops object whose repr raised RecursionError: max" in str(
        program.run("Loops()")[0].text
    )
    assert program.run("Lies()")[0].text == "lies"
    assert program.run("NoText()")[0].text == (
        "<NoText object whose repr raised TypeError: __repr__ returned non-string (type int)>"
    )
    assert program.run("Named()")[0].text == "<Named object whose repr raised KeyError>"
    assert program.run("Gives()")[0].text == "text"
    assert program.run("OwnText('text')")[0].text == "'text'"
    assert "WithMeta" in str(program.run("WithMeta()")[0].text)
    surrogate = program.run("0\n'\\udc80'")[-1]
    assert surrogate.text == "\\udc80"
    exits = program.run("Exits()")[0]
    assert (exits.outcome, exits.text) == ("ok", "<Exits object whose repr raised SystemExit: 3>")


def test_repr_that_raises(start: Starter) -> None:
    """Its own message helps; and what else the value has to show is shown."""
    program = start()
    program.run(
        """
class Failing:
    def __repr__(self): raise ValueError("no repr\\ntoday")
class Table(Failing):
    def _repr_html_(self): return "<b>table</b>"
class Silent(Exception):
    def __str__(self): return 1 / 0
class Worse:
    def __repr__(self): raise Silent
"""
    )
    said = "whose repr raised ValueError: no repr today>"
    assert program.run("Failing()")[0].text == "<Failing object " + said
    assert program.run("[1, Failing()]")[0].text == "<list object " + said
    assert program.run("Worse()")[0].text == "<Worse object whose repr raised Silent>"
    table = program.run("Table()")[0].value
    assert table is not None
    assert table.data == {"text/html": "<b>table</b>", "text/plain": "<Table object " + said}
    assert table.metadata["rdit"]["notes"] == ["repr raised ValueError: no repr today"]


def test_representations_that_no_client_shows(start: Starter) -> None:
    """They are kept for a notebook, and a note says what is not to be seen."""
    program = start()
    program.run(
        """
class Own:
    def __repr__(self): return "own"
    def _repr_mimebundle_(self, **options):
        return {"application/x-own": {"a": [1]}, "application/x-raw": b"a"}
class Script:
    def __repr__(self): return "script"
    def _repr_javascript_(self): return "alert(1)"
    def _repr_pdf_(self): return b"%PDF-1.7"
class Both(Script):
    def _repr_html_(self): return "<b>both</b>"
"""
    )
    own, script, both = (program.run(name + "()")[0].value for name in ("Own", "Script", "Both"))
    assert own is not None
    assert own.data == {
        "application/x-own": {"a": [1]}, "application/x-raw": "YQ==", "text/plain": "own",
    }  # fmt: skip
    said = "kept for notebooks, not shown: "
    assert own.metadata["rdit"]["notes"] == [said + "application/x-own, application/x-raw"]
    assert script is not None
    assert script.data["application/javascript"] == "alert(1)"
    assert script.metadata["rdit"]["notes"] == [said + "application/javascript, application/pdf"]
    assert both is not None
    assert "notes" not in both.metadata["rdit"]


def test_exceptions_that_are_hostile(start: Starter) -> None:
    """Whatever is raised, there is one outcome, and the next statement runs."""
    program = start()
    for source in (
        "class E(Exception):\n    def __getattribute__(self, name): raise RuntimeError\nraise E",
        "class E(Exception):\n    __class__ = property(lambda self: 1 / 0)\nraise E",
        "class E(Exception):\n    __cause__ = property(lambda self: self)\nraise E",
        "class E(Exception):\n    __traceback__ = property(lambda self: 5)\nraise E",
        "class M(type):\n    __name__ = property(lambda c: 5)\n"
        "class E(Exception, metaclass=M): pass\nraise E",
        "class E(Exception):\n    __module__ = 5\nraise E",
        "class E(Exception):\n    def __eq__(self, o): raise E\n    __hash__ = None\nraise E from E()",
        "class E(SystemExit):\n    code = property(lambda self: 1 / 0)\nraise E",
        "class I(int):\n    def __and__(self, o): raise E\nraise SystemExit(I(5))",
        "class S:\n    def __str__(self): raise KeyError\nraise SystemExit(S())",
        "class E(SyntaxError): pass\ne = E('x')\n"
        "e.filename, e.lineno, e.offset, e.text = 5, 'a', 'b', 3\nraise e",
        "e = SyntaxError('x')\ne.filename = 'f'; e.lineno = 10 ** 30; e.offset = -5; e.text = 'q'\nraise e",
        "raise KeyError('x' * 1_000_000)",
        "class E(Exception): pass\nE.__name__ = E.__qualname__ = '\\udc80'\nraise E('\\udc80')",
    ):
        last = program.run(source)[-1]
        assert last.outcome in ("error", "exit"), source
        assert program.run("1")[0].text == "1", source


def test_long_values_are_bounded(start: Starter) -> None:
    """100 MB of text neither reach the server nor are lost."""
    program = start()
    shown = program.run(
        "class Long:\n    def __repr__(self): return 'a' + 'é' * 50_000_000 + 'z'\nLong()\n"
    )[-1]
    assert shown.text is not None
    assert len(shown.text) < 250_000
    assert shown.text[0] + shown.text[-1] == "az"
    left_out = 50_000_002 - 200_000
    assert (
        f"\n… {left_out:,} characters left out, all of it is in {start.folder}/value-" in shown.text
    )
    (file,) = start.folder.glob("value-*")
    assert file.stat().st_size == 100_000_002
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    long = program.run("raise ValueError('x' * 1_000_000)")[0]
    assert len(long.error) < 250_000
    assert "characters left out" in long.error


def test_exits(start: Starter, python: Python) -> None:
    """`sys.exit` in all its forms, with the code and the text of a plain run."""
    program = start(source="")
    for value in (
        "",
        "None",
        "0",
        "3",
        "-1",
        "256",
        "True",
        "'text'",
        "(1, 2)",
        "3.5",
        "b''",
        "''",
        "E('own')",
    ):
        source = f"import sys\nclass E(Exception): pass\nsys.exit({value})\n"
        plain = start.plain(source)
        ran = program.run(source)[-1]
        assert (ran.outcome, ran.code, ran.err) == ("exit", plain.returncode, plain.stderr), value
    huge = program.run("raise SystemExit(1 << 80)")[0]
    assert (huge.outcome, huge.code) == (
        "exit",
        start.plain("raise SystemExit(1 << 80)").returncode,
    )
    for source in (
        "class Own(SystemExit): pass\nraise Own(7)",
        "raise SystemExit(1, 2)",
        "exit(4)",
        "quit()",
        "import sys\ndef f():\n    try: sys.exit(5)\n    finally: print('x')\nf()",
    ):
        plain = start.plain(source)
        ran = program.run(source)[-1]
        assert (ran.outcome, ran.code, ran.err) == ("exit", plain.returncode, plain.stderr), source
    assert program.finish() == 0


CRASHES = {
    "import os; os._exit(9)": 9,
    "import os; os.abort()": -6,
    "import ctypes; ctypes.string_at(0)": -11,
    "import os; os.kill(os.getpid(), 9)": -9,
    "import os; os.kill(os.getpid(), 15)": -15,
    "import os; os.execv('/bin/sh', ['sh', '-c', 'echo other program; exit 5'])": 5,
}


def test_crashes(start: Starter) -> None:
    """The process is gone: that is an outcome like others, with all that was written before it."""
    for source, code in CRASHES.items():
        program = start()
        done = program.run(f"print('before', flush=True)\nprint('same', flush=True); {source}\n")
        assert done[-1].outcome == "died", source
        assert done[-1].code == code, source
        program.finish()
        assert b"".join(ran.out for ran in done).startswith(b"before\nsame\n"), source


SEGFAULT = """\
import ctypes
def read(): ctypes.string_at(0)
read()
"""


def test_last_words(start: Starter) -> None:
    """The line that crashed the interpreter could not be found, or only among the worker's frames."""
    program = start()
    told = program.run(SEGFAULT)[-1].err.decode()
    assert told.startswith("Fatal Python error: Segmentation fault\n")
    own = [line.rpartition(", ")[2] for line in told.splitlines() if f'"{start.path}"' in line]
    assert ["line 2 in read", "line 3 in <module>"] == own
    assert "rdit" not in told.replace(str(start.path), "")


def test_last_words_where_the_program_wants_them(start: Starter) -> None:
    """A script that enables `faulthandler` itself would find it broken, or get each report twice."""
    program = start()
    source = "import faulthandler; faulthandler.enable()\n" + SEGFAULT
    assert 1 == program.run(source)[-1].err.count(b"Fatal Python error")


def test_deeply_nested_source(start: Starter, python: Python) -> None:
    """Too much nesting is reported as an error; little is no problem."""
    program = start()
    assert program.run("[" * 50 + "]" * 50)[0].outcome == "ok"
    deep = "(" * 5000 + ")" * 5000
    assert program.run(deep) == []
    assert program.rejected is not None
    program = start()
    chained = "x = 0\nx = " + "+".join(["x"] * 20_000) + "\n"
    done = program.run(chained)
    assert program.rejected is not None or done[-1].outcome in ("ok", "error", "died")


def test_fork_at_top_level(start: Starter) -> None:
    """A forked child does the rest of the file in a process of its own, and is never seen again."""
    source = """
import os, sys
print("one", flush=True)
pid = os.fork()
if pid == 0:
    print("child"); sys.stdout.flush()
    if len(sys.argv) > 1: os._exit(0)
else:
    os.waitpid(pid, 0)
print("both", pid == 0)
import atexit; atexit.register(print, "bye")
if pid == 0: sys.exit(3)
"""
    program = start()
    done = program.run(source)
    assert [ran.outcome for ran in done] == ["ok"] * len(done)
    assert program.finish() == 0
    out = b"".join(ran.out for ran in done)
    plain = start.plain(source)
    assert sorted(out.split(b"\n")) == sorted(plain.stdout.split(b"\n"))


def test_fork_whose_child_fails(start: Starter) -> None:
    """The child's exception is on its stderr; the parent's statement is not touched by it."""
    source = (
        "import os\npid = os.fork()\nif pid == 0:\n    1 / 0\n"
        "_, status = os.waitpid(pid, 0)\nstatus >> 8\n"
    )
    program = start(source=source)
    done = program.run(source)
    assert done[-1].text == "1"
    err = b"".join(ran.err for ran in done)
    assert err == start.plain().stderr


def test_fork_in_a_function(start: Starter) -> None:
    """Child and parent go on independently in the middle of a statement."""
    program = start()
    source = """
import os
def f():
    pid = os.fork()
    if pid == 0:
        os.write(1, b"in child\\n")
        os._exit(7)
    return os.waitpid(pid, 0)[1] >> 8
f()
"""
    ran = program.run(source)[-1]
    assert (ran.text, ran.out) == ("7", b"in child\n")


def test_modules_that_the_user_breaks(start: Starter) -> None:
    """The worker runs in the same interpreter, and must not depend on what user code replaces."""
    for spoil in (
        "sys.modules.clear()",
        "sys.modules = None",
        "builtins.len = builtins.print = builtins.open = builtins.repr = builtins.isinstance = None",
        "builtins.__import__ = None",
        "vars(builtins).clear()",
        "import os, json, time; os.write = os.fstat = os.dup2 = os.pipe = json.dumps = time.time = None",
        "import io, traceback; io.StringIO = io.TextIOWrapper = traceback.format_exception = None",
        "import linecache; linecache.getline = linecache.cache = None",
        "sys.path = None",
        "sys.path.clear(); sys.meta_path.clear()",
        "import gc; gc.disable()",
        "sys.getrecursionlimit = sys.setrecursionlimit = None",
        "__name__ = None; __builtins__ = {}",
        "globals().clear()",
        "del sys.excepthook, sys.displayhook, sys.__excepthook__",
        "import signal; signal.signal = signal.getsignal = None",
        "sys.setrecursionlimit(30)",
        "import threading; threading.get_ident = threading.current_thread = None",
    ):
        program = start()
        program.run("import builtins, sys")
        assert program.run(spoil)[-1].outcome == "ok", spoil
        assert program.run("[1]"), (spoil, program.rejected, program.early.err)
        assert program.run("[1]")[0].text == "[1]", spoil
        failed = program.run("raise KeyError")[0]
        assert failed.outcome == "error", spoil
        assert program.run("[2]")[0].text == "[2]", spoil


@pytest.mark.parametrize(
    "name",
    ["traceback", "linecache", "select", "socket", "array", "json", "resource", "token", "io"],
)
def test_modules_of_the_users_own(start: Starter, name: str) -> None:
    """A script's folder comes first on the path: students call their files anything."""
    (start.folder / f"{name}.py").write_text("raise RuntimeError('not the one you mean')\n")
    program = start(answers=["line"])
    source = "import _thread\n_thread.start_new_thread(lambda: None, ()); None\ninput()\n"
    assert program.run(source)[-1].text == "'line'"
    failed = program.run("def f(): 1 / 0\nf()")[-1]
    assert failed.outcome == "error"
    assert "ZeroDivisionError: division by zero" in failed.error


def test_out_of_memory(start: Starter) -> None:
    """An allocation that fails is an error like others."""
    program = start()
    done = program.run(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 28, -1)); None\n"
        "kept = []\n"
        "while True: kept.append(bytearray(1 << 22))\n"
    )
    assert done[-1].outcome == "error"
    assert done[-1].raised.name == "MemoryError"
    assert program.run("kept.clear()\nlen(kept)\n")[-1].text == "0"


def test_out_of_descriptors(start: Starter) -> None:
    """A leak of files is the user's; results still arrive."""
    program = start()
    source = """
import os, resource, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); None
kept = []
while True: kept.append(os.open("/dev/null", os.O_RDONLY))
"""
    last = program.run(source)[-1]
    assert "Too many open files" in last.error
    assert program.run("1 + 1")[0].text == "2"
    assert program.run("pid = os.fork()\nif pid == 0: os._exit(0)\nos.wait()[1]")[-1].text == "0"
    assert program.run("for fd in kept: os.close(fd)\n5")[-1].text == "5"


def test_trace_functions_see_only_the_users_code(start: Starter) -> None:
    """`sys.settrace` and `sys.setprofile` across statements, as for one file."""
    source = """
import sys
seen = []
def trace(frame, event, arg):
    seen.append((frame.f_code.co_filename, frame.f_code.co_name, event)); return trace
def f(): return 1
sys.setNAME(trace)
f()
x = f()
sys.setNAME(None)
f()
for each in seen: print(each)
"""
    for name in ("trace", "profile"):
        program = start()
        out = program.run(source.replace("NAME", name))[-1].out.decode()
        assert str(start.path) in out
        assert "_rdit" not in out
        assert "bootstrap" not in out
        assert "worker" not in out.replace(str(start.path), ""), out
        assert out.count("'f'") == len([line for line in out.splitlines() if "'f'" in line]) > 2


def test_low_recursion_limit(start: Starter) -> None:
    """`sys.setrecursionlimit(20)` is for the user's calls."""
    program = start()
    done = program.run(
        "import sys\ndef f(n): return n and f(n - 1)\n"
        "sys.setrecursionlimit(40)\nsys.getrecursionlimit()\nf(20)\n"
    )
    assert [ran.text for ran in done[3:]] == ["40", "0"]
    failed = program.run("f(1000)")[0]
    assert "RecursionError: maximum recursion depth exceeded" in failed.error
    assert program.run("sys.getrecursionlimit()")[0].text == "40"


def test_single_statements_of_a_broken_file(start: Starter) -> None:
    """What does not parse is blank for the worker; the rest keeps its lines."""
    program = start()
    assert program.run("\n\nx = 1\n\nx / 0\n", whole=False)[-1].raised.frames[0].line == 5
    assert program.prepare("return 5\n", whole=False) == ((1, 1, False),)
    failed = program.execute(0)
    assert "SyntaxError: 'return' outside function" in failed.error
    assert Path(failed.raised.frames[0].file) == start.path


def test_attributes_of_objects_without_a_text(start: Starter) -> None:
    """Such an object would be an address; or an attribute's own code would run."""
    program = start()
    done = program.run(
        """
class Account:
    def __init__(self):
        self.owner, self.balance, self.history = "Ada", 150, [Account]
    def __getattr__(self, name): raise RuntimeError(name)
class Named(Account):
    def __repr__(self): return "named"
class Empty: pass
Account()
Named()
Empty()
"""
    )
    assert [ran.value and ran.value.about.get("attributes") for ran in done[-3:]] == [
        "Account(owner='Ada', balance=150, history=…)",
        None,
        None,
    ]
