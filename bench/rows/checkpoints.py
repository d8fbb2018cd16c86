"""Going back to earlier states: what it saves, what it costs, and looking at a program that is busy."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from bench.measure import Goal, Row, timed
from bench.rows.statements import expressions
from bench.server import FailedError

if TYPE_CHECKING:
    from bench.measure import Contestants
    from bench.server import Document
    from bench.stage import Stage

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
            partial(overhead, source=expressions(1_000)),
            Goal(1.3, "without checkpoints"),
            5,
            15,
        ),
        Row(
            "a second's work, with checkpoints",
            "ms",
            partial(overhead, source=working()),
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


async def edit_last(stage: Stage) -> Contestants:
    """From the key until the reply with the new output; the others run all of it again."""
    source = slow()
    document, kernel = await stage.ran(source), stage.kernel()
    return {
        "rdit": timed(lambda: type_and_update(document, STATEMENTS)),
        "python FILE": timed(stage.python(source)),
        "ipykernel, run all": timed(lambda: kernel.run(source)),
    }


async def edit_middle(stage: Stage) -> Contestants:
    """As `edit_last`, at line 100; and a bare child that runs the lines from there on only."""
    source, middle = slow(), STATEMENTS // 2
    below = slow(middle, middle)
    document, kernel, floor = await stage.ran(source), stage.kernel(), stage.floor()
    return {
        "rdit": timed(lambda: type_and_update(document, middle)),
        "only the work below it": timed(lambda: floor.run(below)),
        "python FILE": timed(stage.python(source)),
        "ipykernel, run all": timed(lambda: kernel.run(source)),
    }


async def undo(stage: Stage) -> Contestants:
    """An edit in the middle is run, then taken back and updated: only the latter is measured."""
    source, middle = slow(), STATEMENTS // 2
    document = await stage.ran(source)
    length = len(source.splitlines()[middle - 1])
    undone = timed(lambda: delete_and_update(document, middle, length))

    async def sample() -> float:
        await type_and_update(document, middle)
        return await undone()

    return {"rdit": sample}


async def reset(stage: Stage) -> Contestants:
    """The reply to `rdit/reset`, by when the session is idle with a process of its own."""
    rdit = await stage.rdit()
    document = rdit.document("x = 1\n")
    reset = timed(document.reset)

    async def sample() -> float:
        await document.execute()
        before = (await document.session())["pid"]
        await asyncio.sleep(0.5)  # A person does not reset again at once.
        took = await reset()
        after = await document.session()
        assert after["state"] == "idle"
        assert after["pid"] not in (None, before)
        return took

    return {"rdit": sample}


async def overhead(stage: Stage, *, source: str) -> Contestants:
    """The same file from the top, with checkpoints and without."""
    document, other = await stage.ran(source), await stage.ran(source, checkpoints="off")
    return {
        "rdit": timed(lambda: document.execute(fresh=True)),
        "without checkpoints": timed(lambda: other.execute(fresh=True)),
    }


async def hundred(stage: Stage) -> Contestants:
    """What a hundred checkpoints by hand hold that no other process shares, as the server measures it."""
    document = await stage.ran(GIGABYTE)
    ask, of = document.editor.request, {"uri": document.uri}

    async def sample() -> float:
        made = {(await ask("rdit/checkpoint", of))["checkpointId"] for _ in range(100)}
        listed = (await ask("rdit/checkpoints", of))["checkpoints"]
        held = [c for c in listed if c["checkpointId"] in made and c["kind"] == "process"]
        assert len(held) == 100
        return float(sum(checkpoint.get("memory", 0) for checkpoint in held) / (1 << 20))

    return {"rdit": sample}


async def look_while_busy(stage: Stage) -> Contestants:
    """A hover that shows the value of a name; ipykernel's inspection waits for the loop's end."""
    document = (await stage.rdit()).document(BUSY)
    request = document.start()

    async def stop() -> None:
        document.stop()
        await document.finish(request, status="interrupted")

    stage.at_end(stop)
    until = time.monotonic() + 10
    while "while line" not in (await document.hover(0, 2) or ""):
        if time.monotonic() > until:
            raise FailedError("a hover does not show values of the program that runs")
    return {"rdit": timed(lambda: document.hover(0, 2))}


async def type_and_update(document: Document, line: int) -> None:
    """Type a digit at the end of a line (from 1) and have what it changes run."""
    document.type(line - 1, 10_000, "1")
    await document.execute(scope="stale")


async def delete_and_update(document: Document, line: int, length: int) -> None:
    """Take back what was typed behind the first `length` characters of a line."""
    document.delete(line - 1, length)
    await document.execute(scope="stale")
