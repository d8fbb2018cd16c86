"""Forks of a program: what they restore, that they are invisible, and where none can be trusted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rdit_lsp.process.fork import Fork
from rdit_lsp.process.replies import Refusal

if TYPE_CHECKING:
    from conftest import Program, Starter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux alone")


def texts(program: Program, source: str, first: int) -> list[tuple[str, str | None, str]]:
    """How each statement of `source` from number `first` on ends: outcome, value, what it printed."""
    spans = program.prepare(source)
    assert spans is not None, program.rejected
    done = [program.execute(index, len(spans) - 1) for index in range(first, len(spans))]
    return [(ran.outcome, ran.text, ran.out.decode()) for ran in done]


def forked(program: Program) -> Fork:
    """A fork, which must not be refused."""
    fork = program.fork()
    assert isinstance(fork, Fork), fork
    return fork


STATE = """\
import gc, os, random, sys, threading
random.seed(7); numbers = []
lines = open(__file__); lines.readline()
print("begun", end="")
numbers.append(random.random()); numbers
lines.readline()
os.lseek(lines.fileno(), 0, os.SEEK_CUR), lines.tell()
gc.isenabled(), threading.main_thread().native_id == threading.get_native_id()
os.write(1, b"straight"); os.system("echo child"); sys.stderr.flush()
os.getsid(0) == os.getpgrp(), os.readlink("/proc/self/fd/0"), sys.stdin.read()
__name__, __file__, sys.argv, sorted(name for name in globals() if name[0] != "_")
"""


def test_what_follows_is_the_same_again(start: Starter) -> None:
    """After going back, a statement would have another result than the first time."""
    program = start(source=STATE, checkpoints=True)
    program.prepare(STATE)
    for index in range(5):
        assert program.execute(index).outcome == "ok"
    fork = forked(program)
    first = texts(program, STATE, 5)
    for _ in range(2):
        program.restore(fork)
        assert first == texts(program, STATE, 5)


def test_fork_of_what_was_a_fork(start: Starter) -> None:
    """One could go back only once, or not from where one had gone back to."""
    program = start(checkpoints=True)
    program.run("x = [1]")
    fork = forked(program)
    program.run("x.append(2)")
    program.restore(fork)
    program.run("x.append(3)")
    later = forked(program)
    program.run("x.append(4)")
    program.restore(later)
    assert ["[1, 3]"] == [ran.text for ran in program.run("x")]
    program.restore(fork)
    assert ["[1]"] == [ran.text for ran in program.run("x")]


QUIET = """\
import os, signal
os.register_at_fork(*[], before=lambda: print("before"), after_in_child=lambda: print("in child"))
seen = []; old = signal.signal(signal.SIGCHLD, lambda *_: seen.append("SIGCHLD"))
"""


def test_forks_are_invisible_to_the_program(start: Starter) -> None:
    """The program's own fork hooks would run, or its `wait` return a child that it never started."""
    program = start(checkpoints=True, options=("-W", "error"))
    assert program.run(QUIET)[-1].outcome == "ok"
    before = program.latest
    fork = forked(program)
    (asked,) = program.run("seen, os.sys.exc_info()")
    assert "([], (None, None, None))" == asked.text
    (waited,) = program.run("os.wait()")
    assert waited.failure is not None
    assert "ChildProcessError" == waited.failure.name
    program.restore(fork)
    (again,) = program.run("seen")
    assert "[]" == again.text
    assert (b"", b"") == (before.out, before.err)
    assert (b"", b"") == (again.out, again.err)


ENDINGS = """\
import atexit, tempfile, os
folder = tempfile.TemporaryDirectory(dir=os.path.dirname(__file__)); name = folder.name
_ = atexit.register(print, "the end")
"""


def test_fork_that_is_dropped_runs_nothing_at_exit(start: Starter) -> None:
    """It would run the program's `atexit` functions and remove its files."""
    program = start(checkpoints=True)
    program.run(ENDINGS)
    (name,) = program.run("print(name)")
    folder = Path(name.out.decode().strip())
    fork = forked(program)
    forked(program).discard()
    fork.discard()
    program.wait(fork.ended)
    assert folder.is_dir()
    last = program.latest
    assert 0 == program.finish()
    assert b"the end\n" in last.out
    assert not folder.exists()


