"""Interrupts, alarms and the user's own handlers: they strike user code and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.worker.conftest import Program, Ran, Starter


HAMMER = """
import os, random, sys, time
print("begun", flush=True)
while True:
    os.kill(int(sys.argv[1]), 2)
    time.sleep(random.random() * 0.001)
"""


def interrupted(program: Program, index: int, sign: str = "go\n") -> Ran:
    """Run statement `index` and interrupt it once it has printed `sign`."""

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(index))
        while sign.encode() not in program.latest.out:
            await program.news()
        while not running.done():
            # As `stopping.Ladder` does: CPython's own loops look for signals before a call that blocks, and
            # one that comes between the look and the call is not noticed while that lasts.
            program.worker.interrupt()
            await asyncio.wait([running], timeout=10)
        return await running

    return program.wait(work())


def test_interrupt(start: Starter) -> None:
    """It stops a loop, a sleep and a wait for a child; variables and the next statement are there."""
    program = start()
    for busy in (
        "while True: n += 1",
        "import time; time.sleep(100)",
        "import subprocess; subprocess.run(['sleep', '100'])",
        "import threading; threading.Event().wait(100)",
        "sum(1 for _ in iter(int, 1))",
        "import os; os.read(os.pipe()[0], 1)",
        "list(map(lambda _: 0, iter(int, 1)))",
    ):
        source = f"n = 1\nif 1:\n    print('go', flush=True)\n    {busy}\n"
        program.prepare(source)
        assert program.execute(0).outcome == "ok"
        ran = interrupted(program, 1)
        assert ran.outcome == "interrupted", busy
        assert ran.failure.name == "KeyboardInterrupt"
        assert ran.error.endswith("KeyboardInterrupt\n")
        assert ran.failure.frames[0].line in (3, 4)
        assert program.run("n > 0")[0].text == "True"


def test_interrupt_that_is_caught(start: Starter) -> None:
    """As under plain Python, a program may answer Ctrl-C itself."""
    program = start()
    program.prepare(
        "import time\ntry:\n    print('go', flush=True); time.sleep(100)\n"
        "except KeyboardInterrupt:\n    print('caught')\n"
    )
    program.execute(0)
    ran = interrupted(program, 1)
    assert (ran.outcome, ran.out) == ("ok", b"go\ncaught\n")


def test_interrupt_in_a_repr(start: Starter) -> None:
    """Showing the value is part of the statement."""
    program = start()
    program.run(
        "class Slow:\n    def __repr__(self):\n        print('go', flush=True)\n        while True: pass\n"
    )
    program.prepare("Slow()")
    assert interrupted(program, 0).outcome == "interrupted"


def test_interrupt_inside_await(start: Starter) -> None:
    """The task is cancelled, as by `asyncio.run`, and later statements use the same loop."""
    program = start()
    source = """
import asyncio
async def wait():
    try:
        print("go", flush=True)
        await asyncio.sleep(100)
    finally:
        print("cleaned up")
await wait()
await asyncio.sleep(0, "later")
"""
    program.prepare(source)
    program.execute(0)
    program.execute(1)
    ran = interrupted(program, 2)
    assert (ran.outcome, ran.out) == ("interrupted", b"go\ncleaned up\n")
    assert program.execute(3).text == "later" or program.execute(3).text == "'later'"


def test_ignored_interrupt(start: Starter) -> None:
    """A program that ignores SIGINT goes on."""
    program = start()
    program.prepare(
        "import signal, os\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "if 1:\n    os.kill(os.getpid(), signal.SIGINT)\n    print('still here')\n"
        "signal.getsignal(signal.SIGINT) == signal.SIG_IGN\n"
    )
    done = [program.execute(index) for index in range(4)]
    assert [ran.outcome for ran in done] == ["ok"] * 4
    assert (done[2].out, done[3].text) == (b"still here\n", "True")


def test_users_handlers(start: Starter) -> None:
    """A handler stays the user's across statements, is found by `getsignal`, and runs in user code."""
    program = start()
    done = program.run(
        """
import os, signal, sys
def handler(number, frame):
    print("handled", number == signal.SIGUSR1, frame.f_code.co_filename == __file__)
before = signal.signal(signal.SIGUSR1, handler)
signal.getsignal(signal.SIGUSR1) is handler
signal.getsignal(signal.SIGINT) is signal.default_int_handler
os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGUSR1, signal.SIG_DFL) is handler
def angry(number, frame): raise ValueError("from the handler")
before = signal.signal(signal.SIGUSR2, angry)
os.kill(os.getpid(), signal.SIGUSR2), [0] * 100
"""
    )
    assert [done[n].text for n in (3, 4, 6)] == ["True"] * 3
    assert done[5].out == b"handled True True\n"
    assert done[-1].error.endswith("ValueError: from the handler\n")
    assert program.run("1")[0].text == "1"


