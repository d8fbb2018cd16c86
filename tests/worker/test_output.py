"""What a program writes, by whatever means, reaches the statement that wrote it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.conftest import Ran, Starter


def test_all_ways_to_write(start: Starter) -> None:
    """Only what is captured at the descriptors is everything."""
    program = start()
    source = """
import ctypes, os, subprocess, sys
print("print"); print("to err", file=sys.stderr)
os.write(1, b"os.write\\n"); os.write(2, b"os.write err\\n")
ctypes.CDLL(None).printf(b"%s\\n", b"x" * 100_000); None
subprocess.run(["sh", "-c", "echo child; echo child err >&2"]); None
os.system("echo system"); None
sys.stdout.buffer.write(b"\\xff\\x00\\r\\x1b[31mred\\x1b[0m\\r\\n"); None
print("é😀\\udcff", flush=True)
sys.stdout.write("no end of line"); None
sys.__stdout__.write("under"); None
print("quiet", end="")
with open(1, "w", closefd=False) as own: own.write("own file")
sys.stdout.writelines(["a", "b"])
"""
    done = program.run(source)
    expected = [
        (b"", b""),
        (b"print\n", b""),
        (b"", b"to err\n"),
        (b"os.write\n", b""),
        (b"", b"os.write err\n"),
        (b"x" * 100_000 + b"\n", b""),
        (b"", b""),
        (b"child\n", b"child err\n"),
        (b"", b""),
        (b"system\n", b""),
        (b"", b""),
        (b"\xff\x00\r\x1b[31mred\x1b[0m\r\n", b""),
        (b"", b""),
        (b"\xc3\xa9\xf0\x9f\x98\x80\xff\n", b""),
        (b"no end of line", b""),
        (b"", b""),
        (b"under", b""),
        (b"", b""),
        (b"quiet", b""),
        (b"own file", b""),
        (b"ab", b""),
    ]
    assert [(ran.out, ran.err) for ran in done] == expected
    assert program.finish() == 0


def test_order_of_print_and_child(start: Starter) -> None:
    """Python's buffer is behind what a child wrote, as under plain Python, and nothing is lost."""
    program = start()
    source = (
        "import os\nfor i in range(3):\n    print(i, flush=True)\n    os.system('echo c%d' % i)\n"
    )
    assert program.run(source)[-1].out == b"0\nc0\n1\nc1\n2\nc2\n"


def test_late_output_of_threads(start: Starter) -> None:
    """A thread's output is its statement's, whatever runs when it writes."""
    program = start()
    source = """
import threading, os, sys
go, gone = threading.Event(), threading.Event()
def work():
    go.wait()
    print("late"); print("late err", file=sys.stderr)
    gone.set()
thread = threading.Thread(target=work); thread.start(); print("started")
print("next")
print("before"); go.set(); gone.wait(); thread.join(); print("after")
print("last")
"""
    done = program.run(source)
    assert [ran.outcome for ran in done] == ["ok"] * len(done)
    texts = {ran.out for ran in done}
    starter = next(ran for ran in done if ran.err)
    assert starter.err == b"late err\n"
    assert starter.out == b"late\n"
    assert {b"started\n", b"next\n", b"before\n", b"after\n", b"last\n"} <= texts
    assert program.finish() == 0


def test_late_output_of_children(start: Starter) -> None:
    """A child that writes while another statement runs writes for the one that started it."""
    program = start()
    source = """
import subprocess, os
child = subprocess.Popen(["sh", "-c", "read x; echo late; echo err >&2"], stdin=subprocess.PIPE)
print("between")
print(child.communicate(b"go\\n"))
print("end")
"""
    done = program.run(source)
    assert [ran.out for ran in done] == [b"", b"late\n", b"between\n", b"(None, None)\n", b"end\n"]
    assert done[1].err == b"err\n"


def test_output_after_the_last_statement(start: Starter) -> None:
    """`atexit`, threads that are not daemons and children finish as under plain Python."""
    program = start()
    source = """
import atexit, threading, os
atexit.register(print, "at exit")
go = threading.Event(); threading.Timer(0, lambda: (go.wait(), print("thread"))).start(); go.set()
os.system("(sleep 0.1; echo grandchild) &"); None
"""
    done = program.run(source)
    assert program.finish() == 0
    lines = b"".join(ran.out for ran in done).splitlines()
    lines.remove(b"grandchild")  # It comes when it likes.
    assert lines == [b"thread", b"at exit"]


