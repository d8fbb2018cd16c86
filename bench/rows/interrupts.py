"""How soon an interrupted statement has ended."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from bench.measure import Goal, Row, timed

if TYPE_CHECKING:
    from bench.kernel import Kernel
    from bench.measure import Contestants
    from bench.server import Document
    from bench.stage import Stage


def rows() -> list[Row]:
    """Interrupts of Python code."""
    return [
        Row("interrupt of a busy loop", "ms", partial(interrupt, source=BUSY), Goal(5), 3),
        Row("interrupt of a sleep", "ms", partial(interrupt, source=ASLEEP), Goal(5), 3),
    ]


BUSY = "while True: pass"
ASLEEP = "__import__('time').sleep(60)"


async def interrupt(stage: Stage, *, source: str) -> Contestants:
    """From sending the interrupt to the end of the execution it stops."""
    document, kernel = (await stage.rdit()).document(f"1\n{source}\n"), stage.kernel()
    await document.statement(1)
    return {
        "rdit": lambda: interrupt_rdit(document),
        "ipykernel": lambda: interrupt_kernel(kernel, source),
    }


async def interrupt_rdit(document: Document) -> float:
    """Time until the execute request is answered, in ms."""
    run = document.start_statement(2)
    await asyncio.sleep(0.2)
    spent = await timed(document.stop, lambda: document.finish(run, status="interrupted"))()
    await asyncio.sleep(0.05)
    return spent


async def interrupt_kernel(kernel: Kernel, source: str) -> float:
    """Time until the kernel is idle and has replied, in ms."""
    run = kernel.start(source)
    time.sleep(0.2)
    return await timed(kernel.interrupt, lambda: kernel.finish(run))()
