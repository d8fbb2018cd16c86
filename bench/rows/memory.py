"""How much memory an idle document costs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.kernel import Kernel
from bench.measure import Goal, Row
from bench.processes import descendants, private_memory
from bench.server import Rdit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measure import Contestants


def rows() -> list[Row]:
    """Memory that a document does not share with the others."""
    return [
        Row("unshared memory of an idle worker", "MB", idle_workers, Goal(12), 3, 1),
        Row("unshared memory below the server, each document", "MB", all_below, Goal(12), 3, 1),
    ]


DOCUMENTS = 10


@contextmanager
def idle_workers() -> Iterator[Contestants]:
    """The mean over ten documents that have run one statement; a kernel that has."""
    with ten_documents() as rdit, Kernel() as kernel:
        kernel.run("1+1")
        yield {"rdit": lambda: mean_of_workers(rdit), "ipykernel": lambda: kernel_memory(kernel)}


@contextmanager
def all_below() -> Iterator[Contestants]:
    """As `idle_workers`, with every spare process and checkpoint counted."""
    with ten_documents() as rdit:
        yield {"rdit": lambda: sum_below(rdit) / DOCUMENTS}


@contextmanager
def ten_documents() -> Iterator[Rdit]:
    """A server with ten documents that have run one statement."""
    with Rdit() as rdit:
        for _ in range(DOCUMENTS):
            rdit.document("1+1\n").execute()
        rdit.client.listen(1.0)
        yield rdit


def mean_of_workers(rdit: Rdit) -> float:
    """Private memory of the live workers, in MB."""
    sessions = rdit.client.request("rdit/status", {})["sessions"]
    return sum(private_memory(session["pid"]) for session in sessions) / len(sessions)


def sum_below(rdit: Rdit) -> float:
    """Private memory of all processes below the server, in MB."""
    return sum(map(private_memory, descendants(rdit.client.pid)))


def kernel_memory(kernel: Kernel) -> float:
    """Private memory of the kernel, in MB."""
    return private_memory(kernel.pid)
