"""Compare `rdit run` with `python` on scripts that others wrote.

`python scripts/fidelity/compare.py` fetches the scripts and their libraries (once), keeps those
that plain Python finishes in time, runs each with `rdit run --quiet` and `rdit run --format json`,
and prints how many agree in each respect and a short diff of each that does not.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import shutil
import signal
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from agreement import CHECKS, JSON_CHECKS, Verdict, judge
from runs import Captured, run
from sources import CACHE, Script, python, scripts

if TYPE_CHECKING:
    from collections.abc import Iterable

PLAIN_LIMIT = 20.0
"""Seconds plain Python may take; a slower script is left out."""
RDIT_LIMIT = 90.0
"""Seconds rdit may take before the run counts as hung."""


class Comparison:
    """Runs scripts in a few private folders, and remembers what plain Python did."""

    def __init__(self, rdit: list[str], jobs: int) -> None:
        self.python = python()
        self.rdit = rdit
        self.jobs = jobs
        self.slots: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            self.slots.put(CACHE / "work" / f"{os.getpid():07}-{number}")

    def close(self) -> None:
        """Remove the private folders."""
        for _ in range(self.jobs):
            shutil.rmtree(self.slots.get(), ignore_errors=True)

    def compare(self, script: Script) -> list[Verdict] | None:
        """The verdicts on one script; None where plain Python takes too long."""
        slot = self.slots.get()
        try:
            first, second = self._plain(script, slot)
            if first.is_timeout or second.is_timeout:
                return None
            # With a time limit it is the worker that runs it, and not Python in rdit's place.
            quiet = self._rdit(script, slot, "--quiet", "--timeout", f"{RDIT_LIMIT:g}")
            jsoned = self._rdit(script, slot, "--format", "json")
        finally:
            self.slots.put(slot)
        return judge(_at(first, slot), _at(second, slot), quiet, jsoned)

    def baseline(self, script: Script) -> str:
        """Run plain Python only; one word about how it went."""
        slot = self.slots.get()
        try:
            first, second = self._plain(script, slot)
        finally:
            self.slots.put(slot)
        if first.is_timeout or second.is_timeout:
            return "slow"
        return "ok" if first.exit_code == 0 else f"exit {first.exit_code}"

    def _rdit(self, script: Script, slot: Path, *options: str) -> Captured:
        command = [*self.rdit, "run", "--python", str(self.python), *options]
        return run(command, script, slot, timeout=RDIT_LIMIT)

    def _plain(self, script: Script, slot: Path) -> tuple[Captured, Captured]:
        """Two runs of plain Python, from the cache where the script was run before."""
        cached = CACHE / "baseline" / f"{script.source}-{script.name}-{script.digest}.json"
        if not cached.exists():
            first = run([self.python], script, slot, timeout=PLAIN_LIMIT)
            second = first if first.is_timeout else run([self.python], script, slot, timeout=60)
            cached.parent.mkdir(parents=True, exist_ok=True)
            pair = [_movable(captured, slot).to_json() for captured in (first, second)]
            cached.write_text(json.dumps(pair), encoding="utf-8")
        first, second = map(Captured.from_json, json.loads(cached.read_text(encoding="utf-8")))
        return first, second


SLOT = b"@SLOT@"
"""Stands for the private folder in what is remembered, as the next run may be in another one."""


def _movable(captured: Captured, slot: Path) -> Captured:
    return _replace(captured, str(slot).encode(), SLOT)


def _at(captured: Captured, slot: Path) -> Captured:
    return _replace(captured, SLOT, str(slot).encode())


def _replace(captured: Captured, old: bytes, new: bytes) -> Captured:
    return Captured(
        captured.stdout.replace(old, new),
        captured.stderr.replace(old, new),
        captured.exit_code,
        captured.seconds,
        captured.is_timeout,
        captured.left_behind,
    )


def report(judged: dict[str, list[Verdict]]) -> dict[str, Any]:
    """Counts for each check, and what disagrees, ready for JSON."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"agree": 0, "differ": 0, "unsure": 0})
    for verdicts in judged.values():
        for verdict in verdicts:
            key = {True: "agree", False: "differ", None: "unsure"}[verdict.agrees]
            counts[verdict.check][key] += 1
    disagreements = {
        label: {
            verdict.check: verdict.difference for verdict in verdicts if verdict.agrees is False
        }
        for label, verdicts in judged.items()
    }
    return {
        "scripts": len(judged),
        "checks": dict(counts),
        "disagreements": {label: found for label, found in disagreements.items() if found},
    }


