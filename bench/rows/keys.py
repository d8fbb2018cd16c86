"""What typing costs the server in a long document that has results."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bench.measure import Goal, Row, timed
from bench.processes import processor_time

if TYPE_CHECKING:
    from support.lsp_client import Json

    from bench.measure import Contestants
    from bench.server import Document
    from bench.stage import Stage


def rows() -> list[Row]:
    """Single keys and bursts."""
    return [
        Row("a key in 10,000 lines, until hints are answered", "ms", one_key, Goal(5), 3, 100),
        Row("processor time of a key in 10,000 lines", "ms", processor_time_of_keys, Goal(5), 3, 3),
        Row("a burst of 50 keys in 10,000 lines", "ms", burst, Goal(50), 3, 11),
    ]


BLOCK = '''\
def function_{number}(first, second=2):
    """Docstring of a function."""
    total = first + second
    return total

value_{number} = function_{number}({number})
print("value", value_{number})
value_{number} + 1
# A comment.

'''
"""Ten lines, four statements, two of them with results."""
LINES = 10_000
MIDDLE = 5_005
"""0-based line of an assignment in the middle."""


async def one_key(stage: Stage) -> Contestants:
    """A change and a request for the hints on the screen; beside it, the request alone."""
    document = await stage.ran(long_text())
    return {
        "rdit": timed(lambda: press(document), lambda: screen(document)),
        "the hints alone": timed(lambda: screen(document)),
    }


async def processor_time_of_keys(stage: Stage) -> Contestants:
    """What the server uses for each of 100 keys at a typist's speed, later work included."""
    document = await stage.ran(long_text())
    return {"rdit": lambda: processor_time_of_key(document)}


async def burst(stage: Stage) -> Contestants:
    """Fifty changes sent at once, until the hints after the last one are answered."""
    document = await stage.ran(long_text())
    keys = [lambda: press(document)] * 50
    return {"rdit": timed(*keys, lambda: screen(document))}


def long_text() -> str:
    """`LINES` lines."""
    return "".join(BLOCK.format(number=number) for number in range(LINES // 10))


def press(document: Document) -> None:
    """Type one digit at the end of the call's argument in the middle of the document."""
    document.type(MIDDLE, len("value_500 = function_500(500"), "1")


async def screen(document: Document) -> list[Json]:
    """The hints of 60 lines around the middle."""
    return await document.hints(MIDDLE - 30, MIDDLE + 30)


async def processor_time_of_key(document: Document) -> float:
    """Processor time the server spends on each of 100 keys, in ms."""
    server = document.editor.process.pid
    before = processor_time(server)
    for _ in range(100):
        press(document)
        await asyncio.sleep(0.03)
    await screen(document)
    await asyncio.sleep(0.5)
    return (processor_time(server) - before) * 1e3 / 100
