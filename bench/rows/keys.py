"""What typing costs the server in a long document that has results."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.measure import Goal, Row
from bench.processes import processor_time
from bench.rows.statements import timed
from bench.server import Rdit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measure import Contestants
    from bench.server import Document


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


@contextmanager
def one_key() -> Iterator[Contestants]:
    """A change and a request for the hints on the screen; beside it, the request alone."""
    with Rdit() as rdit:
        document = long_document(rdit)
        yield {
            "rdit": lambda: timed(lambda: press(document), lambda: screen(document)),
            "the hints alone": lambda: timed(lambda: screen(document)),
        }


@contextmanager
def processor_time_of_keys() -> Iterator[Contestants]:
    """What the server uses for each of 100 keys at a typist's speed, later work included."""
    with Rdit() as rdit:
        document = long_document(rdit)
        yield {"rdit": lambda: processor_time_of_key(rdit, document)}


@contextmanager
def burst() -> Iterator[Contestants]:
    """Fifty changes sent at once, until the hints after the last one are answered."""
    with Rdit() as rdit:
        document = long_document(rdit)
        yield {"rdit": lambda: timed(lambda: type_burst(document))}


def long_document(rdit: Rdit) -> Document:
    """A document of `LINES` lines that was run."""
    blocks = (BLOCK.format(number=number) for number in range(LINES // 10))
    document = rdit.document("".join(blocks))
    document.execute()
    return document


def press(document: Document) -> None:
    """Type one digit at the end of the call's argument in the middle of the document."""
    document.type(MIDDLE, len("value_500 = function_500(500"), "1")


def screen(document: Document) -> None:
    """Ask for the hints of 60 lines around the middle."""
    document.hints(MIDDLE - 30, MIDDLE + 30)


def type_burst(document: Document) -> None:
    """Fifty keys and one look."""
    for _ in range(50):
        press(document)
    screen(document)


def processor_time_of_key(rdit: Rdit, document: Document) -> float:
    """Processor time the server spends on each of 100 keys, in ms."""
    before = processor_time(rdit.client.pid)
    for _ in range(100):
        press(document)
        rdit.client.listen(0.03)
    screen(document)
    rdit.client.listen(0.5)
    return (processor_time(rdit.client.pid) - before) * 1e3 / 100
