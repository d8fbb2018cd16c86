"""Several clients of one document: each has its own text, and sees beside it what is true of that text."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.observers import LIMIT, Recorder
from support.sessions import ENDLESS, UNTIL_TOLD, text_of

from rdit_lsp.document import document as documents
from rdit_lsp.session import hub
from rdit_lsp.session.client import Client
from rdit_lsp.session.documents import Documents
from rdit_lsp.session.hub import Hub
from rdit_lsp.session.planning import Request
from rdit_lsp.session.status import HostInfo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from support.sessions import Place

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.report import Report

SCRIPT = "a = 1\nb = a + 1\nprint(b)\n"


class Editor:
    """One client, which has one file open at most."""

    def __init__(self, hub: Hub, folder: Path, mark: str, name: str, *, can_answer: bool) -> None:
        self.seen = Recorder(can_answer=can_answer)
        settings = {"python": sys.executable, "env": {processes.MARK: mark}}
        self.client = Client(name, editor_settings=settings)
        self.documents = Documents(hub, self.client, lambda _: self.seen)
        self.uri = (folder / "script.py").as_uri()

    def open(self, text: str) -> Attachment:
        return self.documents.open(self.uri, 1, text)

    def close(self) -> None:
        self.documents.close(self.uri)

    @property
    def file(self) -> Attachment:
        found = self.documents.find(self.uri)
        assert found is not None
        return found

    def type(self, text: str) -> None:
        """Have another text from now on."""
        old = self.file.document
        self.file.change(documents.replace_text(old, old.version + 1, text))

    async def run(self, scope: str = "file", **how: object) -> Report:
        request = Request(scope, **how)  # type: ignore[arg-type]  # The tests' own words.
        return await asyncio.wait_for(self.file.execute(request), LIMIT)

    def shown(self) -> list[tuple[int, str, str | None]]:
        """First line, output and reason of staleness of each result."""
        views = self.file.snapshot().views
        return [(view.first, text_of(view), view.stale_reason) for view in views]

    def statuses(self) -> list[str]:
        return [view.status for view in self.file.snapshot().views]


class Room:
    """A host with any number of editors."""

    def __init__(self, guard: Guard, folder: Path, mark: str) -> None:
        self.hub = Hub(guard, HostInfo(1, "0", datetime.now(timezone.utc)))
        self.folder = folder
        self._mark = mark

    def __call__(self, name: str, text: str | None = None, *, can_answer: bool = False) -> Editor:
        """An editor, which has the file open with this text."""
        editor = Editor(self.hub, self.folder, self._mark, name, can_answer=can_answer)
        if text is not None:
            editor.open(text)
        return editor


@pytest.fixture
async def room(guard: Guard, place: Place) -> AsyncIterator[Room]:
    """No editor is there; afterwards nothing of what they did is left."""
    mark = f"{place.env[processes.MARK]}"
    room = Room(guard, place.folder, mark)
    yield room
    await room.hub.close_all()
    await processes.gone(mark)


async def test_same_text(room: Room) -> None:
    """What one editor runs, the other would not show."""
    one, other = room("one", SCRIPT), room("other", SCRIPT)
    await one.run()
    assert [(1, "", None), (2, "", None), (3, "2\n", None)] == one.shown() == other.shown()
    assert one.file.status.pid == other.file.status.pid
    assert "kept" == (await other.run("stale")).way_back.kind  # type: ignore[union-attr]  # There is one.


async def test_one_that_comes_later(room: Room) -> None:
    """An editor that opens a document would show nothing of what has run."""
    one = room("one", SCRIPT)
    await one.run()
    assert one.shown() == room("other", SCRIPT).shown()


async def test_edit_in_one(room: Room) -> None:
    """Typing in one editor would move or gray the hints in another."""
    one, other = room("one", SCRIPT), room("other", SCRIPT)
    await one.run()
    before = other.file.snapshot().views
    one.type(f"# comment\n\n{SCRIPT}".replace("a + 1", "a + 10"))
    assert [(3, "", None), (4, "", "edited since it ran")] == one.shown()[:2]
    assert before == other.file.snapshot().views


async def test_run_of_another_text(room: Room) -> None:
    """A run of one editor's text would be shown as current beside another's, or take away what is."""
    one, other = room("one", SCRIPT), room("other", SCRIPT)
    await one.run()
    one.type(SCRIPT.replace("a + 1", "a + 10"))
    await one.run("stale")
    assert [(1, "", None), (2, "", None), (3, "11\n", None)] == one.shown()
    assert [(1, "", None), (2, "", None), (3, "2\n", None)] == other.shown()
    # And back: each update gives what that text gives.
    other.type(SCRIPT.replace("print(b)", "print(b, b)"))
    report = await other.run("stale")
    assert "2 2\n" == text_of(report.views[-1])
    assert [(1, "", None), (2, "", None), (3, "11\n", None)] == one.shown()


async def test_one_takes_over_the_text_of_the_other(room: Room) -> None:
    """A file that is saved in one editor and reloaded in the other would have to run again there."""
    one, other = room("one", SCRIPT), room("other", SCRIPT)
    await one.run()
    changed = SCRIPT.replace("a + 1", "a + 10")
    one.type(changed)
    await one.run("stale")
    other.type(changed)
    assert [(1, "", None), (2, "", None), (3, "11\n", None)] == other.shown()
    assert "kept" == (await other.run("stale")).way_back.kind  # type: ignore[union-attr]  # There is one.


async def test_running_is_seen_by_both(room: Room) -> None:
    """Output of a run would not come before its end where another editor started it."""
    text = f"import os, time\nprint('begun', flush=True)\n{UNTIL_TOLD}\n"
    one, other = room("one", text), room("other", f"# mine\n{text}")
    run = asyncio.create_task(one.run())
    await other.seen.until(lambda: "running" in other.statuses()[2:])
    assert (3, "begun\n", None) == other.shown()[1]
    (room.folder / "go").touch()
    await run
    assert ["ok", "ok", "ok"] == other.statuses()


async def test_runs_queue_and_say_whose_they_are(room: Room) -> None:
    """Two editors would run over each other, or it would not be known who keeps it busy."""
    text = f"import os, time\n{UNTIL_TOLD}\n"
    one, other = room("one", text), room("other", text)
    first = asyncio.create_task(one.run())
    await one.seen.until(lambda: "running" in one.statuses()[1:])
    second = other.file.execute(Request("statement", line=1))
    status = one.file.status
    assert status.running is not None
    assert ("file", "one") == (status.running.scope, status.running.client.name)
    assert [("statement", "other")] == [(run.scope, run.client.name) for run in status.queue]
    assert ["one", "other"] == [client.name for client in status.clients]
    (room.folder / "go").touch()
    assert ["ok", "ok"] == [(await first).status, (await second).status]


async def test_one_interrupts_what_another_has_started(room: Room) -> None:
    """A run would go on because the person who wants it stopped sits elsewhere."""
    text = f"import time\n{ENDLESS}\n"
    one, other = room("one", text), room("other", text)
    run = asyncio.create_task(one.run())
    await other.seen.until(lambda: "inside" in other.seen.written())
    assert other.file.interrupt()
    assert "interrupted" == (await run).status


async def test_one_leaves(room: Room) -> None:
    """The end of one editor would be the end of the other's program, or of the run that it asked for."""
    text = f"import os, time\n{UNTIL_TOLD}\nprint('done')\n"
    one, other = room("one", text), room("other", text)
    run = asyncio.create_task(one.run())
    await one.seen.until(lambda: "running" in one.statuses()[1:])
    one.close()
    (room.folder / "go").touch()
    assert "ok" == (await run).status
    assert [(1, "", None), (2, "", None), (3, "done\n", None)] == other.shown()
    assert ["other"] == [client.name for client in other.file.status.clients]
    assert "kept" == (await other.run("stale")).way_back.kind  # type: ignore[union-attr]  # There is one.


