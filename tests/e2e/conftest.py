"""Servers for the end-to-end tests, one for each kind of editor, shared by the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import processes
from support.editor import Editor, Kind
from support.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

RESULTS = Kind("neovim", ("utf-16",), '{"rdit": {"resultNotifications": true}}')
"""An editor with a client of rdit's own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes the golden files anew; `--kills` is for patient people."""
    parser.addoption("--update", action="store_true", help="write what is shown into golden files")
    parser.addoption(
        "--kills", type=int, default=100, help="how often processes of a host are killed"
    )


class Pool:
    """The servers that run, by the kind of editor they serve."""

    def __init__(self) -> None:
        self._editors: dict[Kind, Editor] = {}

    async def get(self, kind: Kind) -> Editor:
        """An editor of this kind whose server is as good as new."""
        editor = self._editors.get(kind)
        if editor is None or not editor.is_usable:
            editor = self._editors[kind] = await Editor.start(kind)
        return editor

    async def close(self) -> None:
        """End every server, and see that nothing of it is left."""
        for editor in self._editors.values():
            if editor.process.returncode is None:
                assert await editor.close() == 0
            await processes.gone(editor.mark)


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[Pool]:
    """All shared servers."""
    pool = Pool()
    yield pool
    await pool.close()


@pytest.fixture
async def editor_of(pool: Pool) -> AsyncIterator[Callable[[Kind], Awaitable[Editor]]]:
    """A shared server for the kind of editor asked for; after the test nothing runs in it."""
    used: list[Editor] = []

    async def get(kind: Kind) -> Editor:
        editor = await pool.get(kind)
        editor.inbox.clear()
        editor.answers.clear()
        editor.documents.clear()
        used.append(editor)
        return editor

    yield get
    for editor in used:
        if editor.process.returncode is None:
            await editor.close_documents()


@pytest.fixture
async def editor(editor_of: Callable[[Kind], Awaitable[Editor]]) -> Editor:
    """An editor that gets the results themselves."""
    return await editor_of(RESULTS)


@pytest.fixture
async def hosts() -> AsyncIterator[Hosts]:
    """A folder for one host; after the test nothing of it is left."""
    hosts = Hosts()
    yield hosts
    await hosts.close()


@pytest.fixture
async def own() -> AsyncIterator[Callable[..., Awaitable[Editor]]]:
    """Starts servers for this test alone; however it ends, none of their processes is left."""
    started: list[Editor] = []

    async def start(kind: Kind = RESULTS, **how: Any) -> Editor:
        editor = await Editor.start(kind, **how)
        started.append(editor)
        return editor

    yield start
    for editor in started:
        if editor.process.returncode is None:
            assert await editor.close() == 0
        await processes.gone(editor.mark)
