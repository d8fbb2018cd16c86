"""States that are kept: on their own for the next edit, and by hand."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from support import oracle, processes
from support.observers import LIMIT
from support.sessions import text_of, texts

from rdit_lsp.session.planning import RequestError, WayBack
from rdit_lsp.session.status import KeptStates

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

    from rdit_lsp.program.checkpoints import Checkpoint

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

SLOW = """\
import time
with open("log", "a") as log: log.write("loaded ") and None
data = [1, 2, 3]
time.sleep(0.1)
total = sum(data)
total * 2
"""


@pytest.fixture
def slow(opened: Opener) -> OpenSession:
    """A script whose first half takes its time, and writes down that it ran."""
    return opened(SLOW)


def loads(session: OpenSession) -> int:
    """How often the first half has run."""
    return (session.place.folder / "log").read_text().count("loaded")


async def keep(session: OpenSession, name: str | None = None) -> Checkpoint:
    """Keep the state by hand."""
    return await asyncio.wait_for(session.session.checkpoint(name), LIMIT)


async def restore(session: OpenSession, checkpoint: Checkpoint | str) -> WayBack:
    """Go back to a state that was kept."""
    identifier = checkpoint if isinstance(checkpoint, str) else checkpoint.id
    return await asyncio.wait_for(session.session.restore(identifier), LIMIT)


async def execute(session: OpenSession, statement: str) -> str:
    """Append a statement and run it in the live namespace; what it put out."""
    session.replace(f"{session.session.document.text.rstrip()}\n{statement}\n")
    last = session.session.document.placed[-1].first
    report = await session.run("statement", line=last)
    return text_of(report.views[-1])


# On their own.


async def test_edit_runs_only_what_follows(slow: OpenSession) -> None:
    """After an edit at the end, what is slow would run again."""
    assert WayBack("start", 1) == (await slow.run()).way_back
    for factor in (3, 4):
        slow.replace(SLOW.replace("total * 2", f"total * {factor}"))
        report = await slow.run("stale")
        assert f"{6 * factor}" == texts(report)[-1]
        assert report.way_back is not None
        assert 5 <= (report.way_back.line or 0)
    slow.replace(SLOW.replace("sum(data)", "max(data)"))
    report = await slow.run("stale")
    assert (WayBack("checkpoint", 5), "6") == (report.way_back, texts(report)[-1])
    assert 1 == loads(slow)


async def test_undo_costs_nothing(slow: OpenSession) -> None:
    """Taking an edit back would run something, although all of it was known."""
    await slow.run()
    slow.replace(SLOW.replace("sum(data)", "max(data)"))
    await slow.run("stale")
    slow.replace(SLOW)
    assert WayBack("kept") == (await slow.run("stale")).way_back
    assert "12" == slow.shown()[6]


async def test_file_takes_nothing_from_earlier_runs(slow: OpenSession) -> None:
    """A run of the file would begin in the middle."""
    await slow.run()
    assert WayBack("start", 1) == (await slow.run()).way_back
    assert 2 == loads(slow)


async def test_state_with_mutable_values(opened: Opener) -> None:
    """What a statement does to a list would be there when it runs the second time."""
    with oracle.keeping_every_state():
        session = opened("data = []\ndata.append(1)\ndata\n")
        await session.run()
        for number in (2, 3, 4):
            session.replace(f"data = []\ndata.append({number})\ndata\n")
            report = await session.run("stale")
            assert (f"[{number}]", WayBack("checkpoint", 2)) == (texts(report)[2], report.way_back)


async def test_deepest_state_is_taken(opened: Opener) -> None:
    """Going back would go further than it has to."""
    lines = [f"x{number} = {number}" for number in range(8)]
    with oracle.keeping_every_state():
        session = opened("\n".join(lines))
        await session.run()
        for number in (7, 5, 6, 2):
            lines[number] += " + len('')"
            session.replace("\n".join(lines))
            report = await session.run("stale")
            assert WayBack("checkpoint", number + 1) == report.way_back


async def test_another_branch_is_kept(opened: Opener) -> None:
    """Trying two ways in turn would run the beginning of each again."""
    head = "import time\nx = 1\n"
    branches = [f"{head}y = {number}\ntime.sleep(0.1)\ny + 1\n" for number in (1, 2)]
    with oracle.keeping_every_state():
        session = opened(branches[0])
        await session.run()
        session.replace(branches[1])
        await session.run("stale")
        for factor, branch in ((5, 0), (6, 1), (7, 0)):
            session.replace(branches[branch].replace("y + 1", f"y * {factor}"))
            report = await session.run("stale")
            assert WayBack("checkpoint", 5) == report.way_back
            assert f"{(branch + 1) * factor}" == texts(report)[-1]


async def test_off_means_off(opened: Opener) -> None:
    """With checkpoints off there would still be copies of the program."""
    session = opened(SLOW, checkpoints=False)
    with oracle.keeping_every_state():
        await session.run()
        assert [session.pid] == [*processes.marked(f"{session.place.env[processes.MARK]}")]
        session.replace(SLOW.replace("* 2", "* 3"))
        report = await session.run("stale")
    assert "18" == texts(report)[-1]
    assert 0 == session.session.status.checkpoints.count
    assert [] == await session.session.checkpoints()


async def test_status_counts_them(opened: Opener) -> None:
    """A status would hide what a session holds."""
    session = opened("size = 20 << 20\ndata = bytearray(b'x' * size)\ndata[:] = b'y' * size\n1\n")
    assert KeptStates(0, 0) == session.session.status.checkpoints
    with oracle.keeping_every_state():
        await session.run()
    listed = await session.session.checkpoints()
    kept = session.session.status.checkpoints
    assert (3, 3, ()) == (len(listed), kept.count, kept.named)
    assert [(1, None), (2, None), (3, None)] == [(made.line, made.name) for made in listed]
    # One of them holds what the program has overwritten since; how much of that counts is a guess.
    assert 5 << 20 <= kept.memory < 60 << 20


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("s = socket.socket()", "a socket open"),
        ("t = threading.Timer(600, int); t.daemon = True; t.start()", "threads"),
        ("f = open('new', 'w')", "open for writing"),
    ],
)
async def test_refusal_is_told(opened: Opener, statement: str, reason: str) -> None:
    """Where no state can be kept, the user would not learn why edits cost so much."""
    with oracle.keeping_every_state():
        session = opened(f"import socket, threading\n{statement}\n1\n")
        await session.run()
    refusal = session.session.status.checkpoints.refusal
    assert refusal is not None
    assert (2, True) == (refusal[0], reason in refusal[1])


# By hand.


async def test_state_kept_by_hand(slow: OpenSession) -> None:
    """A state kept by hand could not be had again, or only once."""
    await slow.run()
    made = await keep(slow, "loaded")
    assert ("loaded", 6, True) == (made.name, made.line, made.is_ready)
    await execute(slow, "data.append(4)")
    for _ in range(2):
        assert "checkpoint" == (await restore(slow, made)).kind
        assert "[1, 2, 3] (3 items)" == await slow.variable("data")
        await execute(slow, "data.clear()")
    assert ((made.id, "loaded"),) == slow.session.status.checkpoints.named
    listed = {checkpoint.id: checkpoint for checkpoint in await slow.session.checkpoints()}
    assert listed[made.id].memory is not None
    assert 1 == loads(slow)


async def test_names(slow: OpenSession) -> None:
    """Two states kept by hand could not be told apart."""
    await slow.run("toHere", line=3)
    first = await keep(slow)
    await slow.run("stale")
    second = await keep(slow, "all")
    assert ("after line 3", "all") == (first.name, second.name)
    named = slow.session.status.checkpoints.named
    assert ((second.id, "all"), (first.id, "after line 3")) == named


async def test_state_before_the_first_statement(opened: Opener) -> None:
    """Where the text leads nowhere, a state by hand would have no line."""
    session = opened("x = 1\n")
    await session.run()
    session.replace("y = 1\n")
    made = await keep(session)
    assert ("after line 0", None) == (made.name, made.place)


async def test_restored_state_is_shown(slow: OpenSession) -> None:
    """After going back, the next update would carry on from where the program was before."""
    await slow.run()
    made = await keep(slow)
    slow.replace(SLOW + "data.append(4)\ndata\n")
    await slow.run("stale")
    await restore(slow, made)
    report = await slow.run("fromHere", line=7)
    assert "[1, 2, 3, 4]" == texts(report)[-1]


async def test_restore_of_a_state_whose_process_is_gone(slow: OpenSession) -> None:
    """A state that was dropped would be lost: the text it came from leads there again."""
    await slow.run()
    made = await keep(slow)
    live = slow.pid
    for pid in processes.marked(f"{slow.place.env[processes.MARK]}"):
        if pid != live:
            os.kill(pid, signal.SIGKILL)
            await processes.ended(pid)
    slow.replace("data = 'other'\n")
    await slow.run()
    assert WayBack("start", 1) == await restore(slow, made)
    assert "[1, 2, 3] (3 items)" == await slow.variable("data")
    assert "data = 'other'\n" == slow.session.document.text


async def test_restore_keeps_the_text(slow: OpenSession) -> None:
    """Going back to a state would take the text along, and with it what was typed since."""
    await slow.run()
    made = await keep(slow)
    slow.replace("other = 1\n")
    await restore(slow, made)
    assert "other = 1\n" == slow.session.document.text


async def test_nothing_to_keep(slow: OpenSession) -> None:
    """A request that makes no sense would get no clear answer."""
    with pytest.raises(RequestError, match="nothing has run"):
        await keep(slow)
    with pytest.raises(RequestError, match="there is no checkpoint '9'"):
        await restore(slow, "9")
    assert "ok" == (await slow.run()).status


async def test_state_that_no_process_holds(opened: Opener) -> None:
    """With a thread alive there is no process to return to; running again must do."""
    session = opened(
        "import threading; t = threading.Timer(600, int); t.daemon = True; t.start()\nx = [1]\n"
    )
    await session.run()
    made = await keep(session)
    assert (False, "it has threads (Thread-1)") == (made.is_ready, made.refusal)
    await session.run("statement", line=2)
    with pytest.raises(RequestError, match="cannot be kept: it has threads"):
        await keep(session)
    assert "start" == (await restore(session, made)).kind
    assert "[1] (1 item)" == await session.variable("x")


async def test_text_that_leads_there_no_more(opened: Opener) -> None:
    """Running again would pass for going back although it ends elsewhere."""
    session = opened(
        "import threading; t = threading.Timer(600, int); t.daemon = True; t.start()\n"
    )
    (session.place.folder / "here").touch()
    session.replace("import os\n" + session.session.document.text + "x = os.stat('here') and 1\n")
    await session.run()
    made = await keep(session)
    assert not made.is_ready
    (session.place.folder / "here").unlink()
    await session.run("statement", line=1)
    with pytest.raises(RequestError, match="running the statements again ended with error"):
        await restore(session, made)
    assert "ok" == (await session.run("statement", line=1)).status


async def test_kept_by_hand_outlives_a_run_of_the_file(slow: OpenSession) -> None:
    """Running the file would drop what a person has asked to be kept."""
    await slow.run()
    made = await keep(slow)
    await slow.run()
    assert "checkpoint" == (await restore(slow, made)).kind
    assert 2 == loads(slow)


async def test_closing_ends_them(slow: OpenSession) -> None:
    """Copies of the program would outlive the document."""
    await slow.run()
    await keep(slow)
    assert 3 <= len(processes.marked(f"{slow.place.env[processes.MARK]}"))
    await slow.session.close()
    await processes.gone(f"{slow.place.env[processes.MARK]}")
