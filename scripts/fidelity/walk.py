"""Random walks over scripts that others wrote: is what rdit shows as fresh what a clean run gives?

`python scripts/fidelity/walk.py` takes scripts of `sources.py` that run in a few seconds. Each is opened
in a real session and put in the hands of an erratic user: runs of every scope, edits that are plausible
for any text, undos, interrupts and kills in the middle of a run and between two, checkpoints by hand,
restores, runs that are taken back. After every step each result shown as fresh is compared with a clean
run of the same text (`theatre.py`). Where the two differ, the text is run clean twice more, the last time
among the files that the walk has left, and a statement whose clean runs differ among themselves (clock,
random numbers, files) is left out and counted. A walk ends at its first difference, and its history is
printed.

`--seed` repeats everything but where exactly in a statement an interrupt or a kill arrives;
`--match LABEL` with the same seed repeats one walk.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import os
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

# The oracle and the observer are the tests' own.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from changes import change
from sources import CACHE, NOT_INSTALLED, Script, python, scripts
from support.observers import SilentObserver
from support.oracle import PATIENCE, keeping_every_state
from theatre import SECONDS, CleanRuns, Theatre, fresh_in

from rdit_lsp.document import document as documents
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import Request, RequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.oracle import Essence

    from rdit_lsp.session.planning import Scope

SCOPES: tuple[Scope, ...] = (
    *("stale", "stale", "stale", "stale", "toHere", "toHere"),
    *("file", "fromHere", "statement", "cell"),
)
MOST_SECONDS = 3.0
"""A script whose clean run takes longer is left out."""


@dataclass
class Tally:
    """What one walk came to, or several together."""

    scripts: int = 0
    left_out_scripts: int = 0
    steps: int = 0
    compared: int = 0
    """Fresh results compared."""
    left_out: int = 0
    """Fresh results of statements that do not repeat themselves in clean runs."""
    differences: list[str] = field(default_factory=list)
    ways_back: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count another walk in."""
        for name in ("scripts", "left_out_scripts", "steps", "compared", "left_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.differences += other.differences
        self.ways_back += other.ways_back


class Walk:
    """One script in the hands of an erratic user."""

    def __init__(self, theatre: Theatre, chance: Random) -> None:
        self.tally = Tally(scripts=1)
        self.history: list[str] = []
        self._chance = chance
        self._clean = CleanRuns(theatre)
        text = theatre.script.path.read_text(encoding="utf-8")
        self._lines = documents.split_lines(text)
        self._undo: list[list[str]] = []
        self._kept: list[str] = []
        self._observer = SilentObserver()
        self._folder = theatre.folder("walk")
        self._theatre = theatre
        self._steps: dict[Callable[[], Awaitable[None]], int] = {
            self._edit: 8,
            self._undo_edit: 2,
            self._run_something: 12,
            self._interrupt: 2,
            self._kill: 2,
            self._kill_idle: 1,
            self._edit_in_run: 2,
            self._roll_back: 2,
            self._keep: 1,
            self._restore: 2,
        }
        """What a step may be, and how often it is."""

    async def go(self, steps: int) -> Tally:
        """Take so many steps, or fewer where there is a difference."""
        begin = time.monotonic()
        clean = await self._clean.of(self._lines)
        if clean is None or not clean or time.monotonic() - begin > MOST_SECONDS:
            return Tally(left_out_scripts=1)
        self._session = self._theatre.open(self._lines, self._folder, self._observer)
        if self._chance.random() >= 0.5:
            return await self._play(steps)
        self.history.append("a checkpoint before every statement")
        with keeping_every_state():
            return await self._play(steps)

    async def _play(self, steps: int) -> Tally:
        try:
            await self._run("file")
            while self.tally.steps < steps and await self._is_true():
                self.tally.steps += 1
                [step] = self._chance.choices([*self._steps], [*self._steps.values()])
                await step()
        except asyncio.TimeoutError:
            self._differs("the session hangs")
        except AssertionError as error:
            self._differs(f"an assertion of rdit's own failed: {error!r}")
        finally:
            await self._end(self._session.close())
        return self.tally

    # Steps.

    async def _edit(self) -> None:
        for _ in range(self._chance.choice((1, 1, 1, 2))):
            self._change(self._drawn())

    async def _undo_edit(self) -> None:
        if self._undo:
            self._lines = self._undo.pop()
            self._show("undo")

    async def _run_something(self) -> None:
        await self._run(self._chance.choice(SCOPES))

    async def _interrupt(self) -> None:
        await self._disturbed("interrupt", self._session.interrupt)

    async def _kill(self) -> None:
        await self._disturbed("kill", self._kill_now)

    async def _edit_in_run(self) -> None:
        new = self._drawn()
        await self._disturbed("edit", lambda: self._change(new))
        if self._lines is not new:
            self._change(new)

    async def _kill_idle(self) -> None:
        self.history.append("kill the worker while nothing runs")
        self._kill_now()

    async def _roll_back(self) -> None:
        policy = self._chance.choice(("rollback_always", "commit_on_success"))
        await self._run(self._chance.choice(SCOPES), policy=policy)

    async def _keep(self) -> None:
        self.history.append("keep a checkpoint")
        with suppress(RequestError, WorkerError):
            self._kept.append((await asyncio.wait_for(self._session.checkpoint(), PATIENCE)).id)

    async def _restore(self) -> None:
        number = self._chance.randrange(4)
        if not self._kept:
            return
        identifier = self._kept[number % len(self._kept)]
        self.history.append(f"restore checkpoint {identifier}")
        with suppress(RequestError, WorkerError):
            way_back = await asyncio.wait_for(self._session.restore(identifier), PATIENCE)
            self.tally.ways_back[f"restore: {way_back.kind}"] += 1

    # What they are made of.

    async def _disturbed(self, what: str, do: Callable[[], object]) -> None:
        after = self._chance.randint(1, 2 * len(self._session.document.statements) + 4)
        self.history.append(f"{what} after {after} changes of what follows")
        self._observer.act_after(after, do)
        await self._run(self._chance.choice(SCOPES))
        self._observer.forget_action()

    async def _run(self, scope: Scope, **how: Any) -> None:
        last = max(len(self._lines), 1)
        line = max(self._chance.randint(1, last), self._chance.randint(1, last))
        self.history.append(f"run {scope}, line {line} {how or ''}")
        request = Request(scope, line=line, timeout=SECONDS, **how)
        with suppress(RequestError, WorkerError):
            report = await asyncio.wait_for(self._session.execute(request), PATIENCE)
            self.history[-1] += f": {report.status}"
            if report.way_back is not None:
                self.tally.ways_back[f"{scope}: {report.way_back.kind}"] += 1
                self.history[-1] += f", from {report.way_back}"
        refusal = self._session.status.checkpoints.refusal
        if refusal is not None:
            self.tally.ways_back["(copies refused)"] += 1

    def _drawn(self) -> list[str]:
        drawn = change(self._lines, self._chance)
        self._what = drawn.what
        return drawn.lines

    def _change(self, lines: list[str]) -> None:
        self._undo.append(self._lines)
        self._lines = lines
        self._show(f"edit: {self._what}")

    def _show(self, what: str) -> None:
        self.history.append(what)
        old = self._session.document
        self._session.change(documents.replace_text(old, old.version + 1, "\n".join(self._lines)))

    def _kill_now(self) -> None:
        pid = self._session.status.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _is_true(self) -> bool:
        """Whether what is shown as fresh is what a clean run gives."""
        shown = fresh_in(self._session.snapshot().views, self._folder)
        clean = await self._clean.of(self._lines) if shown else None
        if clean is None:
            if "\n".join(self._lines) in self._clean.slow and self._undo:
                await self._undo_edit()  # The edit has made it too slow to go on from here.
            return True
        wrong = {index for index, seen in shown.items() if clean.get(index) != seen}
        unsteady = await self._clean.unsteady(self._lines, self._folder) if wrong else set()
        self.tally.compared += len(shown) - len(wrong & unsteady)
        self.tally.left_out += len(wrong & unsteady)
        for index in sorted(wrong - unsteady):
            self._differs(self._told(index, clean.get(index), shown[index]))
            return False
        return True

    def _told(self, index: int, clean: Essence | None, shown: Essence) -> str:
        placed = self._session.document.placed[index]
        text = placed.statement.text
        return f"line {placed.first}: {text[:300]}\n  clean: {clean}\n  shown: {shown}"

    def _differs(self, what: str) -> None:
        self.tally.differences.append("\n".join([what, "  after:", *_indented(self.history)]))
        label = self._theatre.script.label.replace("/", "-")
        texts = CACHE / "walks"
        texts.mkdir(parents=True, exist_ok=True)
        (texts / f"{label}").write_text("\n".join(self._lines), encoding="utf-8")

    async def _end(self, closing: Awaitable[object]) -> None:
        try:
            await asyncio.wait_for(closing, PATIENCE)
        except asyncio.TimeoutError:
            self._differs("closing the session hangs")


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def print_table(total: Tally, by_source: dict[str, Tally]) -> None:
    """The differences first, so that a terminal ends with the table."""
    for difference in total.differences:
        print(f"\n{difference}")
    print(f"\n{'':<14}scripts   steps  compared  left out  differences")
    for name, tally in [*by_source.items(), ("all", total)]:
        row = (tally.scripts, tally.steps, tally.compared, tally.left_out, len(tally.differences))
        print("{:<14}{:>7}{:>8}{:>10}{:>10}{:>13}".format(name, *row))
    print(f"{total.left_out_scripts} scripts were left out: too slow, or they do not compile")
    ways = (f"{way} {count}" for way, count in sorted(total.ways_back.items()))
    print(f"ways back: {', '.join(ways)}")


def _walk_all(chosen: list[Script], options: argparse.Namespace) -> tuple[Tally, dict[str, Tally]]:
    total = Tally()
    by_source: dict[str, Tally] = {}
    guard, work = Guard(), CACHE.resolve() / "work" / f"walk-{os.getpid():07}"
    end = time.monotonic() + options.minutes * 60
    try:
        for script in chosen:
            if time.monotonic() > end or total.scripts == options.scripts:
                break
            chance = Random(f"{options.seed} {script.label}")
            begin = time.monotonic()
            walk = Walk(Theatre(script, python(), work, guard), chance)
            tally = asyncio.run(walk.go(options.steps))
            tally.differences = [f"{script.label}, {found}" for found in tally.differences]
            total.add(tally)
            by_source.setdefault(script.source, Tally()).add(tally)
            word = f"{tally.steps} steps, {tally.compared} compared, {tally.left_out} left out"
            seconds = time.monotonic() - begin
            found = "\n".join(["", *tally.differences])
            print(f"{script.label}: {word}, {seconds:.0f} s{found}", file=sys.stderr, flush=True)
    finally:
        guard.close()
        shutil.rmtree(work, ignore_errors=True)
    return total, by_source


def _chosen(options: argparse.Namespace) -> list[Script]:
    found = [s for s in scripts(options.only) if options.only or s.source not in NOT_INSTALLED]
    Random(options.seed).shuffle(found)
    return [script for script in found if fnmatch.fnmatch(script.label, options.match)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", default="1", help="what chance draws from (default: %(default)s)")
    parser.add_argument("--only", default="", help="one source, such as networkx")
    parser.add_argument("--match", default="*", help="pattern of labels, such as 'sympy:*'")
    parser.add_argument("--scripts", type=int, default=60, help="at most so many")
    parser.add_argument("--steps", type=int, default=25, help="of each walk (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=60, help="begin no walk after that")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 when nothing differs."""
    options = _options()
    # A shell's background job has it ignored, and what is ignored would be so in every script.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    total, by_source = _walk_all(_chosen(options), options)
    print_table(total, by_source)
    return 1 if total.differences else 0


if __name__ == "__main__":
    sys.exit(main())