def test_streams_that_the_user_breaks(start: Starter) -> None:
    """Nothing depends on `sys.stdout`, on descriptors 0 to 2 or on the channel's own."""
    for spoil in (
        "sys.stdout = sys.stderr = None",
        "sys.stdout.close()",
        "sys.stdout = sys.stderr = 5",
        "sys.stdout = sys.__stdout__ = sys.stderr = sys.__stderr__ = io.StringIO()",
        "os.close(0); os.close(1); os.close(2)",
        "os.closerange(0, 3)",
        "del sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__",
        "sys.stdout.detach(); sys.stderr.detach()",
        "os.closerange(3, 65536)",
        "os.closerange(0, 65536)",
        "sys.stdin = None",
    ):
        program = start()
        done = program.run(f"import io, os, sys\n{spoil}\n1 + 1\n1 / 0\n")
        assert [ran.outcome for ran in done[:-2]] == ["ok"] * (len(done) - 2), spoil
        assert [done[-2].text, done[-1].outcome] == ["2", "error"], spoil
        assert "ZeroDivisionError: division by zero" in done[-1].error, spoil
        again = program.run("[3]\nimport os\nos.write(1, b'x')\n" if "0" not in spoil else "[3]\n")
        assert again[0].text == "[3]", spoil


def test_thread_whose_pipe_is_closed(start: Starter) -> None:
    """`os.closerange` may take the descriptors by which a thread's output finds its statement."""
    program = start()
    done = program.run(
        "import os, threading\ngo = threading.Event()\n"
        "t = threading.Thread(target=lambda: (print('early'), go.wait(), print('late'))); t.start()\n"
        "print('between')\nos.closerange(3, 65536)\ngo.set(); t.join()\nprint('end')\n"
    )
    assert {ran.outcome for ran in done} == {"ok"}
    out = b"".join(ran.out for ran in done)
    # The end of the line may come last of all, so not the lines are compared.
    assert all(word in out for word in (b"early", b"between", b"late", b"end"))


def test_threads_of_the_present_statement(start: Starter) -> None:
    """They share the statement's pipe, in the order of the writes, and follow a redirection."""
    program = start()
    source = """
import os, threading
def run(text):
    t = threading.Thread(target=print, args=(text,)); t.start(); t.join()
print("a"); run("b"); print("c")
if 1:
    print("a"); run("b"); print("c")
kept, file = os.dup(1), os.open("out.txt", os.O_WRONLY | os.O_CREAT)
os.dup2(file, 1); run("file"); os.dup2(kept, 1); run("pipe")
for n in range(300): run("many")
open("out.txt").read()
"""
    done = program.run(source)
    assert done[-1].text == "'file\\n'"
    out = b"".join(ran.out for ran in done)
    assert out == b"a\nb\nc\n" * 2 + b"pipe\n" + b"many\n" * 300


def test_redirected_descriptor(start: Starter) -> None:
    """Redirecting descriptor 1 across statements is respected, and so is putting it back."""
    program = start()
    source = """
import os, sys
kept = os.dup(1)
os.dup2(os.open("out.txt", os.O_WRONLY | os.O_CREAT), 1)
print("to the file"); os.system("echo child to the file")
child = __import__("subprocess").Popen(["sleep", "0"])
print("still")
os.dup2(kept, 1)
print("back")
sys.stdout.flush(); os.fsync(1) if 0 else None
child.wait()
open("out.txt").read()
"""
    done = program.run(source)
    assert done[-1].text == "'to the file\\nchild to the file\\nstill\\n'"
    assert b"".join(ran.out for ran in done) == b"back\n"


def test_much_output(start: Starter) -> None:
    """A pipe holds 64 kB; the server must keep reading while the statement runs."""
    program = start()
    ran = program.run("for i in range(60_000): print(i, 'x' * 20)\n")[0]
    assert ran.out.count(b"\n") == 60_000
    assert ran.out.endswith(b"59999 " + b"x" * 20 + b"\n")


def test_lines_keep_their_place_among_other_writes(start: Starter) -> None:
    """As on a terminal: what was printed before comes before what children and descriptors write."""
    source = """
import os, sys
if 1:
    for n in range(300):
        print("A", n)
        os.write(1, b"B\\n") if n % 50 else os.system("echo C")
"""
    out = start().run(source)[-1].out
    expected = [f"A {n}\n" + ("B\n" if n % 50 else "C\n") for n in range(300)]
    assert out.decode() == "".join(expected)


def test_redirection_within_a_statement(start: Starter) -> None:
    """What was printed before goes where the program's output went then."""
    program = start()
    source = """
import os
def redirected():
    print("before")
    kept = os.dup(1)
    os.dup2(os.open("out.txt", os.O_WRONLY | os.O_CREAT), 1)
    print("to the file")
    os.dup2(kept, 1)
    print("back")
redirected()
open("out.txt").read()
"""
    done = program.run(source)
    assert done[-1].text == "'to the file\\n'"
    assert done[-2].out == b"before\nback\n"


def test_processes_that_print_at_once(start: Starter) -> None:
    """A line that goes out in pieces is torn by the lines of others."""
    source = """
import os
if 1:
    print("begin")
    children = []
    for name in "abc":
        child = os.fork()
        if not child:
            for n in range(300): print(name * 10, n, sep="-")
            os._exit(0)
        children.append(child)
    for n in range(300): print("parent" * 2, n, sep="-")
    for child in children: os.waitpid(child, 0)
"""
    out = start().run(source)[-1].out.decode().splitlines()
    names = ["a" * 10, "b" * 10, "c" * 10, "parent" * 2]
    assert sorted(out) == sorted(["begin", *(f"{name}-{n}" for name in names for n in range(300))])


