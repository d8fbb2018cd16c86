"""What much output costs: the server's memory, the user's code, and the next command."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.kernel import Kernel
from bench.measure import Goal, Row
from bench.processes import peak_memory, reset_peak, resident_memory
from bench.rows.statements import timed
from bench.server import FailedError, Rdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.measure import Contestants
    from bench.server import Document


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


@contextmanager
def endless_memory() -> Iterator[Contestants]:
    """Peak growth over three seconds of printing, then an interrupt."""
    with Rdit() as rdit:
        document = rdit.document("1\n" + ENDLESS)
        document.statement(1)
        yield {"rdit": lambda: growth(rdit, lambda: flood(document, 3))}


@contextmanager
def at_once_memory() -> Iterator[Contestants]:
    """Peak growth over one huge print."""
    with Rdit() as rdit:
        document = rdit.document("1\n" + AT_ONCE)
        document.statement(1)
        yield {"rdit": lambda: growth(rdit, lambda: document.statement(2))}


@contextmanager
def printing() -> Iterator[Contestants]:
    """How long the user's own code takes to print, as it measures itself."""
    with Rdit() as rdit, Kernel() as kernel:
        document = rdit.document(PRINTING)
        yield {
            "rdit": lambda: printing_of_rdit(document),
            "pipe reader": printing_of_pipe,
            "ipykernel": lambda: printing_of_kernel(kernel),
        }


@contextmanager
def status_in_flood() -> Iterator[Contestants]:
    """A request answered while another document prints without end."""
    with Rdit() as rdit:
        document = rdit.document("1\n" + ENDLESS)
        document.statement(1)
        run = document.start_statement(2)
        rdit.client.listen(0.5)
        yield {"rdit": lambda: timed(document.status)}
        document.interrupt()
        document.finish(run, status="interrupted")


def flood(document: Document, seconds: float) -> None:
    """Print without end for so long, then interrupt."""
    run = document.start_statement(2)
    document.client.listen(seconds)
    document.interrupt()
    document.finish(run, status="interrupted")


def growth(rdit: Rdit, action: Callable[[], object]) -> float:
    """Peak resident memory of the server during `action` above that before, in MB."""
    reset_peak(rdit.client.pid)
    before = resident_memory(rdit.client.pid)
    action()
    rdit.client.received.clear()
    return peak_memory(rdit.client.pid) - before


def printing_of_rdit(document: Document) -> float:
    """The script's own measurement under rdit, in ms."""
    results = document.execute()["results"]
    values = [item["text"] for item in results[-1]["output"] if item["type"] == "result"]
    if not values:
        raise FailedError(f"no value in {results[-1]}")
    document.client.received.clear()
    return float(values[0]) * 1e3


def printing_of_pipe() -> float:
    """The script's own measurement under a bare reader of its pipe, in ms."""
    source = PRINTING.removesuffix("spent\n") + "import sys\nprint(spent, file=sys.stderr)\n"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    return float(done.stderr) * 1e3


def printing_of_kernel(kernel: Kernel) -> float:
    """The script's own measurement under ipykernel, in ms."""
    contents = [message["content"] for _, message in kernel.outputs(kernel.start(PRINTING))]
    time.sleep(0.1)
    kernel.drop_messages()
    (value,) = (content["data"]["text/plain"] for content in contents if "data" in content)
    return float(value) * 1e3
