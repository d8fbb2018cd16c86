"""Starting over, letting go, and going on under another name."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.sessions import ENDLESS, text_of, texts

from rdit_lsp.outputs.stream import Stream
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import WayBack

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

SCRIPT = "x = 1\nx + 1\n"


@pytest.fixture
async def ran(opened: Opener) -> OpenSession:
    """A session whose script has run."""
    session = opened(SCRIPT)
    await session.run()
    return session


# Reset.


async def test_reset_forgets_everything(ran: OpenSession) -> None:
    """After a reset there would still be results or variables."""
    before, changes = ran.pid, ran.seen.changes
    await ran.session.reset()
    assert (SessionState.IDLE, {}) == (ran.session.state, ran.shown())
    assert changes < ran.seen.changes
    await processes.ended(before)
    ran.replace("'x' in globals()\n")
    assert ["False"] == texts(await ran.run("statement", line=1))


async def test_run_that_is_asked_for_right_after_a_reset(ran: OpenSession) -> None:
    """A reset would drop the run that came after it, without a word."""
    reset = ran.session.reset()
    run = ran.start()
    await reset
    assert ["2"] == texts(await ran.end_of(run))[1:]
    assert [1, 2] == list(ran.shown())


async def test_interrupt_leaves_a_reset_in_place(opened: Opener) -> None:
    """What was to be forgotten would be there again."""
    session = opened(f"x = 1\n{ENDLESS}\n")
    session.start()
    await session.running(2)
    resets = [session.session.reset(), session.session.reset()]
    session.session.interrupt()
    for reset in resets:
        await reset
    assert {} == session.shown()


@pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")
async def test_reset_has_an_interpreter_at_once(ran: OpenSession) -> None:
    """After a reset the next run would wait for an interpreter to start."""
    before = ran.pid
    await ran.session.reset()
    assert before != ran.pid
    now = ran.pid
    assert ["2"] == texts(await ran.run("range", lines=(1, 2)))[1:]
    assert now == ran.pid


async def test_reset_without_checkpoints(opened: Opener) -> None:
    """Where no interpreter is kept ready, a reset would start one that nobody has asked for."""
    session = opened(SCRIPT, checkpoints=False)
    await session.run()
    await session.session.reset()
    assert (SessionState.IDLE, False) == (
        session.session.state,
        session.session.status.has_program,
    )
    assert ["", "2"] == texts(await session.run())


async def test_reset_before_anything_ran(opened: Opener) -> None:
    """A reset too many would start an interpreter, or fail."""
    session = opened(SCRIPT)
    await session.session.reset()
    assert not session.session.status.has_program
    assert "ok" == (await session.run()).status


async def test_reset_during_a_run(opened: Opener) -> None:
    """A reset would wait for the run that it is to end, or leave it without an answer."""
    session = opened(f"import time\n{ENDLESS}\n")
    run, waiting = session.start(), session.start()
    await session.inside()
    before = session.pid
    await session.session.reset()
    assert "interrupted" == (await session.end_of(run)).status
    assert "cancelled" == (await session.end_of(waiting)).status
    await processes.ended(before)
    assert {} == session.shown()


async def test_reset_lets_go_of_what_was_kept(ran: OpenSession) -> None:
    """States kept by hand would outlive what they belong to."""
    made = await ran.session.checkpoint("mine")
    await ran.session.reset()
    assert () == ran.session.status.checkpoints.named
    assert made not in await ran.session.checkpoints()


async def test_reset_after_a_crash(opened: Opener) -> None:
    """A session whose process is gone could not be reset."""
    session = opened("import os; os.abort()\n", checkpoints=False)
    await session.run()
    await session.session.reset()
    assert (SessionState.IDLE, {}) == (session.session.state, session.shown())


async def test_reset_drops_a_rejection(opened: Opener) -> None:
    """What does not compile would be told of for ever."""
    session = opened("foo(\n")
    await session.run()
    assert [-1] == [view.index for view in session.session.snapshot().views]
    await session.session.reset()
    assert [] == session.session.snapshot().views


async def test_results_are_not_found_again_after_a_reset(ran: OpenSession) -> None:
    """An edit and its undo would bring back what a reset has dropped."""
    await ran.session.reset()
    ran.replace("x = 2\n")
    ran.replace(SCRIPT)
    assert {} == ran.shown()


# Letting go of results.


async def test_forget(ran: OpenSession) -> None:
    """Clearing the results would cost the variables, or leave results behind."""
    before = ran.pid
    ran.session.session.forget()
    assert ({}, before) == (ran.shown(), ran.pid)
    assert ["2"] == texts(await ran.run("statement", line=2))


async def test_forget_removes_long_output(opened: Opener) -> None:
    """Files of output that is no longer shown would fill the disk."""
    session = opened("print('x' * (1 << 21))\n")
    report = await session.run()
    (stream,) = report.views[0].outputs
    assert isinstance(stream, Stream)
    path = Path(f"{stream.path}")
    assert (1 << 21) + 1 == path.stat().st_size
    session.session.session.forget()
    assert not path.exists()


# Another name.


async def test_renamed_document_keeps_everything(ran: OpenSession) -> None:
    """Renaming a file would cost its results and variables."""
    before = ran.pid
    rename(ran, "other.py")
    assert ran.session.document.uri.endswith("/other.py")
    assert ({1: "", 2: "2"}, {}, before) == (ran.shown(), ran.stale(), ran.pid)
    assert WayBack("kept") == (await ran.run("stale")).way_back


async def test_renamed_document_runs_under_its_new_name(ran: OpenSession) -> None:
    """After a renaming, `__file__` would be the old one in a new process."""
    rename(ran, "other.py")
    ran.replace("__file__\n")
    report = await ran.run()
    assert "other.py'" in texts(report)[0]


async def test_renamed_while_it_runs(opened: Opener) -> None:
    """A run would be lost with the name that it began under."""
    session = opened(f"import time\n{ENDLESS}\n")
    run = session.start()
    await session.inside()
    rename(session, "other.py")
    session.session.interrupt()
    report = await session.end_of(run)
    assert "interrupted" == report.status
    assert "inside\n" in text_of(report.views[1])


def rename(session: OpenSession, name: str) -> None:
    """The file has another name."""
    session.place = replace(session.place, name=name)
    closed = session.session
    document = session.place.document(closed.document.text)
    closed.detach()
    session.session = closed.session.attach(document, session.place.launch, session.seen)
