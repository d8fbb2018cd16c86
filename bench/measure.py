"""Rows, and how they are measured: contestants take turns, round by round, on the same machine.

A row's setup makes its contestants: one function for each, and calling it takes one sample. What is
reported is the median, with the quartiles as its spread.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Literal, TypeAlias

from bench.stage import Stage

Sample: TypeAlias = Callable[[], Awaitable[float]]
"""Takes a sample, in the row's unit."""

Contestants: TypeAlias = Mapping[str, Sample]
"""By name; the first one is rdit."""

Unit: TypeAlias = Literal["ms", "MB", "1/s"]


@dataclass(frozen=True)
class Goal:
    """What rdit's median must not exceed."""

    limit: float
    """In the row's unit, or a ratio where `against` is given."""
    against: str = ""
    """Name of the contestant whose median is multiplied by `limit`."""

    def __str__(self) -> str:
        if self.against:
            return f"≤ {self.limit:g} x {self.against}"
        return f"≤ {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """One thing to measure."""

    name: str
    unit: Unit
    setup: Callable[[Stage], Awaitable[Contestants]]
    goal: Goal
    issue: int
    """Number of the issue whose promise it checks."""
    rounds: int = 15


@dataclass
class Measured:
    """The samples of one row."""

    row: Row
    samples: dict[str, list[float]] = field(default_factory=dict)
    """Contestant to samples, in the row's unit."""

    def median(self, name: str) -> float:
        """Median of one contestant."""
        return statistics.median(self.samples[name])

    def quartiles(self, name: str) -> tuple[float, float]:
        """First and third quartile of one contestant."""
        samples = self.samples[name]
        if len(samples) < 2:
            return samples[0], samples[0]
        first, _, third = statistics.quantiles(samples, n=4, method="inclusive")
        return first, third

    @property
    def is_reached(self) -> bool:
        """Whether rdit's median is within the goal."""
        goal = self.row.goal
        base = self.median(goal.against) if goal.against else 1.0
        return self.median("rdit") <= goal.limit * base


def timed(*actions: Callable[[], object]) -> Sample:
    """The time of some calls, in ms; what they give to be awaited is awaited."""

    async def sample() -> float:
        started = time.perf_counter()
        for action in actions:
            result = action()
            if isawaitable(result):
                await result
        return (time.perf_counter() - started) * 1e3

    return sample


async def measure(row: Row, *, rounds: int | None = None) -> Measured:
    """Measure one row; `rounds` instead of the row's own number where given."""
    measured = Measured(row)
    async with Stage() as stage:
        contestants = await row.setup(stage)
        for _ in range(rounds or row.rounds):
            for name, sample in contestants.items():
                gc.collect()
                measured.samples.setdefault(name, []).append(await sample())
    return measured