def test_alarms_at_a_high_rate(start: Starter) -> None:
    """A timer at 1 kHz strikes anywhere; its handler runs, and results stay in step."""
    program = start()
    program.run(
        """
import signal
ticks = 0
def tick(*_):
    global ticks
    ticks += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
"""
    )
    source = "\n".join(f"x = {n}\nx" for n in range(300))
    spans = program.prepare(source)
    texts = [program.execute(index).text for index in range(len(spans))]
    assert texts[1::2] == [str(n) for n in range(300)]
    done = program.run("while ticks < 20: pass\nsignal.setitimer(signal.ITIMER_REAL, 0); None\n")
    assert [ran.outcome for ran in done] == ["ok"] * 3


def test_alarms_that_raise(start: Starter) -> None:
    """The handler's exception ends the statement it strikes, never the protocol."""
    program = start()
    program.run(
        """
import signal
class Tick(Exception): pass
left = 200
def tick(*_):
    global left
    left -= 1
    if left <= 0:
        signal.setitimer(signal.ITIMER_REAL, 0)
    raise Tick
signal.signal(signal.SIGALRM, tick)
"""
    )
    # The alarms end by themselves: a slow machine runs no statement that would stop them.
    source = "signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)\n" + "\n".join(
        f"sum(range(2000)) - 1999000 + {n}" for n in range(400)
    )
    spans = program.prepare(source)
    outcomes = set()
    for index in range(len(spans)):
        ran = program.execute(index)
        outcomes.add(ran.outcome)
        if index and ran.outcome == "ok":
            # The alarm may also strike while the value is being shown; the statement is well then.
            assert ran.text in (str(index - 1), "<int object whose repr raised Tick>")
        elif ran.outcome == "error":
            assert ran.failure.name == "Tick", ran
    assert outcomes == {"ok", "error"}
    for _ in range(1000):
        program.run("signal.setitimer(signal.ITIMER_REAL, 0)")
        last = program.run("signal.getitimer(signal.ITIMER_REAL)")
        if last and last[0].text == "(0.0, 0.0)":
            break
    assert program.run("[5]")[0].text == "[5]"


def test_hammer(start: Starter) -> None:
    """Interrupts at any moment, within statements and between: each has one outcome, its own."""
    program = start()
    count = 500
    source = "\n".join(f"sum(range(20_000)) * 0 + {n}" for n in range(count))
    program.prepare(source)
    command = [sys.executable, "-c", HAMMER, str(program.worker.pid)]
    hammer = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert hammer.stdout.readline() == b"begun\n"
        done = [program.execute(index) for index in range(count)]
    finally:
        hammer.kill()
        hammer.communicate()
    outcomes = [ran.outcome for ran in done]
    assert set(outcomes) <= {"ok", "interrupted"}
    assert "interrupted" in outcomes
    assert "ok" in outcomes
    assert [ran.text for ran in done] == [
        str(n) if ran.outcome == "ok" else None for n, ran in enumerate(done)
    ]
    assert program.run("'alive'")[0].text == "alive"
    assert program.finish() == 0


def test_interrupt_between_statements_dies_with_it(start: Starter) -> None:
    """Ctrl-C at an idle program changes nothing for the next statement."""
    program = start()
    for n in range(20):
        program.worker.interrupt()
        assert program.run(f"{n} + 0")[0].text == str(n)


def test_signal_that_ends_the_process_between_statements(start: Starter) -> None:
    """SIGTERM with its default handler is a crash wherever it strikes."""
    program = start()
    program.run(
        "import subprocess, os; child = subprocess.Popen(['sh', '-c', 'kill -TERM %d' % os.getpid()])"
    )
    if program.worker.exited is None:
        program.until(lambda: program.worker.exited is not None)
    assert program.finish() == -15
