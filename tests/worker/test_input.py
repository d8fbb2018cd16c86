"""A program that asks for a line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.conftest import Ran, Starter


def test_nobody_answers(start: Starter) -> None:
    """Standard input is at its end: nothing waits for ever."""
    program = start()
    done = program.run(
        "import sys\nsys.stdin.read()\nlist(sys.stdin)\n"
        "import subprocess\nsubprocess.run(['cat'], stdout=subprocess.PIPE).stdout\ninput('? ')\n"
    )
    assert [ran.text for ran in done[1:5]] == ["''", "[]", None, "b''"]
    assert (done[5].outcome, done[5].raised.name, done[5].out) == ("error", "EOFError", b"? ")


def test_answers(start: Starter) -> None:
    """Each way to read a line asks for one; what was printed before is seen first."""
    program = start(answers=["one", "two é😀", "three", None, "four", "", "six", "seven", None])
    done = program.run(
        "import sys\ninput('name? ')\nsys.stdin.readline()\nnext(sys.stdin)\nsys.stdin.read()\n"
        "input()\ninput()\nprint('x', end=''); input()\nlist(sys.stdin)\n"
    )
    texts = [ran.text for ran in done if ran.text is not None]
    assert texts == [
        "'one'",
        "'two é😀\\n'",
        "'three\\n'",
        "''",
        "'four'",
        "''",
        "'six'",
        "['seven\\n']",
    ]
    assert done[1].out == b"name? "
    assert done[1].events == ["stdout", "input"]
    assert program.questions == [False] * 9


def test_password(start: Starter) -> None:
    """`getpass` has no terminal; the client gets to know that the line must not be shown."""
    program = start(answers=["secret", "open"])
    done = program.run("import getpass\ngetpass.getpass('Password: ')\ninput()\n")
    assert [ran.text for ran in done[1:]] == ["'secret'", "'open'"]
    # Without the warning that it cannot be hidden.
    assert done[1].err == b"Password: \n"
    assert program.questions == [True, False]


def test_end_of_file(start: Starter) -> None:
    """No answer is the end of the file, once."""
    program = start(answers=[None, "more"])
    done = program.run("try: input()\nexcept EOFError: print('end')\ninput()\n")
    assert (done[0].out, done[1].text) == (b"end\n", "'more'")


def test_interrupt_while_it_waits(start: Starter) -> None:
    """The question is withdrawn; an answer that comes too late is not the next question's."""
    program = start(answers=["wait", "right"])
    program.prepare("input()\ninput()\n")

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(0))
        while not program.questions:
            await program.news()
        program.worker.interrupt()
        ran = await running
        program.late_answers[0]("too late")
        return ran

    assert program.wait(work()).outcome == "interrupted"
    assert program.execute(1).text == "'right'"


def test_output_while_it_waits(start: Starter) -> None:
    """A thread goes on while the main thread waits for the answer."""
    program = start(answers=["wait"])
    program.run("import threading\ngo = threading.Event()\n")
    program.prepare(
        "threading.Thread(target=lambda: (go.wait(), print('thread', flush=True))).start()\n"
        "(print('question', flush=True), go.set(), input())[2]\n"
    )
    first = program.execute(0)

    async def work() -> Ran:
        running = asyncio.ensure_future(program.executing(1))
        while not program.questions or first.out != b"thread\n":
            await program.news()
        program.late_answers[0]("now")
        return await running

    assert program.wait(work()).text == "'now'"


def test_other_threads_and_processes_read_nothing(start: Starter) -> None:
    """Only the main thread of the document's process may ask."""
    program = start(answers=["mine"])
    done = program.run(
        "import threading, sys, os\n"
        "t = threading.Thread(target=lambda: print(repr(sys.stdin.readline()))); t.start(); t.join()\n"
        "pid = os.fork()\n"
        "if pid == 0: os._exit(0 if sys.stdin.readline() == '' else 1)\n"
        "os.waitpid(pid, 0)[1]\ninput()\n"
    )
    assert b"".join(ran.out for ran in done) == b"''\n"
    assert [done[-2].text, done[-1].text] == ["0", "'mine'"]