def test_promoted_fork_ends_as_usual(start: Starter) -> None:
    """The program's `atexit` functions would not run, or twice."""
    program = start(checkpoints=True)
    program.run(ENDINGS)
    fork = forked(program)
    program.restore(fork)
    (last,) = program.run("None")
    assert 0 == program.finish()
    assert b"the end\n" == last.out


def test_fork_ends_with_its_channel(start: Starter) -> None:
    """A fork would outlive the server."""
    program = start(checkpoints=True)
    fork = forked(program)
    fork._conversation.close()
    program.wait(fork.ended)


def test_exit_of_a_promoted_fork_is_reported(start: Starter) -> None:
    """How a process that was a fork ends could not be known: another process made it."""
    program = start(checkpoints=True)
    fork = forked(program)
    program.restore(fork)
    ended = program.run("import os, signal; os.kill(0 or os.getpid(), signal.SIGSEGV)")[-1]
    assert ("died", -11) == (ended.outcome, ended.code)
    program.restore(fork)
    ended = program.run("import os; os._exit(3)")[-1]
    assert ("died", 3) == (ended.outcome, ended.code)


REFUSED = [
    ("import threading; t = threading.Timer(100, int); t.name = 'A'; t.start()", "threads (A)"),
    ("import socket; s = socket.socket()", "a socket"),
    ("import os; pipe = os.pipe()", "a pipe"),
    ("f = open(__file__ + '.log', 'w')", "open for writing"),
    ("import sqlite3; d = sqlite3.connect(__file__ + '.db'); d.execute('create table t (x)');", ".db"),
    ("import signal; signal.alarm(100); None", "an alarm"),
    ("import subprocess; p = subprocess.Popen(['sleep', '100'])", "processes"),
    ("import multiprocessing; multiprocessing.Process();", "multiprocessing"),
    ("import mmap; m = mmap.mmap(-1, 4096)", "shares memory"),
    ("import select; e = select.epoll()", "eventpoll"),
    ("import os; me = os.getpid()", "process id"),
    ("import time; begin = time.process_time()", "processor time"),
    ("import asyncio; await asyncio.sleep(0)", "open"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), REFUSED, ids=[r for _, r in REFUSED])
def test_states_that_no_fork_would_share(start: Starter, source: str, reason: str) -> None:
    """A fork would hang, or do to the outside what the program does."""
    program = start(source=source, checkpoints=True)
    assert "ok" == program.run(source)[-1].outcome, program.latest
    refused = program.fork()
    assert isinstance(refused, Refusal), refused
    assert reason in refused.reason
    assert "1" == program.run("1")[-1].text


HARMLESS = """\
import os, socket, subprocess, threading, mmap, tempfile
with socket.socket() as s: pass
subprocess.run(["true"]).returncode
threading.Thread(target=int).start()
with open(__file__ + ".log", "w") as f: f.write("x") and None
random = open("/dev/urandom", "rb", buffering=0)
with tempfile.TemporaryFile() as f: pass
here = os.open(".", os.O_RDONLY)
with open(__file__) as f: shown = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
"""


def test_what_is_over_is_no_obstacle(start: Starter) -> None:
    """A program that once had a thread, a socket or a child would never get a checkpoint again."""
    program = start(source=HARMLESS, checkpoints=True)
    program.run(HARMLESS)
    assert "ok" == program.latest.outcome, program.latest
    tasks = Path(f"/proc/{program.worker.pid}/task")
    program.until(lambda: len(list(tasks.iterdir())) == 1)
    fork = forked(program)
    program.restore(fork)
    assert "b'imp'" == program.run("shown[:3]")[-1].text


def test_without_checkpoints(start: Starter) -> None:
    """Where they are off, asking for one would do something all the same."""
    refused = start().fork()
    assert isinstance(refused, Refusal)
    assert "without checkpoints" in refused.reason
