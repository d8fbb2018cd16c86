"""Rows, and how they are measured: contestants take turns, round by round, on the same machine.

A row is a context manager that sets its contestants up and yields one function for each; calling it
takes one sample. What is reported is the median, with the quartiles as its spread.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Contestants = Mapping[str, Callable[[], float]]
"""By name; the first one is rdit."""

Unit = Literal["ms", "MB", "1/s"]


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
    setup: Callable[[], AbstractContextManager[Contestants]]
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


def measure(row: Row, *, rounds: int | None = None) -> Measured:
    """Measure one row; `rounds` instead of the row's own number where given."""
    measured = Measured(row)
    with row.setup() as contestants:
        for _ in range(rounds or row.rounds):
            for name, sample in contestants.items():
                gc.collect()
                measured.samples.setdefault(name, []).append(sample())
    return measured
