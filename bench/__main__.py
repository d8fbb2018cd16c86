"""`python -m bench`: measure rdit beside a floor and ipykernel, and print a table.

Nothing here decides whether a build passes: machines differ, and so do their neighbours. Every
ratio is taken between contestants that took turns in the same minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import as_json, heading, lines

if TYPE_CHECKING:
    from bench.measure import Measured, Row

# The language client is the tests' own.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))


def main() -> int:
    """Exit code 0 when everything was measured, whatever the figures say; 1 when a row failed."""
    options = _options()
    os.environ["RDIT_HOST"] = "off"  # Where a row has a host, it is one of its own.
    if importlib.util.find_spec("jupyter_client") is None:
        print("bench: ipykernel is missing; run: pip install --group bench", file=sys.stderr)
        return 2
    chosen = [row for row in _all_rows() if _is_wanted(row, options)]
    if options.list:
        print("\n".join(f"issue {row.issue}: {row.name}" for row in chosen))
        return 0
    measured, failed = _measure_all(chosen, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(as_json(measured), indent=1), encoding="utf-8")
    return 1 if failed else 0


def _all_rows() -> list[Row]:
    from bench.rows import (
        checkpoints,
        floods,
        host,
        interrupts,
        keys,
        memory,
        starting,
        statements,
        streaming,
    )

    modules = (
        statements,
        starting,
        host,
        keys,
        streaming,
        floods,
        interrupts,
        memory,
        checkpoints,
    )
    return [row for module in modules for row in module.rows()]


def _is_wanted(row: Row, options: argparse.Namespace) -> bool:
    return options.match in row.name and options.issue in (0, row.issue)


def _measure_all(chosen: list[Row], rounds: int | None) -> tuple[list[Measured], int]:
    """The rows that could be measured, and how many could not."""
    measured: list[Measured] = []
    print(heading(), flush=True)
    for row in chosen:
        if one := _measure(row, rounds):
            measured.append(one)
            print("\n".join(lines(one)), flush=True)
    return measured, len(chosen) - len(measured)


def _measure(row: Row, rounds: int | None) -> Measured | None:
    """The row's samples; its failure is printed in its place, and the others go on."""
    from bench.measure import measure

    try:
        return asyncio.run(measure(row, rounds=rounds))
    except Exception as error:  # noqa: BLE001 - whatever failed is shown
        print(f"{row.name}\n  FAILED: {type(error).__name__}: {error}", flush=True)
        return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "")[:79])
    parser.add_argument("--match", default="", help="only rows whose name contains this")
    parser.add_argument("--issue", type=int, default=0, help="only rows of this issue")
    parser.add_argument("--rounds", type=int, help="rounds for each row (default: its own number)")
    parser.add_argument("--json", type=Path, help="also write all samples to this file")
    parser.add_argument("--list", action="store_true", help="print the rows' names and stop")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
