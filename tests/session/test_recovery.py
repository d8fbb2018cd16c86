"""When the process ends on its own: what is said, what is kept, and from where it goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.observers import LIMIT, SilentObserver
from support.sessions import statuses, texts

from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import WayBack

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

    from rdit_lsp.session.report import Report

linux = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

SLOW = """\
import time
with open("log", "a") as log: log.write("loaded ") and None
data = [1, 2, 3]
time.sleep(0.1)
total = sum(data)
total * 2
"""
"""A script that is worth a checkpoint, and writes down that it ran."""

GONE = "the process it ran in is gone"


def loads(session: OpenSession) -> int:
    """How often the slow half of the script has run."""
    return (session.place.folder / "log").read_text().count("loaded")


async def kill(session: OpenSession) -> None:
    """Kill the program, as the system does when memory is short."""
    pid = session.pid
    os.kill(pid, signal.SIGKILL)
    await processes.ended(pid)


async def is_state(session: OpenSession, *states: SessionState) -> None:
    """Wait until the session is in one of these states."""
    await session.seen.until(lambda: session.session.state in states)


# Without checkpoints.


async def test_killed_while_idle(opened: Opener) -> None:
    """Results of a process that is gone would look current."""
    session = opened("x = 1\nx\n", checkpoints=False)
    await session.run()
    await kill(session)
    await is_state(session, SessionState.DEAD)
    assert {1: GONE, 2: GONE} == session.stale()
    assert not session.session.status.has_program
    assert {1: "", 2: "1"} == session.shown()


async def test_next_run_starts_another_process(opened: Opener) -> None:
    """A session whose process was killed could not be used any more."""
    session = opened("x = 1\nx\n", checkpoints=False)
    await session.run()
    await kill(session)
    await is_state(session, SessionState.DEAD)
    report = await session.run("stale")
    assert ("ok", WayBack("start", 1)) == (report.status, report.way_back)
    assert ["", "1"] == texts(report)
    assert ({}, SessionState.IDLE) == (session.stale(), session.session.state)


async def test_statement_after_a_kill_has_a_new_namespace(opened: Opener) -> None:
    """A statement by hand would wait for a process that is gone."""
    session = opened("x = 1\n'x' in globals()\n", checkpoints=False)
    await session.run()
    await kill(session)
    assert ["False"] == texts(await session.run("statement", line=2))


async def test_killed_while_a_statement_runs(opened: Opener) -> None:
    """The run's caller would wait for ever, or not learn what happened."""
    session = opened("import time\ntime.sleep(600)\n3\n", checkpoints=False)
    run = session.start()
    await session.running(2)
    os.kill(session.pid, signal.SIGKILL)
    report = await session.end_of(run)
    assert ("crashed", ["ok", "crashed", "notRun"]) == (report.status, statuses(report))
    assert -signal.SIGKILL == report.views[1].exit_code
    assert "Python was killed by signal 9 at line 2." == report.views[1].note
    assert SessionState.DEAD is session.session.state


@pytest.mark.parametrize(
    ("code", "exit_code", "note"),
    [
        ("os._exit(7)", 7, "Python exited with code 7 at line 2."),
        ("os.abort()", -6, "Python was killed by signal 6 at line 2."),
        ("os.kill(os.getpid(), 15)", -15, "Python was killed by signal 15 at line 2."),
        ("(\n os._exit(0))", 0, "Python exited with code 0 at lines 2–3."),
    ],
    ids=["_exit", "abort", "kill", "several lines"],
)
async def test_statement_that_ends_its_process(
    opened: Opener, code: str, exit_code: int, note: str
) -> None:
    """A statement that kills its process would leave the user guessing."""
    session = opened(f"import os\n{code}\n", checkpoints=False)
    report = await session.run()
    assert ("crashed", exit_code, note) == (
        report.status,
        report.views[1].exit_code,
        report.views[1].note,
    )


async def test_last_output_of_a_crash(opened: Opener) -> None:
    """What a program wrote before it died would be lost, and with it the reason."""
    session = opened("import os\nprint('last words', flush=True), os._exit(1)\n", checkpoints=False)
    assert "last words\n" == texts(await session.run())[1]


async def test_crash_while_the_source_is_read(opened: Opener) -> None:
    """A source on which Python itself gives up would be no error of any line."""
    session = opened(f"{'(' * 500}{')' * 500}\n")
    report = await session.run()
    assert "error" == report.status
    assert ["error"] == statuses(report)
    session.replace("1\n")
    assert ["1"] == texts(await session.run())


async def test_exec_of_another_program(opened: Opener) -> None:
    """A program that becomes another one would be taken for alive."""
    session = opened("import os\nos.execv('/bin/sh', ['sh', '-c', 'exit 4'])\n", checkpoints=False)
    report = await session.run()
    assert ("crashed", 4) == (report.status, report.views[1].exit_code)


