"""How much memory an idle document costs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bench.measure import Goal, Row
from bench.processes import descendants, private_memory

if TYPE_CHECKING:
    from bench.kernel import Kernel
    from bench.measure import Contestants
    from bench.server import Rdit
    from bench.stage import Stage


def rows() -> list[Row]:
    """Memory that a document does not share with the others."""
    return [
        Row("unshared memory of an idle worker", "MB", idle_workers, Goal(12), 3, 1),
        Row("unshared memory below the server, each document", "MB", all_below, Goal(12), 3, 1),
    ]


DOCUMENTS = 10


async def idle_workers(stage: Stage) -> Contestants:
    """The mean over ten documents that have run one statement; a kernel that has."""
    rdit, kernel = await ten_documents(stage), stage.kernel()
    return {"rdit": lambda: mean_of_workers(rdit), "ipykernel": lambda: memory_of_kernel(kernel)}


async def all_below(stage: Stage) -> Contestants:
    """As `idle_workers`, with every spare process and checkpoint counted."""
    rdit = await ten_documents(stage)
    return {"rdit": lambda: mean_below(rdit)}


async def ten_documents(stage: Stage) -> Rdit:
    """A server with ten documents that have run one statement."""
    rdit = await stage.rdit()
    for _ in range(DOCUMENTS):
        await rdit.ran("1+1\n")
    await asyncio.sleep(1.0)
    return rdit


async def mean_of_workers(rdit: Rdit) -> float:
    """Private memory of the live workers, in MB."""
    sessions = await rdit.status()
    return sum(private_memory(session["pid"]) for session in sessions) / len(sessions)


async def mean_below(rdit: Rdit) -> float:
    """Private memory of all processes below the server, in MB, for each document."""
    return sum(map(private_memory, descendants(rdit.process.pid))) / DOCUMENTS


async def memory_of_kernel(kernel: Kernel) -> float:
    """Private memory of the kernel, in MB."""
    return private_memory(kernel.pid)
