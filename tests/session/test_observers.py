"""Any number of observers: each sees everything, and the newest that can answer is asked for input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.observers import Recorder, SilentObserver
from support.sessions import UNTIL_TOLD, statuses, texts

from rdit_lsp.outputs.failure import Failure

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.session import Session

SCRIPT = "print('a')\n1 + 1\n1 / 0\n"


async def test_each_sees_everything(opened: Opener) -> None:
    """A second window on a document would miss results or output."""
    session = opened(SCRIPT)
    others = [Recorder(), Recorder()]
    for other in others:
        session.session.observe(other)
    await session.run()
    for other in others:
        assert session.seen.results == other.results
        assert session.seen.output == other.output
        assert session.seen.changes == other.changes
    assert ["ok", "ok", "error"] == [view.status for view in others[0].results]


async def test_one_that_comes_late(opened: Opener) -> None:
    """A window that is opened in the middle of a run would show nothing of what is still to come."""
    session = opened(f"import os, time\n'early'\n{UNTIL_TOLD}\nprint('late')\n")
    run = session.start()
    await session.running(3)
    late = Recorder()
    session.session.observe(late)
    session.let_go()
    await session.end_of(run)
    assert [2, 3] == [view.index for view in late.results]
    assert "late\n" == late.written()
    # What was before, it sees in the snapshot.
    assert "early" == session.shown()[2]


async def test_one_that_leaves(opened: Opener) -> None:
    """A window that is closed would go on being told, or end what the others see."""
    session = opened("1\n")
    other = Recorder()
    session.session.observe(other)
    await session.run()
    before = other.changes, len(other.results)
    session.session.leave(other)
    session.session.leave(other)  # Once more does no harm.
    session.replace("1\n2\n")
    await session.run("stale")
    assert before == (other.changes, len(other.results))
    assert 2 == len(session.seen.results)


class Leaver(SilentObserver):
    """Leaves, and brings another one, when it sees a result."""

    def __init__(self, session: Session, other: SilentObserver) -> None:
        super().__init__()
        self.results = 0
        self._session = session
        self._other = other

    def on_result(self, view: View) -> None:
        self.results += 1
        self._session.leave(self)
        self._session.observe(self._other)


async def test_one_that_leaves_while_it_is_told(opened: Opener) -> None:
    """Leaving in the middle of a turn would make the next observer miss it."""
    session = opened("1\n2\n")
    brought, last = Recorder(), Recorder()
    leaver = Leaver(session.session, brought)
    session.session.observe(leaver)
    session.session.observe(last)
    await session.run()
    assert 1 == leaver.results
    assert [0, 1] == [view.index for view in last.results]
    assert [1] == [view.index for view in brought.results]


async def test_edits_are_seen(opened: Opener) -> None:
    """Another window on the document would show the results of a text that is no more."""
    session = opened("x = 1\nx\n")
    await session.run()
    other = Recorder()
    session.session.observe(other)
    session.insert(1, "# above\n")
    assert 1 <= other.changes
    assert {2: "", 3: "1"} == session.shown()


async def test_no_change_without_a_reason(opened: Opener) -> None:
    """Looking at a session would make its clients draw it again."""
    session = opened(SCRIPT)
    await session.run()
    before = session.seen.changes
    session.session.snapshot()
    assert session.session.status.has_program
    assert not session.session.refresh_dependencies()
    await session.session.checkpoints()
    assert before == session.seen.changes


# Input.

ASKING = "name = input('Who? ')\nname.upper()\n"


def names_of(session: OpenSession, line: int = 1) -> list[str]:
    """The exceptions that the statement on `line` shows."""
    view = session.view(line)
    assert view is not None
    return [output.name for output in view.outputs if isinstance(output, Failure)]


async def test_input_is_answered(opened: Opener) -> None:
    """A program that reads a line would not get the one that was typed."""
    session = opened(ASKING)
    session.session.observe(answering := Recorder("bob"))
    report = await session.run()
    assert ("ok", [("Who? ", False)]) == (report.status, answering.prompts)
    assert ["Who? bob\n", "'BOB'"] == texts(report)


async def test_password(opened: Opener) -> None:
    """A password would be shown while it is typed."""
    session = opened("import getpass\ngetpass.getpass('Secret: ')\n")
    session.session.observe(answering := Recorder("pass"))
    await session.run()
    assert [("Secret: ", True)] == answering.prompts


async def test_several_questions(opened: Opener) -> None:
    """The second line would be asked for with the first one's prompt, or be the same one."""
    session = opened("a, b = input('a '), input('b ')\n(a, b)\n")
    session.session.observe(answering := Recorder("1", "2"))
    report = await session.run()
    assert "('1', '2')" == texts(report)[1]
    assert ["a ", "b "] == [prompt[-2:] for prompt, _ in answering.prompts]


