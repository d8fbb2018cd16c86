"""Forks that are made before they are asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from support import instant_loop
from support.fake_program import FakeFork, holding
from support.far_end import SECONDS, turn

from rdit_lsp.process.replies import Refusal
from rdit_lsp.program.prefork import Prefork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable


async def within(awaitable: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaitable, SECONDS)


@pytest.fixture
async def prefork() -> AsyncIterator[Prefork]:
    prefork = Prefork()
    yield prefork
    await within(prefork.close())


async def test_made_before_it_is_asked_for(prefork: Prefork) -> None:
    """A restore would take the time of a fork."""
    original = FakeFork()
    prefork.expect(original)
    await turn()
    (made,) = original.forks
    assert made is await prefork.fork_of(original)
    assert 1 == len(original.forks)
    assert not made.is_discarded
    assert made is not await prefork.fork_of(original)  # It can be used once.


async def test_asked_for_while_it_is_made(prefork: Prefork) -> None:
    """A restore at the same moment would make a second fork, and the first be left."""
    original = FakeFork()
    prefork.expect(original)
    fork = await within(prefork.fork_of(original))
    assert [fork] == original.forks


async def test_unexpected(prefork: Prefork) -> None:
    """The state that was expected would be restored in place of the one that is asked for."""
    expected, other = FakeFork(), FakeFork()
    prefork.expect(expected)
    await turn()
    fork = await prefork.fork_of(other)
    assert [fork] == other.forks
    assert expected.forks[0] is await prefork.fork_of(expected)


async def test_prefork_that_has_died(prefork: Prefork) -> None:
    """A restore would fail, though its checkpoint is good."""
    original = FakeFork()
    prefork.expect(original)
    await turn()
    original.forks[0].end()
    assert original.forks[0] is not await prefork.fork_of(original)


async def test_refused(prefork: Prefork) -> None:
    """A refusal would be kept as if it were a fork."""
    original = FakeFork()
    original.refusal = Refusal("it cannot")
    prefork.expect(original)
    await turn()
    assert prefork.memory() is None
    assert Refusal("it cannot") == await prefork.fork_of(original)


async def test_at_most_one(prefork: Prefork) -> None:
    """Each edit of another statement would leave a process behind."""
    first, second = FakeFork(), FakeFork()
    for original in (first, second):
        prefork.expect(original)
        await turn()
    assert (True, False) == (first.forks[0].is_discarded, second.forks[0].is_discarded)


async def test_goes_with_its_original(prefork: Prefork) -> None:
    """A checkpoint that is dropped for its memory would free none."""
    original = FakeFork()
    prefork.expect(original)
    await turn()
    original.forks[0].holds = holding(3)
    assert holding(3) == prefork.memory()
    original.end()
    await turn()
    assert original.forks[0].is_discarded
    assert prefork.memory() is None


async def test_one_that_was_used_stays_when_its_original_goes(prefork: Prefork) -> None:
    """The live program would be killed when its checkpoint is dropped."""
    original = FakeFork()
    prefork.expect(original)
    await turn()
    fork = await prefork.fork_of(original)
    original.end()
    await turn()
    assert not fork.is_discarded


async def test_discarded(prefork: Prefork) -> None:
    """After a reset, a process of the former program would stay."""
    original = FakeFork()
    prefork.expect(original)
    await turn()
    prefork.discard()
    await turn()
    assert original.forks[0].is_discarded


async def test_closing_waits(prefork: Prefork) -> None:
    """A document would be closed while one of its processes lives."""
    original = FakeFork()
    prefork.expect(original)
    await turn()
    original.forks[0].ends_at_once = False
    closed = asyncio.ensure_future(prefork.close())
    await turn()
    assert not closed.done()
    original.forks[0].end()
    await within(closed)


async def test_closing_while_one_is_made() -> None:
    """The fork under way would be left."""
    prefork, original = Prefork(), FakeFork()
    prefork.expect(original)
    await within(prefork.close())
    assert [True] == [fork.is_discarded for fork in original.forks]


@pytest.mark.parametrize("is_needed_after_all", [True, False])
def test_later(*, is_needed_after_all: bool) -> None:
    """The fork would be made while the program needs the processors, or after it is closed."""

    async def expect() -> list[int]:
        prefork, original = Prefork(), FakeFork()
        prefork.expect(original, later=5.0)
        await asyncio.sleep(4.0)
        counts = [len(original.forks)]
        if not is_needed_after_all:
            prefork.discard()
        await asyncio.sleep(2.0)
        counts.append(len(original.forks))
        await prefork.close()
        return counts

    assert [0, int(is_needed_after_all)] == instant_loop.run(expect())
