"""Inspection in the middle of a statement: by a signal that the program neither sees nor loses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rdit_lsp.process.fork import Fork

if TYPE_CHECKING:
    from worker.conftest import Program, Ran, Starter

SECONDS = 30.0


def looked_at(program: Program, start: Starter, source: str) -> tuple[bool, Ran]:
    """Whether the last statement of `source` can be inspected once it prints `waits`, and how it ended."""
    seen = start.folder / "seen"
    seen.unlink(missing_ok=True)
    spans = program.prepare(source.format(seen=str(seen)))
    assert spans is not None
    for index in range(len(spans) - 1):
        assert program.execute(index).outcome == "ok"

    async def work() -> tuple[bool, Ran]:
        running = asyncio.ensure_future(program.executing(len(spans) - 1))
        while b"waits\n" not in program.latest.out:
            await program.news()
        fork = await program.worker.fork_for_inspection(SECONDS)
        if fork is not None:
            fork.discard()
            await fork.ended
        seen.touch()
        return fork is not None, await running

    return program.wait(work())


STATEMENT = "if 1:\n    print('waits')\n    while not os.path.exists({seen!r}): pass\n"


def test_signal_is_the_programs(start: Starter) -> None:
    """It shows as under plain Python, and is free to be used, given back and used again."""
    program = start(checkpoints=True)
    above = "import os, signal\n"
    is_inspected, ran = looked_at(program, start, above + STATEMENT)
    assert (is_inspected, ran.outcome) == (True, "ok")
    shown = program.run(
        "signal.getsignal(signal.SIGURG), signal.signal(signal.SIGURG, signal.SIG_IGN)"
    )
    assert shown[0].text == "(<Handlers.SIG_DFL: 0>, <Handlers.SIG_DFL: 0>)"
    is_inspected, ran = looked_at(program, start, STATEMENT)
    assert (is_inspected, ran.outcome) == (False, "ok")
    assert program.run("signal.signal(signal.SIGURG, signal.SIG_DFL)")[0].text is not None
    is_inspected, ran = looked_at(program, start, STATEMENT)
    assert (is_inspected, ran.outcome) == (True, "ok")


def test_programs_own_handler_is_not_called(start: Starter) -> None:
    """Not even where it is set by the very statement that is to be inspected."""
    program = start(checkpoints=True)
    source = (
        "import os, signal\ncalled = []\n"
        "if 1:\n    old = signal.signal(signal.SIGURG, lambda *_: called.append(1))\n"
        "    print('waits')\n    while not os.path.exists({seen!r}): pass\n"
    )
    is_inspected, ran = looked_at(program, start, source)
    assert (is_inspected, ran.outcome) == (False, "ok")
    assert program.run("called, signal.raise_signal(signal.SIGURG), called, old")[0].text == (
        "([1], None, [1], <Handlers.SIG_DFL: 0>)"
    )


def test_going_back_to_where_the_signal_was_taken(start: Starter) -> None:
    """The server would signal a program that it knows nothing of."""
    program = start(checkpoints=True)
    program.run("import os, signal\nsignal.signal(signal.SIGURG, signal.SIG_IGN)\n0\n")
    fork = program.fork()
    assert isinstance(fork, Fork), fork
    program.restore(fork)
    assert not looked_at(program, start, STATEMENT)[0]
    assert not program.worker._is_inspectable


def test_child_of_the_program_that_takes_the_signal(start: Starter) -> None:
    """It shares the socket to the server with its parent, and must not speak for it."""
    program = start(checkpoints=True)
    source = (
        "import os, signal\n"
        "if os.fork() == 0:\n    signal.signal(signal.SIGURG, print); os._exit(0)\n"
        "os.wait()[1]\n"
    )
    assert program.run(source)[-1].text == "0"
    assert looked_at(program, start, STATEMENT)[0]


def test_output_comes_without_a_signal(start: Starter) -> None:
    """C code that waits would be cut short, and the program's own descriptor for signals be written to."""
    source = """
import ctypes, signal, socket, time
libc = ctypes.CDLL(None)
here, there = socket.socketpair()
here.setblocking(False); there.setblocking(False)
signal.set_wakeup_fd(here.fileno(), warn_on_full_buffer=False)
called = []
signal.signal(signal.SIGURG, lambda *_: called.append(1))
if 1:
    for n in range(3):
        begin = time.monotonic()
        print("a line"); print("half", end="", flush=bool(n)); print(" a line")
        left = libc.usleep(60_000), libc.poll(None, 0, 60)
        assert left == (0, 0) and time.monotonic() - begin >= 0.11, left
signal.set_wakeup_fd(-1)
try: there.recv(1)
except BlockingIOError: print("nothing", called)
"""
    ran = start(checkpoints=True).run(source)
    assert [each.outcome for each in ran] == ["ok"] * len(ran), ran[-1]
    assert ran[-1].out == b"nothing []\n"