async def test_killed_at_once(opened: Opener) -> None:
    """A process that is killed before it has run anything would leave a run without an end."""
    session = opened("1\n", checkpoints=False)
    run = session.start()
    await is_state(session, SessionState.STARTING)
    await session.seen.until(lambda: session.session.status.has_program or run.done())
    assert (await ended(run)) in {"ok", "crashed", "WorkerError"}
    assert ["1"] == texts(await session.run())


async def ended(run: asyncio.Future[Report]) -> str:
    """The status of a run, or the name of its exception."""
    await asyncio.wait([run], timeout=LIMIT)
    error = run.exception()
    return run.result().status if error is None else type(error).__name__


# With checkpoints.


@linux
async def test_crash_costs_one_statement(opened: Opener) -> None:
    """After a crash the variables would be gone."""
    session = opened(SLOW)
    await session.run()
    session.replace(SLOW + "import os\nprint(data.clear(), os.abort())\n")
    report = await session.run("stale")
    assert "crashed" == report.status
    note = report.views[-1].note or ""
    assert note.endswith("The variables are those before it: a checkpoint was used.")
    assert SessionState.IDLE is session.session.state
    assert "[1, 2, 3] (3 items)" == await session.variable("data")
    assert {*session.stale()}.isdisjoint(range(1, 8))
    assert 1 == loads(session)


@linux
async def test_killed_between_runs(opened: Opener) -> None:
    """A process that is killed while nothing runs would take all variables with it."""
    session = opened(SLOW)
    await session.run()
    await kill(session)
    await is_state(session, SessionState.IDLE)
    assert "[1, 2, 3] (3 items)" == await session.variable("data")
    assert "6" == await session.variable("total")
    assert (1, {}) == (loads(session), session.stale())


@linux
async def test_going_on_after_a_kill_runs_nothing_new(opened: Opener) -> None:
    """When the process is killed, code would run that was typed and never asked for."""
    session = opened(SLOW)
    await session.run()
    session.replace(SLOW + 'with open("log", "a") as log: log.write("typed")\n')
    await kill(session)
    await is_state(session, SessionState.IDLE)
    assert "6" == await session.variable("total")
    assert "loaded " == (session.place.folder / "log").read_text()
    assert "notRun" == session.session.snapshot().views[-1].status


class Hasty(SilentObserver):
    """Asks for a run as soon as it sees that the program has ended."""

    def __init__(self, session: OpenSession, line: int) -> None:
        super().__init__()
        self.run: asyncio.Future[Report] | None = None
        self._session = session
        self._line = line

    def on_change(self) -> None:
        if self.run is None and self._session.session.state is SessionState.DEAD:
            self.run = self._session.start("statement", line=self._line)


@linux
async def test_run_that_is_asked_for_when_the_end_is_heard(opened: Opener) -> None:
    """A run that is queued before the session has recovered would begin with nothing."""
    session = opened(SLOW + "data\n")
    await session.run()
    hasty = Hasty(session, line=7)
    session.session.observe(hasty)
    await kill(session)
    await session.seen.until(lambda: hasty.run)
    assert hasty.run is not None
    assert ["[1, 2, 3]"] == texts(await session.end_of(hasty.run))


@linux
async def test_run_that_is_asked_for_before_the_end_is_heard(opened: Opener) -> None:
    """A run that meets a process that was just killed would never end, or cost the variables."""
    session = opened(SLOW + "data\n")
    await session.run()
    os.kill(session.pid, signal.SIGKILL)
    assert (await session.run("statement", line=7)).status in ("ok", "crashed")
    assert ["[1, 2, 3]"] == texts(await session.run("statement", line=7))
    assert 1 == loads(session)


@linux
async def test_what_had_to_be_killed(opened: Opener) -> None:
    """Code that no interrupt stops would cost the variables."""
    session = opened(
        "import signal, time; data = [1]; time.sleep(0.05)\n"
        "mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
        "while True: data.append(2); time.sleep(0.001)\n"
    )
    run = session.start()
    await session.running(3)
    session.session.interrupt()
    report = await session.end_of(run)
    assert "interrupted" == report.status
    assert "a checkpoint was used" in (report.views[-1].note or "")
    assert "[1] (1 item)" == await session.variable("data")


@linux
async def test_all_processes_killed(opened: Opener) -> None:
    """Where the kept states have gone, too, the next run would wait for one of them."""
    session = opened(SLOW)
    await session.run()
    for pid in processes.marked(f"{session.place.env[processes.MARK]}"):
        os.kill(pid, signal.SIGKILL)
    await is_state(session, SessionState.DEAD)
    report = await session.run("stale")
    assert ("ok", {}) == (report.status, session.stale())
    assert "12" == texts(report)[-1]
    assert 2 == loads(session)
