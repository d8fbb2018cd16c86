"""How long it takes until something can be seen: the server's start, and the command line."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from support.lsp_client import LspClient

from bench import bare_server
from bench.measure import Goal, Row, timed
from bench.server import CAPABILITIES, COMMAND_LINE
from bench.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.measure import Contestants, Sample


def rows() -> list[Row]:
    """Starts."""
    return [
        Row("first result from server start", "ms", first_result, Goal(1.15, "bare pygls"), 2, 11),
        Row(
            "`rdit run` of one line",
            "ms",
            partial(command_line, source=ONE_LINE),
            Goal(6, "python FILE"),
            2,
            11,
        ),
        Row(
            "`rdit run` of a second's work",
            "ms",
            partial(command_line, source=ONE_SECOND),
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


async def first_result(_: Stage) -> Contestants:
    """From starting the process to the reply of the first execute; to `initialize`'s for pygls."""
    return {"rdit": timed_start(start_rdit), "bare pygls": timed_start(start_bare)}


async def command_line(stage: Stage, *, source: str) -> Contestants:
    """The same file with `rdit run` and with `python`."""
    path = stage.folder() / "script.py"
    path.write_text(source, encoding="utf-8")
    run = [COMMAND_LINE, "run", "--python", sys.executable, str(path)]
    return {
        "rdit": timed(lambda: subprocess.run(run, check=True, capture_output=True)),
        "python FILE": timed(stage.python(source)),
    }


async def start_rdit(stage: Stage) -> None:
    """A server that has given its first result."""
    await stage.ran("1+1\n")


async def start_bare(stage: Stage) -> None:
    """A pygls server that has answered `initialize`."""
    client = stage.ends(await LspClient().launch([sys.executable, bare_server.__file__]))
    await client.initialize(CAPABILITIES, {})


def timed_start(start: Callable[[Stage], Awaitable[None]]) -> Sample:
    """The time to start a server, in ms; ending it is not measured."""

    async def sample() -> float:
        async with Stage() as stage:
            started = time.perf_counter()
            await start(stage)
            return (time.perf_counter() - started) * 1e3

    return sample
