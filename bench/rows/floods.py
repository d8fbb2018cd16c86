"""What much output costs: the server's memory, the user's code, and the next command."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench.measure import Goal, Row, timed
from bench.processes import peak_memory, reset_peak, resident_memory
from bench.server import FailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.kernel import Kernel
    from bench.measure import Contestants, Sample
    from bench.server import Document
    from bench.stage import Stage


def rows() -> list[Row]:
    """Floods of several shapes."""
    return [
        Row("server memory under an endless print", "MB", endless_memory, Goal(50), 3, 3),
        Row("server memory under 100 MB at once", "MB", at_once_memory, Goal(50), 3, 3),
        Row("200,000 printed lines", "ms", printing, Goal(3, "pipe reader"), 3, 7),
        Row("`rdit/status` during a flood", "ms", status_in_flood, Goal(50), 3, 20),
    ]


ENDLESS = "while True:\n    print('a line of output that is neither short nor long')\n"
AT_ONCE = "print('x' * 100_000_000)\n"
PRINTING = """\
import time
started = time.perf_counter()
for number in range(200_000):
    print("line", number)
spent = time.perf_counter() - started
spent
"""
"""Measures itself: how long the printing took, as the last statement's value, in seconds."""


async def endless_memory(stage: Stage) -> Contestants:
    """Peak growth over three seconds of printing, then an interrupt."""
    document = await one_and(stage, ENDLESS)
    return {"rdit": growth(document, lambda: flood(document, 3))}


async def at_once_memory(stage: Stage) -> Contestants:
    """Peak growth over one huge print."""
    document = await one_and(stage, AT_ONCE)
    return {"rdit": growth(document, lambda: document.statement(2))}


async def printing(stage: Stage) -> Contestants:
    """How long the user's own code takes to print, as it measures itself."""
    document, kernel = (await stage.rdit()).document(PRINTING), stage.kernel()
    return {
        "rdit": lambda: printing_of_rdit(document),
        "pipe reader": printing_of_pipe,
        "ipykernel": lambda: printing_of_kernel(kernel),
    }


async def status_in_flood(stage: Stage) -> Contestants:
    """A request answered while another document prints without end."""
    document = await one_and(stage, ENDLESS)
    run = document.start_statement(2)

    async def stop() -> None:
        document.stop()
        await document.finish(run, status="interrupted")

    stage.at_end(stop)
    await asyncio.sleep(0.5)
    return {"rdit": timed(document.session)}


async def one_and(stage: Stage, source: str) -> Document:
    """A document whose first statement has run, and that has this source below."""
    document = (await stage.rdit()).document(f"1\n{source}")
    await document.statement(1)
    return document


async def flood(document: Document, seconds: float) -> None:
    """Print without end for so long, then interrupt."""
    run = document.start_statement(2)
    await asyncio.sleep(seconds)
    document.stop()
    await document.finish(run, status="interrupted")


def growth(document: Document, action: Callable[[], Awaitable[object]]) -> Sample:
    """Peak resident memory of the server during `action` above that before, in MB."""
    server = document.editor.process.pid

    async def sample() -> float:
        reset_peak(server)
        before = resident_memory(server)
        await action()
        document.editor.inbox.clear()
        return peak_memory(server) - before

    return sample


async def printing_of_rdit(document: Document) -> float:
    """The script's own measurement under rdit, in ms."""
    results = (await document.execute())["results"]
    values = [item["text"] for item in results[-1]["output"] if item["type"] == "result"]
    if not values:
        raise FailedError(f"no value in {results[-1]}")
    document.editor.inbox.clear()
    return float(values[0]) * 1e3


async def printing_of_pipe() -> float:
    """The script's own measurement under a bare reader of its pipe, in ms."""
    source = PRINTING.removesuffix("spent\n") + "import sys\nprint(spent, file=sys.stderr)\n"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    return float(done.stderr) * 1e3


async def printing_of_kernel(kernel: Kernel) -> float:
    """The script's own measurement under ipykernel, in ms."""
    contents = [message["content"] for _, message in kernel.outputs(kernel.start(PRINTING))]
    time.sleep(0.1)
    kernel.drop_messages()
    (value,) = (content["data"]["text/plain"] for content in contents if "data" in content)
    return float(value) * 1e3
