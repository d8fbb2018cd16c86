"""How soon printed text reaches the client, and how many messages that takes."""

from __future__ import annotations

import re
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

from bench.measure import Goal, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.kernel import Kernel
    from bench.measure import Contestants
    from bench.server import Document
    from bench.stage import Stage


def rows() -> list[Row]:
    """Latency of a line, and messages for many lines."""
    return [
        Row("print to client, flushed", "ms", partial(latency, flush=True), Goal(50), 3, 5),
        Row("print to client, not flushed", "ms", partial(latency, flush=False), Goal(50), 3, 5),
        Row("messages a second while a loop prints", "1/s", message_rate, Goal(20), 3, 3),
    ]


STAMPS = """\
import time
for number in range(8):
    print("stamp", time.time_ns(), {flush})
    time.sleep(0.15)
"""
STAMP = re.compile(r"stamp (\d+)")
PRINTING = """\
import time
end = time.monotonic() + 2
while time.monotonic() < end:
    print("a line of output that is neither short nor long")
"""


async def latency(stage: Stage, *, flush: bool) -> Contestants:
    """A loop that prints the time; each sample is the median over its lines."""
    source = STAMPS.format(flush="flush=True" if flush else "")
    document, kernel = await stage.ran(source), stage.kernel()
    return {
        "rdit": lambda: latency_of_rdit(document),
        "ipykernel": lambda: latency_of_kernel(kernel, source),
    }


async def message_rate(stage: Stage) -> Contestants:
    """All messages to the client while a loop prints for two seconds."""
    document, kernel = await stage.ran(PRINTING), stage.kernel()
    return {
        "rdit": lambda: messages_of_rdit(document),
        "ipykernel": lambda: messages_of_kernel(kernel),
    }


async def latency_of_rdit(document: Document) -> float:
    """From the stamp to `rdit/didChangeResults` with it, in ms."""
    inbox = document.editor.inbox
    inbox.clear()
    await document.execute()
    told = (message for message in inbox if message.method == "rdit/didChangeResults")
    return median_delay((message.at, str(message.params)) for message in told)


async def latency_of_kernel(kernel: Kernel, source: str) -> float:
    """From the stamp to the stream message with it, in ms."""
    outputs = kernel.outputs(kernel.start(source))
    delay = median_delay((at, str(message["content"])) for at, message in outputs)
    kernel.drop_messages()
    return delay


def median_delay(arrivals: Iterable[tuple[float, str]]) -> float:
    """Median over all stamps of the time between a stamp and its first arrival, in ms."""
    first: dict[int, float] = {}
    for at, text in arrivals:
        for stamp in STAMP.findall(text):
            first.setdefault(int(stamp), at)
    return statistics.median((at - stamp / 1e9) * 1e3 for stamp, at in first.items())


async def messages_of_rdit(document: Document) -> float:
    """Notifications and requests from the server in each second."""
    document.editor.inbox.clear()
    started = time.monotonic()
    await document.execute()
    return len(document.editor.inbox) / (time.monotonic() - started)


async def messages_of_kernel(kernel: Kernel) -> float:
    """Messages on the output channel in each second."""
    started = time.monotonic()
    count = sum(1 for _ in kernel.outputs(kernel.start(PRINTING)))
    return count / (time.monotonic() - started)
