"""How long statements take through the whole server."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from bench.floor import Floor
from bench.measure import Goal, Row, timed

if TYPE_CHECKING:
    from bench.measure import Contestants, Sample
    from bench.stage import Stage


def rows() -> list[Row]:
    """Warm statements and whole files."""
    return [
        Row("a warm statement `1+1`", "ms", warm_statement, Goal(0.2, "ipykernel"), 2, 200),
        Row(
            "1,000 statements in a new namespace",
            "ms",
            partial(whole_file, count=1_000, fresh=True),
            Goal(3, "floor"),
            2,
        ),
        Row(
            "1,000 statements in the live namespace",
            "ms",
            partial(whole_file, count=1_000, fresh=False),
            Goal(3, "floor"),
            2,
        ),
        Row("10,000 statements (linear)", "ms", ten_thousand, Goal(1.2, "10 x rdit's 1,000"), 2, 3),
    ]


def expressions(count: int) -> str:
    """A document of so many statements, each with a value."""
    return "".join(f"{number} + 1\n" for number in range(count))


async def warm_statement(stage: Stage) -> Contestants:
    """One `rdit/execute` of a statement; one execute of ipykernel's; one line to the floor."""
    document, kernel, floor = await stage.ran("1+1\n"), stage.kernel(), stage.floor()
    return {
        "rdit": timed(lambda: document.statement(1)),
        "ipykernel": timed(lambda: kernel.run("1+1")),
        "floor": timed(lambda: floor.run("1+1")),
    }


async def whole_file(stage: Stage, *, count: int, fresh: bool) -> Contestants:
    """The floor starts a new child for each run where rdit gives a new namespace."""
    source = expressions(count)
    document, warm = await stage.ran(source), stage.floor()
    return {
        "rdit": timed(lambda: document.execute(scope="file", fresh=fresh)),
        "floor": in_new_floor(source) if fresh else timed(lambda: warm.run(source)),
    }


async def ten_thousand(stage: Stage) -> Contestants:
    """Ten thousand statements beside ten times the time of a thousand."""
    rdit = await stage.rdit()
    short, long = await rdit.ran(expressions(1_000)), await rdit.ran(expressions(10_000))
    once = timed(lambda: short.execute(scope="file"))

    async def ten_times() -> float:
        return 10 * await once()

    return {
        "rdit": timed(lambda: long.execute(scope="file")),
        "10 x rdit's 1,000": ten_times,
        "floor": in_new_floor(expressions(10_000)),
    }


def in_new_floor(source: str) -> Sample:
    """The time to start a child and run `source` in it; ending it is not measured."""

    async def sample() -> float:
        started = time.perf_counter()
        with Floor() as floor:
            floor.run(source)
            return (time.perf_counter() - started) * 1e3

    return sample
