"""Taking, finding, measuring and dropping checkpoints, with forks that are no processes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.fake_program import LAUNCH, MB, FakeFork, holding
from support.far_end import SECONDS, turn

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.process.handle import Capabilities
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.program import checkpoint_policy
from rdit_lsp.program import checkpoints as module
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.program.checkpoints import Checkpoints
from rdit_lsp.program.history import History

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from rdit_lsp.process.handle import Memory


class _Document:
    """The checkpoints of a program that is forked as a test says."""

    def __init__(self) -> None:
        self.program: Memory | None = None
        self.prefork: Memory | None = None
        self.checkpoints = Checkpoints(lambda: (self.program, self.prefork), self._is_due)
        self.history = History()
        self.answer: FakeFork | Refusal | Exited | None = None
        """What the next fork comes to, in place of a new one."""
        self.asked: list[tuple[float, bool]] = []

    def _is_due(self, history: History, cost: float, *, hot: bool) -> bool:
        self.asked.append((history.work, hot))
        return hot

    async def fork(self) -> FakeFork | Refusal | Exited:
        await asyncio.sleep(0)
        answer, self.answer = self.answer, None
        return answer if answer is not None else FakeFork()

    async def take(self, key: int, seconds: float = 1.0, **options: Any) -> Checkpoint:
        """Work so long, and keep the state."""
        self.history.did_work(seconds)
        made = await self.checkpoints.take(self.fork, key, self.history, key, **options)
        assert isinstance(made, Checkpoint)
        return made


async def within(awaitable: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaitable, SECONDS)


def fork_of(checkpoint: Checkpoint) -> FakeFork:
    assert isinstance(checkpoint.fork, FakeFork)
    return checkpoint.fork


@pytest.fixture
async def document(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Document]:
    monkeypatch.setattr(module, "available", lambda: 1 << 50)
    document = _Document()
    yield document
    await within(document.checkpoints.close())
    assert [] == document.checkpoints.all()


# Taking one.


async def test_state_that_is_kept(document: _Document) -> None:
    """A state could not be found again, or would say that it is another."""
    first, second = await document.take(10), await document.take(20)
    kept = document.checkpoints
    assert [first, second] == kept.all()
    assert (first, None) == (kept.at(10), kept.at(11))
    assert (True, False, False) == (20 in kept, 11 in kept, "20" in kept)
    assert 2 == len(kept)
    assert (2.0, 20, first) == (second.work, second.line, second.before)
    assert second is document.history.last
    assert first.id != second.id
    assert second is kept.find(second.id)


async def test_refused_fork(document: _Document) -> None:
    """Nobody would know why there is no way back, or a later run still say so."""
    document.answer = Refusal("it has threads")
    made = await document.take(10)
    assert (None, "it has threads", False) == (made.fork, made.refusal, made.is_ready)
    assert (10, "it has threads") == document.checkpoints.refusal
    assert [] == document.checkpoints.all()
    assert document.history.last is None
    await document.take(11)
    assert document.checkpoints.refusal is None


async def test_process_that_ends_meanwhile(document: _Document) -> None:
    """The state of a process that is gone would count as kept."""
    document.answer = Exited(-9)
    made = await document.checkpoints.take(document.fork, 10, document.history, 1)
    assert Exited(-9) == made
    assert [] == document.checkpoints.all()


async def test_cost_is_counted(document: _Document, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints of a program with much memory would be taken as often as those of a small one."""
    now = iter([1.0, 3.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(now))
    before = document.checkpoints._cost
    await document.take(10)
    assert (2.0, 1.0) == (document.history.spent, document.history.asked)
    assert before < document.checkpoints._cost < 2.0


async def test_same_state_again(document: _Document) -> None:
    """A state that is kept twice would hold two processes, or the one that was asked for be lost."""
    former = await document.take(10)
    process = fork_of(former)
    await document.take(10)
    await turn()
    assert process.is_discarded
    assert 1 == len(document.checkpoints)
    named = await document.take(10, name="mine")
    again = await document.take(10)
    assert [named, again] == [c for c in document.checkpoints.all() if c.is_ready]


async def test_state_off_the_path(document: _Document) -> None:
    """A state that no text leads to would be found by another one's key."""
    made = await document.take(OFF_PATH)
    assert document.checkpoints.at(OFF_PATH) is None
    assert [] == document.checkpoints.all()
    fork_of(made).discard()
    named = await document.take(OFF_PATH, name="mine")
    assert document.checkpoints.at(OFF_PATH) is None
    assert [named] == document.checkpoints.all()


async def test_no_more_than_the_most(document: _Document, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement of a long script would hold a process."""
    monkeypatch.setattr(checkpoint_policy, "MOST", 2)
    paths: list[int] = []

    def on_path() -> list[int]:
        paths.append(1)
        return [10, 30]

    first = await document.take(10, 0.001, on_path=on_path)
    second = await document.take(20, 100.0, on_path=on_path)
    named = await document.take(40, name="mine", on_path=on_path)
    assert [] == paths
    third = await document.take(30, on_path=on_path)
    assert [first, named, third] == document.checkpoints.all()
    assert not second.is_ready
    assert third.before is named


# Whether one is due.


@pytest.mark.parametrize(
    ("setting", "can_fork", "expected"),
    [(True, True, True), (False, True, False), (True, False, False)],
)
async def test_settings_and_capabilities(
    document: _Document, *, setting: bool, can_fork: bool, expected: bool
) -> None:
    """Before every statement a fork would be asked for that is refused, or not wanted."""
    refusal = None if can_fork else Refusal("it cannot")
    launch = replace(LAUNCH, checkpoints=setting)
    document.checkpoints.configure(launch, Capabilities(refusal))
    assert expected == document.checkpoints.is_due(document.history, hot=True)
    assert expected == (document.asked == [(0.0, True)])
    assert not document.checkpoints.is_due(document.history, hot=False)


# Letting go.


async def test_forgetting(document: _Document) -> None:
    """A run of the whole file would keep states that nothing leads to, or drop what the user kept."""
    automatic, named = await document.take(10), await document.take(20, name="mine")
    assert [(named.id, "mine")] == document.checkpoints.names()
    process = fork_of(automatic)
    document.checkpoints.forget(named=False)
    await turn()
    assert [named] == document.checkpoints.all()
    assert process.is_discarded
    assert named.before is None
    document.checkpoints.forget(named=True)
    assert [] == document.checkpoints.all()


async def test_newest_name_comes_first(document: _Document) -> None:
    """Restoring the last one would offer the first."""
    for key in (1, 2):
        await document.take(key, name=f"{key}")
    assert ["2", "1"] == [name for _, name in document.checkpoints.names()]


async def test_giving_one_up(document: _Document) -> None:
    """A state that a run of the text leads to could not be restored any more, or a dead one again."""
    with_place, without = await document.take(1, name="a"), await document.take(2, name="b")
    with_place.place = (object(), 1)  # type: ignore[assignment]  # A document, which nobody looks at.
    for given_up in (with_place, without):
        document.checkpoints.give_up(given_up)
        assert not given_up.is_ready
    assert [with_place] == document.checkpoints.all()
    assert document.checkpoints.at(1) is None


async def test_process_that_ended_by_itself(document: _Document) -> None:
    """A restore would try a state whose process the OOM killer took."""
    made = await document.take(10)
    fork_of(made).end()
    assert (None, 0, False) == (
        document.checkpoints.at(10),
        len(document.checkpoints),
        made.is_ready,
    )
    assert made is document.checkpoints.find(made.id)


async def test_one_ends_after_the_other(document: _Document) -> None:
    """Freeing the memory of many at once would hold up the machine."""
    forks = [fork_of(await document.take(key)) for key in range(3)]
    for fork in forks:
        fork.ends_at_once = False
    document.checkpoints.forget(named=True)
    await turn()
    assert 1 == sum(fork.is_discarded for fork in forks)
    next(fork for fork in forks if fork.is_discarded).end()
    await turn()
    assert 2 == sum(fork.is_discarded for fork in forks)
    for fork in forks:
        fork.end()


async def test_closing_waits_for_the_end(document: _Document) -> None:
    """A process would be left behind a document that is closed."""
    forks = [fork_of(await document.take(key)) for key in range(3)]
    await measured(document)  # Which closing would wait for first.
    for fork in forks:
        fork.ends_at_once = False
    closing = asyncio.ensure_future(document.checkpoints.close())
    await turn()
    assert all(fork.is_discarded for fork in forks)  # There is no time to be gentle.
    assert not closing.done()
    for fork in forks:
        fork.end()
    await within(closing)


# Memory.


async def measured(document: _Document) -> list[Checkpoint]:
    await within(document.checkpoints.measure())
    return [checkpoint for checkpoint in document.checkpoints.all() if checkpoint.is_ready]


def configure(document: _Document, megabytes: int) -> None:
    launch = replace(LAUNCH, checkpoint_memory=megabytes * MB)
    document.checkpoints.configure(launch, Capabilities())


async def test_memory_is_measured(document: _Document) -> None:
    """`rdit/status` would show what was, or not what a prefork holds."""
    made = await document.take(10)
    fork_of(made).holds = holding(30)
    document.prefork = holding(5)
    document.program = holding(100)
    await measured(document)
    assert holding(30) == made.memory
    assert 35 * MB == document.checkpoints.held


async def test_budget(document: _Document) -> None:
    """The least valuable would stay, or all go."""
    configure(document, 25)
    kept = [await document.take(key, seconds) for key, seconds in ((1, 5.0), (2, 0.1), (3, 5.0))]
    for checkpoint in kept:
        fork_of(checkpoint).holds = holding(10)
    assert [kept[0], kept[2]] == await measured(document)
    assert 20 * MB == document.checkpoints.held


async def test_named_one_over_the_budget(document: _Document) -> None:
    """A state that the user asked for would be gone without a trace."""
    configure(document, 1)
    named = await document.take(1, name="mine")
    named.place = (object(), 1)  # type: ignore[assignment]  # A document, which nobody looks at.
    fork_of(named).holds = holding(10)
    assert [] == await measured(document)
    assert [named] == document.checkpoints.all()


async def test_measures_again_after_a_drop(document: _Document) -> None:
    """What shares memory with the one that went would still pass the budget, and nobody look again."""
    configure(document, 15)
    first, second = await document.take(1, 0.1), await document.take(2, 5.0)
    sharing = (fork_of(first), fork_of(second))
    for fork in sharing:
        fork.holds = holding(10)
    sharing[0].ended.add_done_callback(lambda _: setattr(sharing[1], "holds", holding(20)))
    assert [] == await measured(document)
    assert 0 == document.checkpoints.held


async def test_process_that_ends_while_it_is_measured(document: _Document) -> None:
    """It would count as one that can be dropped for its memory."""
    configure(document, 5)
    made = await document.take(1)
    fork = fork_of(made)
    fork.holds = holding(10)
    measuring = asyncio.ensure_future(document.checkpoints.measure())
    await turn()
    fork.end()
    await within(measuring)
    assert made.fork is fork


async def test_taking_one_measures_now_and_then(
    document: _Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The budget would be kept only when somebody asks, or every statement pay for a measurement."""
    count = 0

    def memory() -> tuple[None, None]:
        nonlocal count
        count += 1
        return None, None

    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    document.checkpoints._memory = memory
    for key in range(3):
        await document.take(key)
        if document.checkpoints._measuring is not None:
            await within(document.checkpoints._measuring)
    assert 1 == count
    now += 10.0
    await document.take(4)
    assert document.checkpoints._measuring is not None
    await within(document.checkpoints._measuring)
    assert 2 == count


async def test_measurement_that_was_under_way_does_not_count(document: _Document) -> None:
    """What `rdit/checkpoints` shows would leave out the newest."""
    await document.take(1)
    made = await document.take(2)
    first = asyncio.ensure_future(document.checkpoints.measure())
    await turn()
    fork_of(made).holds = holding(7)
    await measured(document)
    await within(first)
    assert holding(7) == made.memory