async def test_newest_that_can_answer_is_asked(opened: Opener) -> None:
    """A person would be asked in a window that they have left, or in one that cannot ask."""
    session = opened(ASKING)
    older, newer, mute = Recorder("old"), Recorder("new"), Recorder()
    for observer in (older, newer, mute):
        session.session.observe(observer)
    assert "'NEW'" == texts(await session.run())[1]
    assert ([], 1, []) == (older.prompts, len(newer.prompts), mute.prompts)
    session.session.leave(newer)
    assert "'OLD'" == texts(await session.run())[1]


async def test_only_one_is_asked(opened: Opener) -> None:
    """Two windows would both ask, and the program get two lines."""
    session = opened(ASKING)
    observers = [Recorder("first"), Recorder("second")]
    for observer in observers:
        session.session.observe(observer)
    await session.run()
    assert [0, 1] == [len(observer.prompts) for observer in observers]


async def test_end_of_file_where_nobody_can_answer(opened: Opener) -> None:
    """`input()` would wait for ever."""
    session = opened(ASKING)
    session.session.observe(Recorder())
    report = await session.run()
    assert ["error", "notRun"] == statuses(report)
    assert ["EOFError"] == names_of(session)
    assert "The program asked for input" in (report.views[0].note or "")


async def test_end_of_file_that_a_person_gave(opened: Opener) -> None:
    """Ctrl-D would be an error of the editor's, not the program's end of file."""
    session = opened("import sys\nsys.stdin.read()\n")
    session.session.observe(Recorder("one", "two", None))
    report = await session.run()
    assert ("ok", "one\ntwo\n'one\\ntwo\\n'") == (report.status, texts(report)[1])


async def test_end_of_file_is_not_for_the_next_statement(opened: Opener) -> None:
    """What was refused once would be called refused where no input was asked for."""
    session = opened("try: input()\nexcept EOFError: pass\nraise EOFError\n")
    report = await session.run()
    assert ["ok", "error"] == statuses(report)
    assert report.views[1].note is None


async def test_interrupt_while_input_waits(opened: Opener) -> None:
    """A program that waits for a line that never comes could not be stopped."""
    session = opened("x = 1\n" + ASKING)
    session.session.observe(waiting := Recorder(can_answer=True))
    run = session.start()
    await waiting.until(lambda: waiting.waiting)
    session.session.interrupt()
    assert ["ok", "interrupted", "notRun"] == statuses(await session.end_of(run))
    # An answer that comes late is for nobody.
    waiting.waiting[0]("late")
    session.replace("x\n")
    assert ["1"] == texts(await session.run("statement", line=1))


@pytest.mark.parametrize("answer", ["", "ü€😀", "a\\b", "x" * 10_000])
async def test_any_line_arrives(opened: Opener, answer: str) -> None:
    """A line would arrive cut or changed."""
    session = opened(
        "given = input()\nlen(given), ascii(given) == EXPECTED\n".replace(
            "EXPECTED", repr(ascii(answer))
        )
    )
    session.session.observe(Recorder(answer))
    assert f"({len(answer)}, True)" == texts(await session.run())[1]


async def test_observer_that_acts_in_the_middle(opened: Opener) -> None:
    """An observer that interrupts from a callback would meet a session in the middle of a step."""
    session = opened("import time\nfor n in range(600): print(n, flush=True); time.sleep(0.01)\n")
    actor = SilentObserver()
    session.session.observe(actor)
    acted: list[bool] = []

    def interrupt() -> None:
        acted.append(session.session.interrupt())

    for changes in (1, 5, 9):
        actor.act_after(changes, interrupt)
        report = await session.run()
        assert report.status in ("interrupted", "cancelled")
    assert [True, True, True] == acted
