"""One thing after the other: runs that wait, what stands between them, and what is dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support.observers import LIMIT
from support.sessions import ENDLESS, UNTIL_TOLD, statuses, texts

from rdit_lsp.session.planning import RequestError

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

HELD = f"import os, time\n{UNTIL_TOLD}\n6 * 7\n"
"""A script whose run lasts until the test lets it go."""


ENDLESS_SCRIPT = f"import time\n{ENDLESS}\n6 * 7\n"
"""A script whose run lasts until it is interrupted."""


@pytest.fixture
def held(opened: Opener) -> OpenSession:
    """A session of that script, which has not run."""
    return opened(HELD)


@pytest.fixture
def endless(opened: Opener) -> OpenSession:
    """A session of the other one."""
    return opened(ENDLESS_SCRIPT)


async def test_runs_wait_for_each_other(held: OpenSession) -> None:
    """Two runs at once would mix their statements."""
    order: list[str] = []
    runs = [held.start("file"), held.start("stale"), held.start("statement", line=3)]
    for name, run in zip("abc", runs, strict=True):
        run.add_done_callback(lambda _, name=name: order.append(name))
    await held.running(2)
    assert 2 == held.session.status.queued
    held.let_go()
    reports = [await held.end_of(run) for run in runs]
    assert (["a", "b", "c"], ["ok"] * 3) == (order, [report.status for report in reports])
    assert ["", "", "42"] == texts(reports[1])
    assert ["42"] == texts(reports[2])
    assert 0 == held.session.status.queued


async def test_ids_are_in_the_order_of_the_requests(held: OpenSession) -> None:
    """A client could not tell which of its runs an id belongs to."""
    held.let_go()
    runs = [held.start(scope) for scope in ("file", "stale", "stale")]
    ids = [(await held.end_of(run)).execution_id for run in runs]
    assert 3 == len({*ids})
    assert ids == sorted(ids, key=int)


async def test_interrupt_drops_what_waits(endless: OpenSession) -> None:
    """After an interrupt the next run in the queue would begin."""
    running, waiting = endless.start(), [endless.start(), endless.start("stale")]
    await endless.inside()
    assert endless.session.interrupt()
    reports = [await endless.end_of(run) for run in (running, *waiting)]
    assert ["interrupted", "cancelled", "cancelled"] == [report.status for report in reports]
    assert ["ok", "interrupted", "notRun"] == statuses(reports[0])
    assert [[], []] == [list(report.views) for report in reports[1:]]


async def test_interrupt_of_what_has_not_begun(held: OpenSession) -> None:
    """A run that was taken back at once would begin all the same."""
    run = held.start()
    assert held.session.interrupt()
    assert "cancelled" == (await held.end_of(run)).status
    assert {} == held.shown()


async def test_nothing_to_interrupt(held: OpenSession) -> None:
    """An interrupt too many would stop the next run."""
    assert not held.session.interrupt()
    held.let_go()
    run = held.start()
    assert "ok" == (await held.end_of(run)).status
    assert not held.session.interrupt()
    assert "ok" == (await held.run("statement", line=3)).status


async def test_cancelled_run_is_interrupted(endless: OpenSession) -> None:
    """A client that gives a request up would leave it running."""
    run = endless.start()
    await endless.inside()
    run.cancel()
    await endless.seen.until(lambda: endless.status(2) == "interrupted")
    assert ["42"] == texts(await endless.run("statement", line=3))


async def test_cancelled_run_leaves_the_queue(held: OpenSession) -> None:
    """Giving up a run that waits would stop another one, or stay in the queue."""
    running, given_up, waiting = held.start(), held.start(), held.start("stale")
    await held.running(2)
    given_up.cancel()
    await held.seen.until(lambda: held.session.status.queued == 1)
    assert not running.done()
    held.let_go()
    reports = [await held.end_of(run) for run in (running, waiting)]
    assert ["ok", "ok"] == [report.status for report in reports]


async def test_time_limit_counts_from_the_beginning(opened: Opener) -> None:
    """A run that waits for its turn would use its time up while waiting."""
    session = opened("import time; time.sleep(1.2)\n6 * 7\n")
    first, second = session.start(), session.start("statement", line=2, timeout=1.0)
    assert "ok" == (await session.end_of(first)).status
    assert ["42"] == texts(await session.end_of(second))


# What is done between two runs.


async def test_checkpoint_waits_for_the_runs_before_it(held: OpenSession) -> None:
    """A state kept by hand would be one in the middle of a run."""
    run = held.start()
    await held.running(2)
    kept = held.session.checkpoint("end")
    after = held.start("statement", line=3)
    assert not kept.done()
    held.let_go()
    made = await asyncio.wait_for(kept, LIMIT)
    assert run.done()
    assert not after.done()
    assert ("end", 3) == (made.name, made.line)
    await held.end_of(after)


@pytest.mark.parametrize("what", ["checkpoint", "restore"])
async def test_interrupt_drops_what_stands_between(endless: OpenSession, what: str) -> None:
    """A request to keep or restore a state would wait for ever, or be done after an interrupt."""
    run = endless.start()
    await endless.inside()
    job = endless.session.checkpoint() if what == "checkpoint" else endless.session.restore("1")
    endless.session.interrupt()
    with pytest.raises(RequestError, match="cancelled before it had begun"):
        await asyncio.wait_for(job, LIMIT)
    assert "interrupted" == (await endless.end_of(run)).status


async def test_failed_job_holds_nothing_up(held: OpenSession) -> None:
    """After a request that could not be fulfilled nothing would run any more."""
    held.let_go()
    job = held.session.restore("none")
    run = held.start()
    with pytest.raises(RequestError, match="there is no checkpoint 'none'"):
        await asyncio.wait_for(job, LIMIT)
    assert "ok" == (await held.end_of(run)).status


async def test_job_that_was_given_up(held: OpenSession) -> None:
    """A request that its client gives up would take the runs behind it along."""
    job, run = held.session.checkpoint(), held.start()
    job.cancel()
    held.let_go()
    assert "ok" == (await held.end_of(run)).status


async def test_sessions_do_not_wait_for_each_other(opened: Opener, held: OpenSession) -> None:
    """A long run in one document would hold up every other."""
    run = held.start()
    await held.running(2)
    others = [opened(f"{number}\n", f"{number}.py") for number in range(3)]
    found = [texts(await other.run()) for other in others]
    assert [["0"], ["1"], ["2"]] == found
    assert 4 == len({held.pid, *(other.pid for other in others)})
    assert not run.done()
    held.let_go()
    await held.end_of(run)


# The end.


async def test_close_during_a_run(endless: OpenSession) -> None:
    """The run's caller would wait for ever, or the program live on."""
    run, waiting = endless.start(), endless.start()
    await endless.inside()
    await endless.session.close()
    assert "interrupted" == (await endless.end_of(run)).status
    assert "cancelled" == (await endless.end_of(waiting)).status
    assert not endless.session.status.has_program


async def test_close_twice(held: OpenSession) -> None:
    """A second end, as of a client that has gone meanwhile, would fail."""
    held.let_go()
    await held.run()
    await held.session.close()
    await held.session.close()


async def test_close_lets_functions_at_exit_run(opened: Opener) -> None:
    """Closing a document would leave temporary folders and unfinished files."""
    session = opened("import atexit, os\n_ = atexit.register(os.mkdir, 'ended')\n")
    await session.run()
    await session.session.close()
    assert (session.place.folder / "ended").is_dir()
