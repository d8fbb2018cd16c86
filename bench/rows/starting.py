"""How long it takes until something can be seen: the server's start, and the command line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench import bare_server
from bench.lsp import Client
from bench.measure import Goal, Row
from bench.rows.statements import timed
from bench.server import COMMAND_LINE, Rdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bench.measure import Contestants


def rows() -> list[Row]:
    """Starts."""
    return [
        Row("first result from server start", "ms", first_result, Goal(1.15, "bare pygls"), 2, 11),
        Row(
            "`rdit run` of one line",
            "ms",
            lambda: command_line(ONE_LINE),
            Goal(6, "python FILE"),
            2,
            11,
        ),
        Row(
            "`rdit run` of a second's work",
            "ms",
            lambda: command_line(ONE_SECOND),
            Goal(1.1, "python FILE"),
            2,
            7,
        ),
    ]


ONE_LINE = "print('hello')\n"
ONE_SECOND = "total = 0\n" + 20 * (
    "for number in range(700_000):\n    total += number * number\nprint(total)\n"
)
"""About a second of plain Python in forty statements."""


@contextmanager
def first_result() -> Iterator[Contestants]:
    """From starting the process to the reply of the first execute; to `initialize`'s for pygls."""
    yield {
        "rdit": lambda: timed_start(start_rdit),
        "bare pygls": lambda: timed_start(start_bare),
    }


@contextmanager
def command_line(source: str) -> Iterator[Contestants]:
    """The same file with `rdit run` and with `python`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.py")
        path.write_text(source, encoding="utf-8")
        ours: list[str | Path] = [COMMAND_LINE, "run", "--python", sys.executable, path]
        yield {
            "rdit": lambda: timed(lambda: call(ours)),
            "python FILE": lambda: timed(lambda: call([sys.executable, path])),
        }


def start_rdit() -> Rdit:
    """A server that has given its first result."""
    rdit = Rdit()
    rdit.document("1+1\n").execute()
    return rdit


def start_bare() -> Client:
    """A pygls server that has answered `initialize`."""
    client = Client([sys.executable, bare_server.__file__])
    client.initialize()
    return client


def timed_start(start: Callable[[], AbstractContextManager[object]]) -> float:
    """Time to start a server, in ms; ending it is not measured."""
    started = time.perf_counter()
    with start():
        return (time.perf_counter() - started) * 1e3


def call(command: Sequence[str | Path]) -> None:
    """Run a command that must succeed; its output is read and dropped."""
    subprocess.run(command, check=True, capture_output=True)
