"""Runs that are taken back: those that fail, and dry ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support.sessions import statuses, texts

from rdit_lsp.document.edit import Change
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import RequestError, WayBack

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

    from rdit_lsp.session.planning import Policy

linux = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

SCRIPT = """\
with open("log", "a") as log: log.write("loaded ") and None
data = [1, 2, 3]
"""
DATA = "[1, 2, 3] (3 items)"


@pytest.fixture
async def ran(opened: Opener) -> OpenSession:
    """A session whose script has run."""
    session = opened(SCRIPT)
    await session.run()
    return session


def loads(session: OpenSession) -> int:
    """How often the script has run."""
    return (session.place.folder / "log").read_text().count("loaded")


@linux
async def test_failed_run_is_taken_back(ran: OpenSession) -> None:
    """With `commit_on_success`, what ran before an error would stay done."""
    ran.replace(SCRIPT + "data.append(4)\n1 / 0\n")
    before = ran.pid
    report = await ran.run("range", lines=(3, 4), policy="commit_on_success")
    assert ("error", ["ok", "error"]) == (report.status, statuses(report))
    assert "checkpoint" == (report.way_back and report.way_back.kind)
    assert DATA == await ran.variable("data")
    assert before != ran.pid
    assert 1 == loads(ran)


@linux
async def test_run_that_went_well_stays(ran: OpenSession) -> None:
    """With `commit_on_success`, a run that went well would be taken back."""
    ran.replace(SCRIPT + "data.append(4)\n")
    before = ran.pid
    report = await ran.run("statement", line=3, policy="commit_on_success")
    assert ("ok", None) == (report.status, report.way_back)
    assert "[1, 2, 3, 4] (4 items)" == await ran.variable("data")
    assert before == ran.pid


@linux
@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("import os; os._exit(3)", "crashed"),
        ("raise SystemExit(2)", "exit"),
        ("1 / 0", "error"),
        ("data.append(4)", "ok"),
        ("while True: pass", "timeout"),
    ],
)
async def test_dry_run(ran: OpenSession, last: str, status: str) -> None:
    """A dry run would leave something behind, however it ends."""
    ran.replace(f"{SCRIPT}data.clear()\n{last}\n")
    timeout = 1 if status == "timeout" else None
    report = await ran.run("range", lines=(3, 4), policy="rollback_always", timeout=timeout)
    assert status == report.status
    assert "checkpoint" == (report.way_back and report.way_back.kind)
    assert SessionState.IDLE is ran.session.state
    assert DATA == await ran.variable("data")


@linux
async def test_results_of_a_dry_run_are_shown(ran: OpenSession) -> None:
    """A dry run would show nothing of what it gave: that is what it is for."""
    ran.replace(SCRIPT + "sum(data)\n")
    report = await ran.run("statement", line=3, policy="rollback_always")
    assert ["6"] == texts(report)
    assert "6" == ran.shown()[3]
    assert {} == ran.stale()


@linux
async def test_dry_run_of_the_file(ran: OpenSession) -> None:
    """A dry run of the file would end the program that was there."""
    ran.replace("data = 0\n1 / 0\n")
    report = await ran.run(policy="commit_on_success")
    assert "error" == report.status
    assert DATA == await ran.variable("data")


@linux
async def test_interrupted_run_is_taken_back(ran: OpenSession) -> None:
    """A run that a person stops would leave what it has done half."""
    ran.replace(SCRIPT + "while data.append(4) or not print('inside', flush=True): pass\n")
    run = ran.start("statement", line=3, policy="commit_on_success")
    await ran.said("inside")
    ran.session.interrupt()
    assert "interrupted" == (await ran.end_of(run)).status
    assert DATA == await ran.variable("data")


@pytest.mark.parametrize("policy", ["rollback_always", "commit_on_success"])
async def test_first_run(opened: Opener, policy: Policy) -> None:
    """Before the first run there is nothing, and after one that is taken back, too."""
    session = opened("x = 1\n1 / 0\n")
    report = await session.run(policy=policy)
    assert ("error", WayBack("start")) == (report.status, report.way_back)
    session.replace("'x' in globals()\n")
    assert ["False"] == texts(await session.run("statement", line=1))


async def test_text_that_does_not_compile(ran: OpenSession) -> None:
    """A text that ran nothing would cost the variables."""
    ran.replace("foo(\n")
    report = await ran.run(policy="commit_on_success")
    assert "error" == report.status
    ran.replace("data\n")
    assert ["[1, 2, 3]"] == texts(await ran.run("statement", line=1))


UNCOPIED = "import socket; s = socket.socket(); x = [1]\n"
"""A program that cannot be copied."""


async def test_run_that_could_not_be_taken_back(opened: Opener) -> None:
    """Where no way leads back, the run would be done all the same."""
    session = opened(UNCOPIED)
    await session.run()
    await session.run("statement", line=1)
    with pytest.raises(RequestError, match=r"could not be taken back.*a socket open"):
        await session.run("statement", line=1, policy="commit_on_success")
    assert "[1] (1 item)" == await session.variable("x")


@pytest.mark.parametrize("checkpoints", [True, False], ids=["refused", "off"])
async def test_taken_back_by_running_again(opened: Opener, *, checkpoints: bool) -> None:
    """Where no copy can be made but the text leads there, a run could not be taken back."""
    session = opened(UNCOPIED, checkpoints=checkpoints)
    await session.run()
    session.replace(UNCOPIED + "x.append(2)\n")
    report = await session.run("statement", line=2, policy="rollback_always")
    # Where the import takes its time, the state after it was kept.
    assert 1 == (report.way_back and report.way_back.line)
    session.replace(UNCOPIED + "x\n")
    assert ["[1]"] == texts(await session.run("statement", line=2))


@linux
async def test_nothing_is_held_afterwards(ran: OpenSession) -> None:
    """Each dry run would leave a copy of the program behind."""
    before = len(await ran.session.checkpoints())
    for _ in range(3):
        await ran.run("statement", line=2, policy="rollback_always")
    assert before == len(await ran.session.checkpoints())


async def test_run_with_nothing_to_do(ran: OpenSession) -> None:
    """Taking nothing back would cost a copy, or the program."""
    before = ran.pid
    report = await ran.run("stale", policy="rollback_always")
    assert (WayBack("kept"), before) == (report.way_back, ran.pid)


@linux
async def test_dry_run_leaves_fresh_results(opened: Opener) -> None:
    """A result that a clean run gives would give way to one of a state that is gone again."""
    session = opened("n = [1]\nlen(n)\nn.append(2)\n")
    await session.run()
    report = await session.run("range", lines=(2, 2), policy="rollback_always")
    assert ["2"] == texts(report)
    assert {1: "", 2: "1", 3: ""} == session.shown()
    assert {} == session.stale()


@linux
async def test_dry_run_shows_errors_and_edited_code(opened: Opener) -> None:
    """What a dry run was to find out would be nowhere."""
    session = opened("n = [1]\nlen(n)\nopen('twice', 'x')\n")
    await session.run()
    session.edit(Change("len(n) + 10", (1, 0), (1, 6)))
    report = await session.run("range", lines=(2, 3), policy="rollback_always")
    assert ["ok", "error"] == statuses(report)
    assert "11" == session.shown()[2]
    assert "error" == session.status(3)
