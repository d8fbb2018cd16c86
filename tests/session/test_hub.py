"""All sessions of a server: which documents are open, what they are called, and how they start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.observers import Recorder
from support.sessions import ENDLESS, UNTIL_TOLD, text_of

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session import hub
from rdit_lsp.session.client import Client
from rdit_lsp.session.documents import Documents
from rdit_lsp.session.hub import Hub
from rdit_lsp.session.planning import Request
from rdit_lsp.settings.configuration import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.sessions import Place

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.session.attachment import Attachment


class Registry(Documents):
    """Documents whose observers a test can ask."""

    def __init__(self, guard: Guard, mark: str) -> None:
        self.seen: dict[str, Recorder] = {}
        settings = {"python": sys.executable, "env": {processes.MARK: mark}}
        client = Client(editor_settings=settings)
        super().__init__(Hub(guard), client, lambda uri: self.seen.setdefault(uri, Recorder()))


@pytest.fixture
async def sessions(guard: Guard, place: Place) -> AsyncIterator[Registry]:
    """No document is open; after the test nothing of those that were is left."""
    mark = f"{place.env[processes.MARK]}"
    registry = Registry(guard, mark)
    yield registry
    await registry.hub.close_all()
    await processes.gone(mark)


def written(folder: Path, text: str, name: str = "script.py") -> str:
    """The uri of a file with this text."""
    (folder / name).write_text(text)
    return (folder / name).as_uri()


async def run(session: Attachment) -> list[str]:
    """Run the file; what its statements put out."""
    return [text_of(view) for view in (await session.execute(Request("file"))).views]


async def test_open_and_close(sessions: Registry, tmp_path: Path) -> None:
    """A document would have no session, or one after its end."""
    uri = written(tmp_path, "1\n")
    assert sessions.find(uri) is None
    session = sessions.open(uri, 3, "1\n")
    assert (session, [session]) == (sessions.find(uri), list(sessions))
    assert (uri, 3) == (session.document.uri, session.document.version)
    assert ["1"] == await run(session)
    assert 1 == len(sessions.seen[uri].results)
    sessions.close(uri)
    assert (None, []) == (sessions.find(uri), list(sessions))
    sessions.close(uri)  # Once more does no harm.


async def test_opened_twice(sessions: Registry, tmp_path: Path) -> None:
    """A second client that opens a document would get a second program, or the old text."""
    uri = written(tmp_path, "1\n")
    session = sessions.open(uri, 1, "1\n2\n")
    await run(session)
    assert session is sessions.open(uri, 5, "1\n3\n")
    assert ("1\n3\n", 5) == (session.document.text, session.document.version)
    assert [None, "edited since it ran"] == [v.stale_reason for v in session.snapshot().views]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a b.py", "a%20b.py"), ("größe.py", "gr%C3%B6%C3%9Fe.py"), ("a+b.py", "a%2Bb.py")],
)
async def test_one_document_written_in_two_ways(
    sessions: Registry, tmp_path: Path, one: str, other: str
) -> None:
    """Clients that escape a uri differently would have two sessions of one file."""
    session = sessions.open(f"{tmp_path.as_uri()}/{one}", 1, "1\n")
    assert session is sessions.find(f"{tmp_path.as_uri()}/{other}")


async def test_document_that_is_reloaded(sessions: Registry, tmp_path: Path) -> None:
    """A buffer that is reloaded, which is closed and opened, would lose program and results."""
    uri = written(tmp_path, "x = 1\nx\n")
    session = sessions.open(uri, 1, "x = 1\nx\n")
    await run(session)
    pid = session.status.pid
    sessions.close(uri)
    again = sessions.open(uri, 1, "x = 1\n# more\nx\n")
    assert pid == again.status.pid
    assert [(1, None), (3, None)] == [(v.first, v.stale_reason) for v in again.snapshot().views]
    assert "kept" == (await again.execute(Request("stale"))).way_back.kind  # type: ignore[union-attr]  # There is one.


async def test_reloaded_while_it_runs(sessions: Registry, tmp_path: Path) -> None:
    """A reload in the middle of a run would end it, or lose what it puts out meanwhile."""
    text = f"import os, time\nprint('begun', flush=True)\n{UNTIL_TOLD}\n'done'\n"
    (tmp_path / "pyproject.toml").write_text("[tool.rdit]\nkeepSessions = 'off'\n")
    uri = written(tmp_path, text)
    session = sessions.open(uri, 1, text)
    running = session.execute(Request("file"))
    await sessions.seen[uri].until(lambda: "begun" in sessions.seen[uri].written())
    sessions.close(uri)
    again = sessions.open(uri, 1, text)
    (tmp_path / "go").touch()
    assert "ok" == (await running).status
    assert ["", "begun\n", "", "done"] == [text_of(view) for view in again.snapshot().views]


async def test_closed_without_a_host(
    sessions: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed document's program would live on where nothing else could come back to it."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    uri = written(tmp_path, f"import time\n{ENDLESS}\n")
    session = sessions.open(uri, 1, f"import time\n{ENDLESS}\n")
    session.execute(Request("file"))
    await sessions.seen[uri].until(lambda: "inside" in sessions.seen[uri].written())
    pid = session.status.pid
    assert pid is not None
    sessions.close(uri)
    await processes.ended(pid)
    assert [] == list(sessions.hub)


async def test_closed_before_it_ran(sessions: Registry, tmp_path: Path) -> None:
    """Each file that was ever looked at would be kept."""
    uri = written(tmp_path, "1\n")
    sessions.open(uri, 1, "1\n")
    sessions.close(uri)
    assert [] == list(sessions.hub)


async def test_close_all(sessions: Registry, tmp_path: Path) -> None:
    """A server that ends would leave programs behind."""
    uris = [written(tmp_path, "1\n", f"{number}.py") for number in range(3)]
    opened = [sessions.open(uri, 1, "1\n") for uri in uris]
    for session in opened:
        await run(session)
    await sessions.hub.close_all()
    assert [] == list(sessions.hub)
    assert not any(session.status.has_program for session in opened)


# Renaming: editors tell a renamed file as one that is closed and another that is opened.


async def test_renamed_file_keeps_its_session(sessions: Registry, tmp_path: Path) -> None:
    """Renaming a file would cost its results and variables."""
    uri = written(tmp_path, "x = 1\nx\n")
    session = sessions.open(uri, 1, "x = 1\nx\n")
    await run(session)
    before = session.status.pid
    new = tmp_path / "new.py"
    (tmp_path / "script.py").rename(new)
    sessions.close(uri)
    session = sessions.open(new.as_uri(), 1, "x = 1\nx\n")
    assert (new.as_uri(), before) == (session.document.uri, session.status.pid)
    assert [None, None] == [view.stale_reason for view in session.snapshot().views]
    assert (None, session) == (sessions.find(uri), sessions.find(new.as_uri()))
    await session.execute(Request("statement", line=2))
    assert [1] == [view.index for view in sessions.seen[new.as_uri()].results]


async def test_renamed_file_is_shown_once(sessions: Registry, tmp_path: Path) -> None:
    """What shows the document under its old name would go on being told, and be kept for ever."""
    uri = written(tmp_path, "1\n")
    session = sessions.open(uri, 1, "1\n")
    await run(session)
    new = tmp_path / "new.py"
    (tmp_path / "script.py").rename(new)
    sessions.close(uri)
    before = len(sessions.seen[uri].results)
    await sessions.open(new.as_uri(), 1, "1\n").execute(Request("statement", line=1))
    assert before == len(sessions.seen[uri].results)


async def test_another_text_is_another_document(
    sessions: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleting one file and opening another would give that one's results to this one."""
    monkeypatch.setattr(hub, "RELOAD_TAKES", 0.0)
    uri = written(tmp_path, "1\n")
    session = sessions.open(uri, 1, "1\n")
    await run(session)
    pid = session.status.pid
    (tmp_path / "script.py").unlink()
    sessions.close(uri)
    other = sessions.open(written(tmp_path, "2\n", "other.py"), 1, "2\n")
    assert session is not other
    assert [] == list(other.snapshot().views)
    assert pid is not None
    await processes.ended(pid)  # Nothing else has come for it.


