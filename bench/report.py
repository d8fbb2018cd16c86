"""How measurements are shown: a table for people, a list for programs."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measure import Measured


def heading() -> str:
    """The table's first lines."""
    title = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    columns = f"{'':<46}{'median':>10}   {'quartiles':<21}{'ratio':>7}   goal"
    return f"{title}\n\n{columns}"


def lines(measured: Measured) -> list[str]:
    """One line for the row and one for each contestant; ratios are rdit's time over theirs."""
    row, rdit = measured.row, measured.median("rdit")
    word = "reached" if measured.is_reached else "MISSED"
    shown = [f"{row.name} ({row.unit})"]
    for name in measured.samples:
        first, third = measured.quartiles(name)
        spread = f"{_number(first)} … {_number(third)}"
        median = measured.median(name)
        ratio = f"{rdit / median:.2f}" if name != "rdit" and median > 0 else ""
        goal = f"{row.goal}: {word}" if name == "rdit" else ""
        shown.append(
            f"  {name:<44}{_number(median):>10}   {spread:<21}{ratio:>7}   {goal}".rstrip()
        )
    return shown


def as_json(rows: Sequence[Measured]) -> dict[str, Any]:
    """Everything measured, with the samples."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "rows": [_row_json(measured) for measured in rows],
    }


def _row_json(measured: Measured) -> dict[str, Any]:
    row = measured.row
    return {
        "name": row.name,
        "issue": row.issue,
        "unit": row.unit,
        "goal": str(row.goal),
        "reached": measured.is_reached,
        "medians": {name: measured.median(name) for name in measured.samples},
        "samples": measured.samples,
    }


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
