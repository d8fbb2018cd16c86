"""The host: how long it takes until something can be seen, what a message costs, and what it holds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.floor import Floor
from bench.measure import Goal, Row
from bench.processes import resident_memory, shared_memory
from bench.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.measure import Contestants, Sample
    from bench.server import Document


def rows() -> list[Row]:
    """With a host that runs, and beside it without one."""
    return [
        Row("first result from server start, host warm", "ms", first_result, Goal(100), 12, 21),
        Row("hover, through the host", "ms", hover, Goal(1.05, "without host"), 12, 101),
        Row("memory of an idle host", "MB", idle_memory, Goal(60), 12, 3),
        Row("memory of a forwarder", "MB", forwarder_memory, Goal(15), 12, 3),
    ]


async def first_result(stage: Stage) -> Contestants:
    """From starting `rdit-lsp` to the reply of the first execute; Python and one statement, to compare."""
    env = stage.host()
    await stage.rdit(env)  # It keeps the host.
    return {
        "rdit": timed_start(env),
        "without host": timed_start(None),
        "bare worker": bare_worker,
    }


def timed_start(env: Mapping[str, str] | None) -> Sample:
    """The time to start a server and run `1+1` in a new document, in ms."""

    async def sample() -> float:
        async with Stage() as stage:
            started = time.perf_counter()
            rdit = await stage.rdit(env, keepSessions="off")
            await rdit.ran("1+1\n")
            return (time.perf_counter() - started) * 1e3

    return sample


async def bare_worker() -> float:
    """The time to start a child and have it run `1+1`, in ms."""
    started = time.perf_counter()
    with Floor() as floor:
        floor.run("1+1")
        return (time.perf_counter() - started) * 1e3


async def hover(stage: Stage) -> Contestants:
    """A request for what is at a value, and its reply."""
    env = stage.host()
    through = await (await stage.rdit(env)).ran("x = 1\nx\n")
    without = await stage.ran("x = 1\nx\n")
    return {"rdit": timed_hover(through), "without host": timed_hover(without)}


def timed_hover(document: Document) -> Sample:
    """The time of one hover, in ms."""

    async def sample() -> float:
        started = time.perf_counter()
        await document.hover(1)
        return (time.perf_counter() - started) * 1e3

    return sample


async def idle_memory(stage: Stage) -> Contestants:
    """Of a host that has served a client, which is gone; resident, and proportional."""
    pid = await host_process(stage)
    return {"rdit": lambda: value(resident_memory(pid)), "PSS": lambda: value(shared_memory(pid))}


async def forwarder_memory(stage: Stage) -> Contestants:
    """Of one of twenty; resident, and proportional."""
    env = stage.host()
    pids = [(await stage.rdit(env)).process.pid for _ in range(20)]
    return {
        "rdit": lambda: value(resident_memory(pids[-1])),
        "PSS": lambda: value(shared_memory(pids[-1])),
    }


async def host_process(stage: Stage) -> int:
    """A host without clients; its process."""
    env = stage.host()
    async with Stage() as one:
        rdit = await one.rdit(env, keepSessions="off")
        await rdit.ran("1+1\n")
        return int(Path(env["RDIT_HOST_DIR"], "host-1.pid").read_text().split()[0])


async def value(found: float) -> float:
    """A sample that takes no time."""
    return found