async def test_copy_of_a_file_that_is_still_there(sessions: Registry, tmp_path: Path) -> None:
    """Closing a file and opening its copy would pass for a renaming."""
    uri = written(tmp_path, "1\n")
    session = sessions.open(uri, 1, "1\n")
    await run(session)
    sessions.close(uri)
    assert (
        session.session is not sessions.open(written(tmp_path, "1\n", "copy.py"), 1, "1\n").session
    )


async def test_close_all_ends_what_waits_for_its_new_name(
    sessions: Registry, tmp_path: Path
) -> None:
    """A server that ends just then would leave a program behind."""
    uri = written(tmp_path, "1\n")
    session = sessions.open(uri, 1, "1\n")
    await run(session)
    (tmp_path / "script.py").unlink()
    sessions.close(uri)
    assert session.status.has_program
    await sessions.hub.close_all()
    assert not session.status.has_program


# How programs start.


async def test_program_of_a_file(sessions: Registry, tmp_path: Path) -> None:
    """A program would not be what `python FILE` is in the file's folder."""
    text = "import sys, os\n__file__, sys.argv\nos.getcwd()\n"
    uri = written(tmp_path, text)
    path = tmp_path / "script.py"
    found = await run(sessions.open(uri, 1, text))
    assert ["", f"('{path}', ['{path}'])", f"'{tmp_path}'"] == found


