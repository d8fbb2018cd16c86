"""Sessions with real interpreters and without LSP; after each test nothing of them is left."""

from __future__ import annotations

import sys
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.sessions import OpenSession, Place

from rdit_lsp.process.posix.guard import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from support.sessions import Opener


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    """The guard of all sessions: it forks this process, which is cheap once and not for each test."""
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder of the test's own; what runs there carries a mark by which it is found."""
    return Place(tmp_path, env={processes.MARK: uuid.uuid4().hex})


@pytest.fixture
async def opened(place: Place, guard: Guard) -> AsyncIterator[Opener]:
    """Opens sessions for this test; however it ends, none of their processes is left."""
    sessions: list[OpenSession] = []

    def opener(
        text: str,
        name: str = "script.py",
        *,
        python: str = sys.executable,
        checkpoints: bool = True,
    ) -> OpenSession:
        here = replace(place, name=name, python=python, checkpoints=checkpoints)
        sessions.append(OpenSession(text, here, guard))
        return sessions[-1]

    yield opener
    for each in sessions:
        await each.session.close()
    await processes.gone(f"{place.env[processes.MARK]}")
