"""How long statements take through the whole server."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.floor import Floor
from bench.kernel import Kernel
from bench.measure import Goal, Row
from bench.server import Rdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.measure import Contestants


def rows() -> list[Row]:
    """Warm statements and whole files."""
    return [
        Row("a warm statement `1+1`", "ms", warm_statement, Goal(0.2, "ipykernel"), 2, 200),
        Row(
            "1,000 statements in a new namespace",
            "ms",
            lambda: whole_file(1_000, fresh=True),
            Goal(3, "floor"),
            2,
        ),
        Row(
            "1,000 statements in the live namespace",
            "ms",
            lambda: whole_file(1_000, fresh=False),
            Goal(3, "floor"),
            2,
        ),
        Row("10,000 statements (linear)", "ms", ten_thousand, Goal(1.2, "10 x rdit's 1,000"), 2, 3),
    ]


def expressions(count: int) -> str:
    """A document of so many statements, each with a value."""
    return "".join(f"{number} + 1\n" for number in range(count))


def timed(*actions: Callable[[], object]) -> float:
    """Time of some calls, in ms."""
    started = time.perf_counter()
    for action in actions:
        action()
    return (time.perf_counter() - started) * 1e3


@contextmanager
def warm_statement() -> Iterator[Contestants]:
    """One `rdit/execute` of a statement; one execute of ipykernel's; one line to the floor."""
    with Rdit() as rdit, Kernel() as kernel, Floor() as floor:
        document = rdit.document("1+1\n")
        document.execute()
        kernel.run("1+1")
        floor.run("1+1")
        yield {
            "rdit": lambda: timed(lambda: document.statement(1)),
            "ipykernel": lambda: timed(lambda: kernel.run("1+1")),
            "floor": lambda: timed(lambda: floor.run("1+1")),
        }


@contextmanager
def whole_file(count: int, *, fresh: bool) -> Iterator[Contestants]:
    """The floor starts a new child for each run where rdit gives a new namespace."""
    source = expressions(count)
    with Rdit() as rdit, Floor() as warm:
        document = rdit.document(source)
        document.execute()
        yield {
            "rdit": lambda: timed(lambda: document.execute(scope="file", fresh=fresh)),
            "floor": lambda: in_new_floor(source) if fresh else timed(lambda: warm.run(source)),
        }


@contextmanager
def ten_thousand() -> Iterator[Contestants]:
    """Ten thousand statements beside ten times the time of a thousand."""
    with Rdit() as rdit:
        short, long = rdit.document(expressions(1_000)), rdit.document(expressions(10_000))
        short.execute()
        long.execute()
        yield {
            "rdit": lambda: timed(lambda: long.execute(scope="file")),
            "10 x rdit's 1,000": lambda: 10 * timed(lambda: short.execute(scope="file")),
            "floor": lambda: in_new_floor(expressions(10_000)),
        }


def in_new_floor(source: str) -> float:
    """Time to start a child and run `source` in it, in ms."""
    started = time.perf_counter()
    with Floor() as floor:
        floor.run(source)
        return (time.perf_counter() - started) * 1e3
