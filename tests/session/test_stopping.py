"""Stopping what runs: by a person, by a time limit, by another key; and what does not stop at once."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.sessions import ENDLESS, UNTIL_TOLD, statuses, texts

from rdit_lsp.results.snapshot import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from support.sessions import Climb, Opener, OpenSession

    from rdit_lsp.session.report import Report

SLEEP = f"x = 5\nimport time\n{ENDLESS}\nx\n"
BUSY = """\
x = 5
import time
while not print("inside", flush=True): all(True for _ in iter(int, 1))
x
"""

ONCE = """\
import os, time
if not os.path.exists("go"):
    print("inside", flush=True)
    time.sleep(600)
6 * 7
"""


async def interrupted(session: OpenSession) -> list[str]:
    """Run the file, interrupt it as soon as it is inside, and return how its statements ended."""
    run = session.start()
    await session.inside()
    assert session.session.interrupt()
    report = await session.end_of(run)
    assert "interrupted" == report.status
    return statuses(report)


@pytest.mark.parametrize("text", [SLEEP, BUSY], ids=["sleep", "loop"])
async def test_interrupt(opened: Opener, text: str) -> None:
    """What runs could not be stopped, or the variables would be lost with it."""
    session = opened(text)
    assert ["ok", "ok", "interrupted", "notRun"] == await interrupted(session)
    assert SessionState.IDLE is session.session.state
    assert ["5"] == texts(await session.run("statement", line=4))


async def test_interrupted_statement_runs_again(opened: Opener) -> None:
    """An update would take an interrupted statement for done."""
    session = opened(ONCE)
    await interrupted(session)
    session.let_go()
    report = await session.run("stale")
    assert (["ok", "ok", "ok"], "42") == (statuses(report), texts(report)[-1])
    assert {} == session.stale()


async def test_results_of_before_are_what_they_were(opened: Opener) -> None:
    """An interrupt in a run from the top would cost the results below."""
    session = opened(ONCE)
    session.let_go()
    await session.run()
    (session.place.folder / "go").unlink()
    run = session.start()
    await session.inside()
    assert {5: "waiting to run"} == session.stale()
    session.session.interrupt()
    await session.end_of(run)
    assert "42" == session.shown()[5]


CATCHING = """\
try:
    print("inside", flush=True)
    while True: pass
except KeyboardInterrupt:
    x = 1
