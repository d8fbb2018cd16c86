"""How soon an interrupted statement has ended."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.kernel import Kernel
from bench.measure import Goal, Row
from bench.rows.statements import timed
from bench.server import Rdit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measure import Contestants
    from bench.server import Document


def rows() -> list[Row]:
    """Interrupts of Python code."""
    return [
        Row("interrupt of a busy loop", "ms", lambda: interrupt(BUSY), Goal(5), 3),
        Row("interrupt of a sleep", "ms", lambda: interrupt(ASLEEP), Goal(5), 3),
    ]


BUSY = "while True: pass"
ASLEEP = "__import__('time').sleep(60)"


@contextmanager
def interrupt(source: str) -> Iterator[Contestants]:
    """From sending the interrupt to the end of the execution it stops."""
    with Rdit() as rdit, Kernel() as kernel:
        document = rdit.document(f"1\n{source}\n")
        document.statement(1)
        yield {
            "rdit": lambda: interrupt_rdit(document),
            "ipykernel": lambda: interrupt_kernel(kernel, source),
        }


def interrupt_rdit(document: Document) -> float:
    """Time until the execute request is answered, in ms."""
    run = document.start_statement(2)
    document.client.listen(0.2)
    spent = timed(document.interrupt, lambda: document.finish(run, status="interrupted"))
    document.client.listen(0.05)
    return spent


def interrupt_kernel(kernel: Kernel, source: str) -> float:
    """Time until the kernel is idle and has replied, in ms."""
    run = kernel.start(source)
    time.sleep(0.2)
    return timed(kernel.interrupt, lambda: kernel.finish(run))
