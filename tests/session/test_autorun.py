"""Documents that run by themselves, with real programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from support.sessions import ENDLESS

from rdit_lsp.session.autorun import AutoRun
from rdit_lsp.settings.configuration import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.sessions import Opener, OpenSession

    Follow: TypeAlias = Callable[[OpenSession], AutoRun]


@pytest.fixture
def follow() -> Iterator[Follow]:
    """Has a session run while it is typed in."""
    runners: list[AutoRun] = []

    def follow(session: OpenSession) -> AutoRun:
        runners.append(AutoRun(lambda: session.session, lambda: Settings(run_on="type")))
        return runners[-1]

    yield follow
    for runner in runners:
        runner.close()


async def test_typing_updates(opened: Opener, follow: Follow) -> None:
    """What is typed would not be run, or more of it than an update runs."""
    session = opened("x = 1\nx + 1\n")
    await session.run()
    auto, ended = follow(session), len(session.seen.results)
    session.replace("x = 1\nx + 2\n")
    auto.happened("type")
    await session.seen.until(lambda: session.shown().get(2) == "3" and not session.stale())
    assert {2} == {view.first for view in session.seen.results[ended:]} - {1}


async def test_key_stops_what_it_started(opened: Opener, follow: Follow) -> None:
    """A run by itself would hold up the next one for as long as it takes."""
    session = opened("import time\n1\n")
    await session.run()
    auto = follow(session)
    session.replace(f"import time\n{ENDLESS}\n")
    auto.happened("save")
    await session.inside()
    session.replace("import time\n2\n")
    auto.happened("type")
    await session.seen.until(lambda: session.shown().get(2) == "2" and not session.stale())


async def test_saving_runs_nothing_before_a_person_does(opened: Opener, follow: Follow) -> None:
    """Code would run that has only been opened."""
    session = opened("x = 1\ny = 2\n")
    follow(session).happened("save")
    for _ in range(2):  # By the second one, what the save has asked for would be done, too.
        await session.run("statement", line=2, automatic=True)
    assert [1, 1] == [view.index for view in session.seen.results]


async def test_saving_again_runs_nothing(opened: Opener, follow: Follow) -> None:
    """Each save would run the file."""
    session = opened("x = 1\nx\n")
    await session.run()
    auto, ended = follow(session), len(session.seen.results)
    for _ in range(3):
        auto.happened("save")
        before = session.seen.changes
        await session.seen.until(lambda before=before: session.seen.changes > before)
    assert ended == len(session.seen.results)
