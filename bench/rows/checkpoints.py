"""Going back to earlier states: what it saves, what it costs, and looking at a program that is busy."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.floor import Floor
from bench.kernel import Kernel
from bench.measure import Goal, Row
from bench.rows.statements import expressions, timed
from bench.server import Document, FailedError, Rdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.measure import Contestants

STATEMENTS = 200
PAUSE = 0.005
"""Seconds that each statement takes: a second for all of them, as in a script that works."""
GIGABYTE = "import random\nheap = [bytes(1 << 20) for _ in range(1 << 10)]\n"
BUSY = "values = [1, 2, 3]\ncount = 0\nwhile True: count += 1\n"


def rows() -> list[Row]:
    """Edits and what follows, resets, overhead, memory, and looks."""
    return [
        Row("the last of 200 statements edited", "ms", edit_last, Goal(30), 5, 11),
        Row("the middle one edited", "ms", edit_middle, Goal(1.2, "only the work below it"), 5, 5),
        Row("that edit undone", "ms", undo, Goal(30), 5, 11),
        Row("reset until idle", "ms", reset, Goal(10), 5, 15),
        Row(
            "1,000 trivial statements, with checkpoints",
            "ms",
            lambda: overhead(expressions(1_000)),
            Goal(1.3, "without checkpoints"),
            5,
            15,
        ),
        Row(
            "a second's work, with checkpoints",
            "ms",
            lambda: overhead(working()),
            Goal(1.05, "without checkpoints"),
            5,
            7,
        ),
        Row("100 checkpoints of a 1 GB heap", "MB", hundred, Goal(200), 5, 1),
        Row("hover on a name while a loop runs", "ms", look_while_busy, Goal(50), 5, 50),
    ]


def slow(count: int = STATEMENTS, first: int = 0) -> str:
    """Statements that sleep, the last one an expression."""
    lines = [f"x{number} = sleep({PAUSE}), {number}" for number in range(first, first + count - 2)]
    return "\n".join(["from time import sleep", *lines, "1 + 1"]) + "\n"


def working() -> str:
    """About a second of plain Python in 100 statements."""
    return "total = 0\n" + 100 * "for number in range(140_000): total += number * number\n"


@contextmanager
def edit_last() -> Iterator[Contestants]:
    """From the key until the reply with the new output; the others run all of it again."""
    source = slow()
    with Rdit() as rdit, Kernel() as kernel, python_file(source) as python:
        document = rdit.document(source)
        document.execute()
        kernel.run("1+1")
        yield {
            "rdit": lambda: timed(lambda: type_and_update(document, STATEMENTS)),
            "python FILE": lambda: timed(python),
            "ipykernel, run all": lambda: timed(lambda: kernel.run(source)),
        }


@contextmanager
def edit_middle() -> Iterator[Contestants]:
    """As `edit_last`, at line 100; and a bare child that runs the lines from there on only."""
    source, middle = slow(), STATEMENTS // 2
    below = slow(middle, middle)
    with Rdit() as rdit, Kernel() as kernel, python_file(source) as python, Floor() as floor:
        document = rdit.document(source)
        document.execute()
        kernel.run("1+1")
        yield {
            "rdit": lambda: timed(lambda: type_and_update(document, middle)),
            "only the work below it": lambda: timed(lambda: floor.run(below)),
            "python FILE": lambda: timed(python),
            "ipykernel, run all": lambda: timed(lambda: kernel.run(source)),
        }


@contextmanager
def undo() -> Iterator[Contestants]:
    """An edit in the middle is run, then taken back and updated: only the latter is measured."""
    source, middle = slow(), STATEMENTS // 2
    with Rdit() as rdit:
        document = rdit.document(source)
        document.execute()

        def sample() -> float:
            type_and_update(document, middle)
            length = len(source.splitlines()[middle - 1])
            return timed(lambda: delete_and_update(document, middle, length))

        yield {"rdit": sample}


@contextmanager
def reset() -> Iterator[Contestants]:
    """The reply to `rdit/reset`, by when the session is idle with a process of its own."""
    with Rdit() as rdit:
        document = rdit.document("x = 1\n")

        def sample() -> float:
            document.execute()
            before = document.status()["pid"]
            rdit.client.listen(0.5)  # Nobody resets again at once.
            took = timed(lambda: rdit.client.request("rdit/reset", {"uri": document.uri}))
            after = document.status()
            assert after["state"] == "idle"
            assert after["pid"] not in (None, before)
            return took

        yield {"rdit": sample}


@contextmanager
def overhead(source: str) -> Iterator[Contestants]:
    """The same file from the top, with checkpoints and without."""
    with Rdit() as rdit, Rdit(checkpoints="off") as without:
        document, other = rdit.document(source), without.document(source)
        document.execute()
        other.execute()
        yield {
            "rdit": lambda: timed(lambda: document.execute(fresh=True)),
            "without checkpoints": lambda: timed(lambda: other.execute(fresh=True)),
        }


@contextmanager
def hundred() -> Iterator[Contestants]:
    """What a hundred checkpoints by hand hold that nobody else does, as the server measures it."""
    with Rdit() as rdit:
        document = rdit.document(GIGABYTE)
        document.execute()

        def sample() -> float:
            of = {"uri": document.uri}
            made = {rdit.client.request("rdit/checkpoint", of)["checkpointId"] for _ in range(100)}
            listed = rdit.client.request("rdit/checkpoints", of)["checkpoints"]
            held = [c for c in listed if c["checkpointId"] in made and c["kind"] == "process"]
            assert len(held) == 100
            return sum(checkpoint.get("memory", 0) for checkpoint in held) / (1 << 20)

        yield {"rdit": sample}


@contextmanager
def look_while_busy() -> Iterator[Contestants]:
    """A hover that shows the value of a name; ipykernel's inspection waits for the loop's end."""
    with ExitStack() as stack:
        rdit = stack.enter_context(Rdit())
        document = rdit.document(BUSY)
        request = document.start()
        stack.callback(lambda: document.finish(request, status="interrupted"))
        stack.callback(document.interrupt)
        position = {"line": 0, "character": 2}
        params = {"textDocument": {"uri": document.uri}, "position": position}

        def sample() -> float:
            return timed(lambda: look(rdit, params))

        until = time.monotonic() + 10
        while "while line" not in look(rdit, params):
            if time.monotonic() > until:
                raise FailedError("a hover does not show values of the program that runs")
        yield {"rdit": sample}


def look(rdit: Rdit, params: dict[str, object]) -> str:
    """The text of a hover."""
    answer = rdit.client.request("textDocument/hover", params)
    return str(answer["contents"]["value"]) if answer else ""


def type_and_update(document: Document, line: int) -> None:
    """Type a digit at the end of a line (from 1) and have what it changes run."""
    document.type(line - 1, 10_000, "1")
    document.execute(scope="stale")


def delete_and_update(document: Document, line: int, length: int) -> None:
    """Take back what was typed behind the first `length` characters of a line."""
    document.delete(line - 1, length)
    document.execute(scope="stale")


@contextmanager
def python_file(source: str) -> Iterator[Callable[[], object]]:
    """A function that runs `python FILE`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.py")
        path.write_text(source, encoding="utf-8")
        yield lambda: subprocess.run([sys.executable, path], check=True, capture_output=True)