async def test_all_leave_and_another_comes(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session would not outlive its editor, or lose what came meanwhile."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    text = f"import os, time\n{UNTIL_TOLD}\nprint('done')\nx = 5\n"
    one = room("one", text)
    run = asyncio.create_task(one.run())
    await one.seen.until(lambda: "running" in one.statuses()[1:])
    session = one.file.session
    one.close()
    assert session.status.times.detached is not None
    (room.folder / "go").touch()
    await run
    other = room("other", f"{text}x\n")
    assert (3, "done\n", None) == other.shown()[2]
    assert session is other.file.session
    assert session.status.times.detached is None
    report = await other.run("stale")
    assert report.way_back is not None
    assert ("live", "5") == (report.way_back.kind, text_of(report.views[-1]))


@pytest.mark.parametrize(("keep", "lives"), [("off", False), ("8h", True), ("forever", True)])
async def test_how_long_it_is_kept(
    room: Room, monkeypatch: pytest.MonkeyPatch, keep: str, lives: bool
) -> None:
    """A program would end although it is to be kept, or be kept for ever."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    text = f"import os, time\n{UNTIL_TOLD}\nprint('done')\n"
    one = room("one")
    one.client.editor_settings = {**one.client.editor_settings, "keepSessions": keep}
    one.open(text)
    run = asyncio.create_task(one.run())
    await one.seen.until(lambda: "running" in one.statuses()[1:])
    session = one.file.session
    pid = session.status.pid
    assert pid is not None
    one.close()
    if not lives:
        await processes.ended(pid)
        assert [] == list(room.hub)
    else:
        (room.folder / "go").touch()
        assert "ok" == (await run).status
        assert [session] == list(room.hub)
        assert pid == session.status.pid


async def test_kept_for_a_while(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program would be kept longer than the settings say once it has nothing to do."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    one = room("one")
    one.client.editor_settings = {**one.client.editor_settings, "keepSessions": "0.0001m"}
    one.open(SCRIPT)
    await one.run()
    pid = one.file.status.pid
    assert pid is not None
    one.close()
    await processes.ended(pid)


async def test_checkpoint_made_by_hand_stays(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has kept would be gone with the editor."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    one = room("one", SCRIPT)
    await one.run()
    kept = await one.file.checkpoint("mine")
    session = one.file.session
    one.close()
    await session.wait_until_idle()
    other = room("other", SCRIPT)
    assert ["mine"] == [each.name for each in await other.file.checkpoints() if each.name]
    await other.file.restore(kept.id)


# What a program asks for.

ASKS = "name = input('Who? ')\nprint('Hello', name)\n"


async def asked(editor: Editor) -> Callable[[str | None], None]:
    """Wait until an editor is asked; how it answers."""
    await editor.seen.until(lambda: bool(editor.seen.waiting))
    return editor.seen.waiting.pop()


async def test_input_is_asked_of_the_one_that_started(room: Room) -> None:
    """The question would come up where nobody waits for it."""
    one = room("one", ASKS, can_answer=True)
    other = room("other", ASKS, can_answer=True)
    run = asyncio.create_task(one.run())
    answer = await asked(one)
    assert [] == other.seen.waiting
    answer("Ada")
    assert "Hello Ada\n" == text_of((await run).views[-1])


async def test_input_is_passed_on(room: Room) -> None:
    """An editor that is closed without an answer would have answered, with the end of input."""
    one = room("one", ASKS, can_answer=True)
    other = room("other", ASKS, can_answer=True)
    run = asyncio.create_task(one.run())
    late = await asked(one)
    one.close()
    answer = await asked(other)
    late("too late")
    answer("Ada")
    assert "Hello Ada\n" == text_of((await run).views[-1])


async def test_input_waits_for_an_editor(room: Room) -> None:
    """A program that asks while no editor is there would get the end of input."""
    one = room("one", ASKS, can_answer=True)
    run = asyncio.create_task(one.run())
    await asked(one)
    one.close()
    other = room("other", ASKS, can_answer=True)
    (await asked(other))("Ada")
    assert "Hello Ada\n" == text_of((await run).views[-1])


async def test_input_that_no_editor_can_give(room: Room) -> None:
    """A run would wait for ever in an editor that cannot ask."""
    one = room("one", ASKS)
    assert "error" == (await one.run()).status


async def test_unsaved_texts_are_not_shared(room: Room) -> None:
    """Every editor has an `Untitled-1`: one would run the other's."""
    one, other = room("one"), room("other")
    one.uri = other.uri = "untitled:Untitled-1"
    one.open("1\n")
    other.open("2\n")
    assert one.file.session is not other.file.session
    await one.run()
    # A window that is reloaded brings its unsaved texts back, as another client.
    one.close()
    again = room("again")
    again.uri = one.uri
    again.open("1\n")
    assert [(1, "1", None)] == again.shown()