x
"""


async def test_caught_interrupt_is_stale(opened: Opener) -> None:
    """A statement that survives its interrupt would pass for what a clean run gives."""
    session = opened(CATCHING)
    run = session.start()
    await session.said("inside")
    session.session.interrupt()
    report = await session.end_of(run)
    assert ("interrupted", ["ok", "notRun"]) == (report.status, statuses(report))
    assert "it caught an interrupt" == session.stale()[1]
    assert "it caught an interrupt" == report.views[0].stale_reason


async def test_second_interrupt_changes_nothing(opened: Opener) -> None:
    """Impatience would kill the program, or stop the next run."""
    session = opened(SLEEP)
    run = session.start()
    await session.inside()
    before = session.pid
    assert session.session.interrupt()
    assert session.session.interrupt()
    await session.end_of(run)
    assert ["5"] == texts(await session.run("statement", line=4))
    assert before == session.pid


STUBBORN = """\
import signal
mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
while True: pass
"""


async def test_what_no_interrupt_stops(opened: Opener, climb: Climb) -> None:
    """Code that blocks the interrupt would run for ever."""
    climb(0, 0.2, 0.4, 0.6)
    session = opened(STUBBORN, checkpoints=False)
    run = session.start()
    await session.running(3)
    before = session.pid
    session.session.interrupt()
    report = await session.end_of(run)
    assert ("interrupted", ["ok", "ok", "interrupted"]) == (report.status, statuses(report))
    assert "what stopped it was" in (report.views[-1].note or "")
    await processes.ended(before)
    session.replace("1\n")
    assert ["1"] == texts(await session.run())


RESTARTING = """\
import time
for number in range(2):
    try:
        print("inside", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        pass
number
"""


async def test_what_needs_more_than_one_interrupt(opened: Opener, climb: Climb) -> None:
    """A loop that goes on after an interrupt would go on for ever, and not say what stopped it."""
    climb(0, 1, 40, 60)
    session = opened(RESTARTING)
    run = session.start()
    await session.said("inside")
    session.session.interrupt()
    report = await session.end_of(run)
    assert ("interrupted", ["ok", "ok", "notRun"]) == (report.status, statuses(report))
    assert (report.views[1].note or "").startswith("It did not stop at once; what stopped it was ")
    assert ["1"] == texts(await session.run("statement", line=8))


async def test_interrupt_while_python_starts(opened: Opener, tmp_path: Path) -> None:
    """An interpreter that is slow to start could not be given up."""
    session = slow_to_start(opened, tmp_path)
    run = session.start()
    await session.seen.until(lambda: session.session.state is SessionState.STARTING)
    assert session.session.interrupt()
    report = await session.end_of(run)
    assert ("interrupted", ["notRun", "notRun"]) == (report.status, statuses(report))


async def test_time_limit_while_python_starts(opened: Opener, tmp_path: Path) -> None:
    """A time limit would not hold for an interpreter that is slow to start."""
    session = slow_to_start(opened, tmp_path)
    report = await session.run(timeout=0.1)
    assert ("timeout", ["notRun", "notRun"]) == (report.status, statuses(report))


def slow_to_start(opened: Opener, folder: Path) -> OpenSession:
    """A session whose interpreter takes a minute to start."""
    slow = folder / "slow-python"
    slow.write_text(f'#!/bin/sh\nsleep 60\nexec {sys.executable} "$@"\n')
    slow.chmod(0o755)
    return opened("1\n2\n", python=str(slow))


@pytest.mark.parametrize("text", [SLEEP, BUSY], ids=["sleep", "loop"])
async def test_time_limit(opened: Opener, text: str) -> None:
    """A run with a time limit would go on for ever, or take the variables with it."""
    session = opened(text)
    report = await timed_out(session, line=3)
    assert ["ok", "ok", "timeout", "notRun"] == statuses(report)
    assert "timeout" == report.status
    assert ["5"] == texts(await session.run("statement", line=4))


async def timed_out(session: OpenSession, line: int) -> Report:
    """Run with a time limit that strikes at `line`: one that lets Python get there."""
    for limit in (0.5, 4, 16):
        report = await session.run(timeout=limit)
        if ["timeout"] == [view.status for view in report.views if view.first == line]:
            break
    return report


async def test_time_limit_that_is_not_reached(opened: Opener) -> None:
    """The limit of a run that has ended would stop a later one."""
    session = opened("import time\ntime.sleep(1.2)\n6 * 7\n")
    assert "ok" == (await session.run("statement", line=1)).status
    assert "ok" == (await session.run("statement", line=3, timeout=1.0)).status
    assert ["ok", "ok"] == statuses(await session.run("range", lines=(2, 3)))


DEAF = """\
import signal
_ = signal.signal(signal.SIGINT, lambda *_: print("caught", flush=True))
while True: pass
"""


async def test_interrupt_of_a_run_whose_time_is_up(opened: Opener, climb: Climb) -> None:
    """A run would end with the reason that came last."""
    climb(0, 0.5, 1, 1.5)
    session = opened(DEAF, checkpoints=False)
    await session.run("range", lines=(1, 2))
    run = session.start("statement", line=3, timeout=0.2)
    await session.said("caught")
    session.session.interrupt()
    report = await session.end_of(run)
    assert ("timeout", "timeout") == (report.status, report.views[-1].status)


# What a person has not asked for.


async def test_key_stops_a_run_by_itself(opened: Opener) -> None:
    """A run that nobody has asked for would go on while its text is changed."""
    session = opened(SLEEP)
    run = session.start("stale", automatic=True)
    await session.inside()
    session.session.give_way()
    assert "interrupted" == (await session.end_of(run)).status


async def test_key_stops_no_run_by_hand(opened: Opener) -> None:
    """Typing would stop what a person has asked for."""
    session = opened(f"import os, time\n{UNTIL_TOLD}\n")
    run = session.start("stale")
    await session.running(2)
    session.session.give_way()
    session.let_go()
    assert "ok" == (await session.end_of(run)).status


async def test_runs_by_themselves_come_after_one_by_hand(opened: Opener) -> None:
    """A document that no person has run would run at each save."""
    session = opened("1\n")
    await session.run("stale", automatic=True)
    assert not session.session.may_run_by_itself
    await session.run("stale")
    assert session.session.may_run_by_itself


async def test_two_crashes_end_runs_by_themselves(opened: Opener) -> None:
    """A script that kills its process would do so at every key."""
    session = opened("import os; os._exit(1)\n", checkpoints=False)
    await session.run()
    assert session.session.may_run_by_itself
    await session.run()
    assert not session.session.may_run_by_itself
    session.replace("1\n")
    await session.run()
    assert session.session.may_run_by_itself


# Signals of a terminal.


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
async def test_signal_is_the_programs(opened: Opener, sign: signal.Signals) -> None:
    """A signal to `rdit run` would not be to the program what it is to `python FILE`."""
    session = opened(
        "import os, signal, time\n"
        f"_ = signal.signal({int(sign)}, lambda number, _: os.mkdir(f'had {{number}}'))\n"
        f"{UNTIL_TOLD}\n"
    )
    run = session.start()
    await session.running(3)
    session.session.pass_on(sign)
    session.let_go()
    assert "ok" == (await session.end_of(run)).status
    assert (session.place.folder / f"had {int(sign)}").is_dir()


async def test_signal_that_ends_the_program(opened: Opener) -> None:
    """A signal that the program does not handle would not end it."""
    session = opened(SLEEP, checkpoints=False)
    run = session.start()
    await session.running(3)
    session.session.pass_on(signal.SIGTERM)
    report = await session.end_of(run)
    assert ("crashed", -signal.SIGTERM) == (report.status, report.views[2].exit_code)