async def test_document_that_is_no_file(sessions: Registry, tmp_path: Path) -> None:
    """A text that was never saved could not be run, or would run anywhere."""
    sessions.client.workspaces = (tmp_path,)
    session = sessions.open("untitled:Untitled-1", 1, "import os\nos.getcwd()\n")
    assert ["", f"'{tmp_path}'"] == await run(session)


async def test_settings_of_the_project(sessions: Registry, tmp_path: Path) -> None:
    """What a project's file sets would not reach its programs."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.rdit]\nargs = ['a', 'b c']\ncwd = 'inner'\n")
    text = "import sys, os\nsys.argv[1:], os.path.basename(os.getcwd())\n"
    uri = written(tmp_path, text)
    assert ["", "(['a', 'b c'], 'inner')"] == await run(sessions.open(uri, 1, text))


async def test_relative_paths_count_from_the_folder_that_the_document_is_in(
    sessions: Registry, tmp_path: Path
) -> None:
    """In a window of several folders, a path in the settings of one would lead into another."""
    text = "import os\nos.getcwd()\n"
    for name in ("first", "second"):
        (tmp_path / name / "data").mkdir(parents=True)
    sessions.client.workspaces = (tmp_path, tmp_path / "first", tmp_path / "second")
    uri = written(tmp_path / "second", text)
    sessions.client.document_settings[uri] = {"cwd": "data"}
    assert ["", f"'{tmp_path / 'second' / 'data'}'"] == await run(sessions.open(uri, 1, text))


async def test_settings_that_are_wrong(sessions: Registry, tmp_path: Path) -> None:
    """A mistake in the settings would not be told, or not where it can be mended."""
    settings = tmp_path / "pyproject.toml"
    settings.write_text("[tool.rdit]\nrunOn = 'never'\n")
    uri = written(tmp_path, "1\n")
    session = sessions.open(uri, 1, "1\n")
    with pytest.raises(ConfigurationError, match="runOn"):
        sessions.settings(uri)
    with pytest.raises(WorkerError, match=r"runOn = 'never'"):
        await run(session)
    settings.write_text("")
    assert ["1"] == await run(session)
    assert SessionState.IDLE is session.state