def test_end_of_a_flood_is_not_held_back(start: Starter) -> None:
    """A program that prints a lot and then computes for long would show less than on a terminal."""
    program = start()
    seen = start.folder / "seen"
    source = f"""
import os, sys
sys.stdout.reconfigure(line_buffering=True)
if 1:
    for n in range(20_000): print("line", n)
    while not os.path.exists({str(seen)!r}): pass
    print("once more", sys.stdout.line_buffering, end="")
"""
    spans = program.prepare(source)
    assert spans is not None
    for index in range(len(spans) - 1):
        program.execute(index)

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(len(spans) - 1))
        while not program.latest.out.endswith(b"line 19999\n"):
            await program.news()
        seen.touch()
        return await running

    ran = program.wait(work())
    assert ran.out.endswith(b"line 19999\nonce more True")
    assert ran.out.count(b"\n") == 20_000


def test_unbuffered_output_is_not_held_back(start: Starter) -> None:
    """Who asks Python for it wants each piece at once, however many."""
    program = start(options=("-u",))
    seen = start.folder / "seen"
    source = f"""
import os
if 1:
    for n in range(5000): print(".", end="")
    while not os.path.exists({str(seen)!r}): pass
"""
    program.prepare(source)
    program.execute(0)

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(1))
        while len(program.latest.out) < 5000:
            await program.news()
        seen.touch()
        return await running

    assert program.wait(work()).out == b"." * 5000


def test_piece_of_a_line_after_a_flood(start: Starter) -> None:
    """A statement that floods would make the next one late."""
    program = start()
    seen = start.folder / "seen"
    source = f"""
import os
for n in range(500): print(n)
if 1:
    print("piece", end="")
    while not os.path.exists({str(seen)!r}): pass
"""
    program.prepare(source)
    program.execute(0)
    program.execute(1)

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(2))
        while program.latest.out != b"piece":
            await program.news()
        seen.touch()
        return await running

    assert program.wait(work()).out == b"piece"


def test_floods_through_streams_of_the_programs_own(start: Starter) -> None:
    """A flood is noticed below the text stream, which may be closed, or another, by then."""
    source = """
import io, sys
buffer = sys.stdout.detach()
sys.stdout = io.TextIOWrapper(buffer, write_through=True)
for n in range(1000): print("own", n)
sys.stdout.flush()
for n in range(1000): buffer.write(b"bytes\\n")
print("end", file=sys.__stderr__)
"""
    ran = start().run(source)
    out = b"".join(each.out for each in ran)
    assert (out.count(b"own"), out.count(b"bytes\n")) == (1000, 1000)
    assert [each.outcome for each in ran] == ["ok"] * len(ran)


def test_slow_output_is_not_held_back(start: Starter) -> None:
    """The server sees what is printed while the statement goes on, though the program never flushes."""
    program = start()
    seen = start.folder / "seen"
    source = f"""
import os, time
if 1:
    print("a", end=""); print("b", end="")
    while not os.path.exists({str(seen)!r}): time.sleep(0.001)
"""
    program.prepare(source)
    program.execute(0)

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(1))
        while program.latest.out != b"ab":
            await program.news()
        seen.touch()
        return await running

    assert program.wait(work()).outcome == "ok"


def test_write_that_waits_is_not_cut_short(start: Starter) -> None:
    """A signal ends a `write` in the middle, and what it left out is lost silently.

    The program hardly ever gets the processor, so it looks as if it had nothing more to write.
    """
    program = start()
    source = """
import os, subprocess, sys
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
[os.write(1, b"z" * (1 << 20)) for _ in range(2)]
other.kill()
"""
    done = program.run(source)
    assert done[-2].text == str([1 << 20] * 2)
    assert b"".join(ran.out for ran in done) == b"z" * (2 << 20)


def test_output_after_much_is_not_held_back(start: Starter) -> None:
    """What a program prints at the end of a lot would come only when it prints again."""
    program = start()
    seen = start.folder / "seen"
    source = f"""
import os
if 1:
    print("z" * 1_000_000); print("end", end="")
    while not os.path.exists({str(seen)!r}): pass
"""
    program.prepare(source)
    program.execute(0)

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(1))
        while not program.latest.out.endswith(b"end"):
            await program.news()
        seen.touch()
        return await running

    assert program.wait(work()).outcome == "ok"


def test_many_threads_and_children(start: Starter) -> None:
    """Pipes are renewed and given back; descriptors do not pile up."""
    program = start()
    source = (
        "import os, threading, subprocess\n"
        + (
            "t = threading.Thread(target=print, args=('t',)); t.start(); t.join()\n"
            "subprocess.run(['true']); None\n"
        )
        * 40
    )
    done = program.run(source)
    assert {ran.outcome for ran in done} == {"ok"}
    assert b"".join(ran.out for ran in done) == b"t\n" * 40
    assert int(program.run("len(os.listdir('/proc/self/fd'))")[0].text or "") < 20
