"""How soon printed text reaches the client, and how many messages that takes."""

from __future__ import annotations

import re
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.kernel import Kernel
from bench.measure import Goal, Row
from bench.server import Rdit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measure import Contestants
    from bench.server import Document


def rows() -> list[Row]:
    """Latency of a line, and messages for many lines."""
    return [
        Row("print to client, flushed", "ms", lambda: latency(flush=True), Goal(50), 3, 5),
        Row("print to client, not flushed", "ms", lambda: latency(flush=False), Goal(50), 3, 5),
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


@contextmanager
def latency(*, flush: bool) -> Iterator[Contestants]:
    """A loop that prints the time; each sample is the median over its lines."""
    source = STAMPS.format(flush="flush=True" if flush else "")
    with Rdit() as rdit, Kernel() as kernel:
        document = rdit.document(source)
        document.execute()
        yield {
            "rdit": lambda: latency_of_rdit(document),
            "ipykernel": lambda: latency_of_kernel(kernel, source),
        }


@contextmanager
def message_rate() -> Iterator[Contestants]:
    """All messages to the client while a loop prints for two seconds."""
    with Rdit() as rdit, Kernel() as kernel:
        document = rdit.document(PRINTING)
        document.execute()
        yield {
            "rdit": lambda: messages_of_rdit(document),
            "ipykernel": lambda: messages_of_kernel(kernel),
        }


def latency_of_rdit(document: Document) -> float:
    """From the stamp to `rdit/didChangeResults` with it, in ms."""
    client = document.client
    client.received.clear()
    document.execute()
    notifications = client.messages("rdit/didChangeResults")
    return median_delay((item.at, str(item.message["params"])) for item in notifications)


def latency_of_kernel(kernel: Kernel, source: str) -> float:
    """From the stamp to the stream message with it, in ms."""
    outputs = kernel.outputs(kernel.start(source))
    delay = median_delay((at, str(message["content"])) for at, message in outputs)
    kernel.drop_messages()
    return delay


def median_delay(arrivals: Iterator[tuple[float, str]]) -> float:
    """Median over all stamps of the time between a stamp and its first arrival, in ms."""
    first: dict[int, float] = {}
    for at, text in arrivals:
        for stamp in STAMP.findall(text):
            first.setdefault(int(stamp), at)
    return statistics.median((at - stamp / 1e9) * 1e3 for stamp, at in first.items())


def messages_of_rdit(document: Document) -> float:
    """Notifications and requests from the server in each second."""
    document.client.received.clear()
    started = time.monotonic()
    document.execute()
    return len(document.client.received) / (time.monotonic() - started)


def messages_of_kernel(kernel: Kernel) -> float:
    """Messages on the output channel in each second."""
    started = time.monotonic()
    count = sum(1 for _ in kernel.outputs(kernel.start(PRINTING)))
    return count / (time.monotonic() - started)
