"""The audit hook, which notes what a program reads and writes: the program must not notice it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.conftest import Starter

ODD = r"""
import os, sys, pathlib, sqlite3, tempfile, traceback, threading, importlib.util
def attempt(call):
    try:
        return repr(type(call()))
    except BaseException as error:
        return repr(error), [frame.name for frame in traceback.extract_tb(error.__traceback__)]

folder = tempfile.mkdtemp(); os.chdir(folder)
for call in [
    lambda: open("missing"),
    lambda: open("a\0b"),
    lambda: open(b"raw\xff", "wb").close(),
    lambda: open(pathlib.Path("path"), "w").close(),
    lambda: open(os.open("path", os.O_RDONLY)).close(),
    lambda: open(3.5),
    lambda: open("path", opener=lambda path, flags: os.open(path, flags)).close(),
    lambda: os.open("path", os.O_RDONLY, dir_fd=os.open(".", os.O_RDONLY)),
    lambda: os.listdir("missing"),
    lambda: os.listdir(os.open(".", os.O_RDONLY)),
    lambda: os.listdir(b"."),
    lambda: os.scandir(None).close(),
    lambda: os.remove("missing"),
    lambda: os.remove("a\0b"),
    lambda: os.rename("path", "other"),
    lambda: os.rename("other", "missing/there"),
    lambda: os.mkdir("other"),
    lambda: os.mkdir("made", dir_fd=os.open(".", os.O_RDONLY)),
    lambda: os.symlink("loop", "loop"),
    lambda: open("loop"),
    lambda: os.truncate(os.open("other", os.O_RDWR), 0),
    lambda: os.utime("other"),
    lambda: os.chmod(os.open("other", os.O_RDWR), 0o600),
    lambda: sqlite3.connect(":memory:").close(),
    lambda: sqlite3.connect(pathlib.Path("db")).close(),
    lambda: sqlite3.connect("file:db?mode=ro", uri=True).close(),
    lambda: compile("1", b"name", "eval"),
    lambda: compile("(", "other", "eval"),
    lambda: exec(compile("1 / 0", "other", "exec")),
    lambda: importlib.util.find_spec("missing"),
    lambda: importlib.util.find_spec("missing.inner"),
]:
    print(attempt(call))
gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)
print(attempt(lambda: open("here")), attempt(os.listdir), attempt(lambda: os.mkdir("x")))
os.chdir(folder)
seen = []
def traced():
    sys.settrace(lambda *event: seen.append(event[0].f_code.co_name))
    sys.setprofile(lambda *event: seen.append(event[0].f_code.co_name))
    with open("other") as file: file.read()
    os.listdir()
    sys.setprofile(None); sys.settrace(None)
traced()
print(seen)
"""


def test_odd_arguments(start: Starter) -> None:
    """A program would end where it goes on under plain Python, or have frames that are not its own."""
    plain = start.plain(ODD)
    assert plain.returncode == 0, plain.stderr
    program = start()
    ours = b"".join(ran.out for ran in program.run(ODD))
    assert plain.stdout.decode().splitlines() == ours.decode().splitlines()


DEEP = r"""
import os, sys, tempfile
path = os.path.join(tempfile.mkdtemp(), "file")
open(path, "w").close()
def down(call):
    try:
        return 1 + down(call)
    except RecursionError:
        pass
    try:
        call()
    except RecursionError:
        return 0
    return 1
for call in [
    lambda: os.close(os.open(path, os.O_RDONLY)),
    lambda: os.listdir(os.path.dirname(path)),
    lambda: os.rename(path, path),
    lambda: exec("1"),
]:
    print(900 < down(call) < 1100)
def ends(call, depth):
    return call() if depth == 0 else ends(call, depth - 1)
print(ends(lambda: os.path.exists(path) and open(path).read(), 900))
"""


def test_near_the_recursion_limit(start: Starter) -> None:
    """What the hook calls would be what is too deep, in a program that is just not."""
    plain = start.plain(DEEP)
    assert plain.returncode == 0, plain.stderr
    ours = b"".join(ran.out for ran in start().run(DEEP))
    assert plain.stdout == ours