def print_report(summary: dict[str, Any]) -> None:
    """The disagreements first, then the table, so that a terminal ends with the table."""
    for label, found in summary["disagreements"].items():
        print(f"\n{label}")
        for check, difference in found.items():
            print(f"  {check}:")
            print("\n".join(f"    {line}" for line in difference.split("\n")))
    print(f"\n{summary['scripts']} scripts{'agree':>15}{'differ':>9}{'not judged':>12}")
    for check in (*CHECKS, *JSON_CHECKS):
        row = summary["checks"].get(check)
        if row:
            print(f"{check:<16}{row['agree']:>12}{row['differ']:>9}{row['unsure']:>12}")


def _chosen(options: argparse.Namespace) -> list[Script]:
    matching = [s for s in scripts(options.only) if fnmatch.fnmatch(s.label, options.match)]
    return matching[: options.limit] if options.limit else matching


def _progress(done: int, total: int, label: str, word: str) -> None:
    print(f"[{done}/{total}] {label}: {word}", file=sys.stderr, flush=True)


def _compare_all(comparison: Comparison, chosen: list[Script]) -> dict[str, list[Verdict]]:
    judged: dict[str, list[Verdict]] = {}
    with ThreadPoolExecutor(comparison.jobs) as pool:
        for done, verdicts in enumerate(pool.map(comparison.compare, chosen), 1):
            label = chosen[done - 1].label
            if verdicts is not None:
                judged[label] = verdicts
            _progress(done, len(chosen), label, _word(verdicts))
    return judged


def _word(verdicts: Iterable[Verdict] | None) -> str:
    if verdicts is None:
        return "left out, too slow"
    return ", ".join(v.check for v in verdicts if v.agrees is False) or "agrees"


def _baseline_all(comparison: Comparison, chosen: list[Script]) -> None:
    with ThreadPoolExecutor(comparison.jobs) as pool:
        for done, word in enumerate(pool.map(comparison.baseline, chosen), 1):
            _progress(done, len(chosen), chosen[done - 1].label, word)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    beside = Path(sys.executable).with_name("rdit")
    parser.add_argument(
        "--rdit", default=str(beside), help="command to test (default: %(default)s)"
    )
    parser.add_argument("--only", default="", help="one source, such as networkx")
    parser.add_argument("--match", default="*", help="pattern of labels, such as 'cpython:*dict*'")
    parser.add_argument("--limit", type=int, default=0, help="at most so many scripts")
    parser.add_argument(
        "--jobs", type=int, default=2, help="scripts at once (default: %(default)s)"
    )
    parser.add_argument("--baseline", action="store_true", help="run plain Python only")
    parser.add_argument("--json", type=Path, help="also write the summary to this file")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 when nothing disagrees."""
    options = _options()
    # A shell's background job has it ignored, and what is ignored would be so in every script.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    comparison = Comparison([options.rdit], options.jobs)
    chosen = _chosen(options)
    try:
        if options.baseline:
            _baseline_all(comparison, chosen)
            return 0
        summary = report(_compare_all(comparison, chosen))
    finally:
        comparison.close()
    print_report(summary)
    if options.json:
        options.json.write_text(json.dumps(summary, indent=1), encoding="utf-8")
    return 1 if summary["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
