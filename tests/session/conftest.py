"""Sessions with real interpreters and without LSP; after each test nothing of them is left."""

from __future__ import annotations

import sys
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.sessions import OpenSession, Place

from rdit_lsp.process import stopping
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.stopping import LADDER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from support.sessions import Climb, Opener


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    """The guard of all sessions: it forks this process, which is cheap once and not for each test."""
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture(autouse=True)
def climb(monkeypatch: pytest.MonkeyPatch) -> Climb:
    """Sets how fast the ladder is climbed; by default so slowly that a plain interrupt must do.

    A busy machine may take seconds to deliver one, and nothing is to be killed for that.
    """

    def climb(*seconds: float) -> None:
        names = (name for _, name in LADDER)
        monkeypatch.setattr(stopping, "LADDER", tuple(zip(seconds, names, strict=True)))

    climb(0, 20, 40, 60)
    return climb


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
