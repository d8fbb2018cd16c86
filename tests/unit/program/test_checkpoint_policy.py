"""The rules for checkpoints: what they may cost, and which go first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.process.handle import Memory
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.program.checkpoint_policy import (
    FORK_COSTS,
    INTERVAL,
    LEAST,
    MOST,
    OVERHEAD,
    SHARE,
    beyond,
    is_due,
    least_valuable,
    one_too_many,
    to_drop,
)
from rdit_lsp.program.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

MB = 1 << 20
PLENTY = 1 << 50
"""Of memory that the machine can spare."""


def checkpoint(
    work: float, megabytes: float = 1, before: Checkpoint | None = None, name: str | None = None
) -> Checkpoint:
    held = round(megabytes * MB)
    memory = Memory(held, held, held)
    return Checkpoint("", int(work * 1000), work, 0, work, name, before, memory=memory)


def chain(*kept: tuple[float, float, bool]) -> list[Checkpoint]:
    """Checkpoints one after the other: seconds of work since the one before, megabytes, whether named."""
    found: list[Checkpoint] = []
    work = 0.0
    for seconds, megabytes, is_named in kept:
        work += seconds
        before = found[-1] if found else None
        found.append(checkpoint(work, megabytes, before, "mine" if is_named else None))
    return found


def ran(seconds: float, *, spent: float = 0.0, asked: float = 0.0) -> History:
    """A run that has worked for so long."""
    history = History()
    history.did_work(asked)
    history.asked_for_checkpoint(spent)
    history.did_work(seconds - asked)
    return history


# When one is due.


@pytest.mark.parametrize(
    ("history", "cost", "hot", "expected"),
    [
        (ran(INTERVAL), 0.0001, False, True),
        (ran(INTERVAL * 0.9), 0.0001, False, False),
        (ran(INTERVAL * 0.9), 0.0001, True, True),
        (ran(LEAST * 0.9), 0.00001, True, False),
        (ran(FORK_COSTS * 0.01 * 0.9), 0.01, False, False),
        (ran(FORK_COSTS * 0.01 * 1.1), 0.01, False, True),
        (ran(10.0, asked=10.0 - INTERVAL / 2), 0.0001, False, False),
        (ran(10.0, spent=10.0 * SHARE), 0.0001, False, False),
    ],
    ids=[
        "interval",
        "too soon",
        "too soon, but hot",
        "not worth it",
        "dear, too soon",
        "dear",
        "asked lately",
        "spent all",
    ],
)
def test_when_one_is_due(history: History, cost: float, *, hot: bool, expected: bool) -> None:
    """Going back would cost too much, or taking checkpoints would."""
    assert expected == is_due(history, cost, hot=hot)


def test_every_run_pays_for_its_own() -> None:
    """A long run would pay for a checkpoint before every statement of the short ones after it."""
    history = ran(1000.0)
    history.begin_run()
    history.did_work(0.01)
    assert not is_due(history, 0.001, hot=True)
    history.did_work(0.02)
    assert is_due(history, 0.001, hot=True)


def test_restored_history_begins_at_its_checkpoint() -> None:
    """Work that was done before the checkpoint would be kept again at once."""
    history = History(checkpoint(7.0))
    assert 7.0 == history.work
    assert not is_due(history, 0.0, hot=True)
    history.did_work(INTERVAL)
    assert is_due(history, 0.0, hot=False)


@given(
    statements=st.lists(
        st.tuples(st.floats(0.0, 0.2), st.floats(0.0, 0.02), st.booleans()), max_size=60
    )
)
def test_never_more_than_a_twentieth(statements: Sequence[tuple[float, float, bool]]) -> None:
    """Taking checkpoints would slow programs down that run for long or have much memory."""
    history = History()
    for seconds, cost, hot in statements:
        history.did_work(seconds)
        if is_due(history, cost, hot=hot):
            history.asked_for_checkpoint(cost)
        assert history.spent <= SHARE * history.work + 1e-9


@given(
    pieces=st.lists(st.floats(0.0001, 0.1), min_size=1, max_size=60), cost=st.floats(0.00001, 0.1)
)
def test_no_more_is_lost_than_promised(pieces: Sequence[float], cost: float) -> None:
    """A long program of short statements would have to run again from its beginning."""
    history = History()
    for seconds in pieces:
        history.did_work(seconds)
        if is_due(history, cost, hot=False):
            history.asked_for_checkpoint(cost)
        assert history.work - history.asked < max(INTERVAL, FORK_COSTS * cost)


# Which one goes.


def test_value_is_time_saved_for_memory() -> None:
    """A large checkpoint just after another would stay, and a small one after a minute go."""
    first, soon_after, late = chain((5.0, 10, False), (0.1, 10, False), (5.0, 10, False))
    assert soon_after is least_valuable([late, first, soon_after])
    small, large = checkpoint(1.0, 1), checkpoint(1.0, 100)
    assert large is least_valuable([small, large])


def test_unmeasured_ones_count_by_their_overhead() -> None:
    """A checkpoint that was not measured yet would fail the choice, or be worth everything."""
    quick, slow = checkpoint(0.1), checkpoint(5.0)
    quick.memory = slow.memory = None
    assert quick is least_valuable([slow, quick])


@given(st.lists(st.tuples(st.floats(0.001, 10), st.floats(0.1, 100)), min_size=1, max_size=20))
def test_nothing_is_worth_less(kept: Sequence[tuple[float, float]]) -> None:
    """The order would not be that of the value."""
    found = chain(*((seconds, megabytes, False) for seconds, megabytes in kept))
    worst = least_valuable(found)

    def value(one: Checkpoint) -> float:
        assert one.memory is not None
        saved = one.work - (one.before.work if one.before is not None else 0.0)
        return saved / (OVERHEAD + one.memory.proportional)

    assert value(worst) == min(map(value, found))


def test_one_too_many() -> None:
    """Descriptors would run out, or one that an undo needs go before one that no text leads to."""
    found = chain(*[(1.0, 1, False)] * (MOST + 1))
    assert one_too_many(found[:MOST], lambda: pytest.fail("it costs something")) is None
    astray = found[7]
    astray.work += 1000.0  # However much it is worth.
    on_path = [c.key for c in found if c is not astray]
    assert astray is one_too_many(found, lambda: on_path)
    assert one_too_many(found, lambda: [c.key for c in found]) is least_valuable(found)


# How many go for the memory.


def test_nothing_is_dropped_within_the_budget() -> None:
    """States would be lost for no reason."""
    found = chain((1.0, 10, False), (1.0, 10, True))
    assert [] == to_drop(found, 20 * MB, 20 * MB, PLENTY)
    assert [] == to_drop([], 100 * MB, 20 * MB, PLENTY)


def test_machine_that_is_short_of_memory() -> None:
    """Checkpoints within their budget would bring the machine down."""
    found = chain((1.0, 10, False), (2.0, 10, False))
    assert [] == to_drop(found, 20 * MB, PLENTY, PLENTY)
    assert [] == to_drop(found, 20 * MB, PLENTY, 20 * MB)
    assert [found[0]] == to_drop(found, 20 * MB, PLENTY, 19 * MB)
    assert [found[0]] == to_drop(found, 20 * MB, PLENTY, 0)


def test_after_a_drop_the_next_ones_are_worth_more() -> None:
    """Both of two checkpoints that stand for the same work would go."""
    first, second, third = chain((1.5, 10, False), (0.9, 10, False), (1.1, 10, False))
    # Beside `second`, `third` saves 1.1 seconds, less than `first`; without it, two.
    assert [second, first] == to_drop([first, second, third], 30 * MB, 11 * MB, PLENTY)
    assert third.before is second  # Nothing has been dropped so far.


KEPT = st.lists(
    st.tuples(st.floats(0.001, 10), st.floats(0.0, 50), st.booleans()), max_size=12
).map(lambda kept: chain(*kept))


SOME = st.integers(0, 500 * MB)


@given(found=KEPT, held=SOME, most=SOME, available=SOME | st.just(PLENTY))
def test_budget_is_kept(found: list[Checkpoint], held: int, most: int, available: int) -> None:
    """Memory would run full while there is something to let go of, or all go at once."""
    dropped = to_drop(found, held, most, available)
    budget = min(most, (held + available) // 2)
    assert len(set(dropped)) == len(dropped)
    assert set(dropped) <= set(found)
    freed = [max(c.memory.proportional, OVERHEAD) for c in dropped if c.memory is not None]
    assert held - sum(freed) <= budget or set(dropped) == set(found)
    if dropped:
        assert held - sum(freed[:-1]) > budget


@given(found=KEPT, budget=st.integers(0, 300 * MB))
def test_named_ones_go_last(found: list[Checkpoint], budget: int) -> None:
    """A state that the user asked for would go before one that came by itself."""
    held = sum(c.memory.proportional for c in found if c.memory is not None)
    dropped = to_drop(found, held, budget, PLENTY)
    names = [c.name is not None for c in dropped]
    assert sorted(names) == names
    if any(names):
        assert {c for c in found if c.name is None} <= set(dropped)


@given(found=KEPT, budget=st.integers(0, 300 * MB))
def test_the_first_to_go_is_the_least_valuable(found: list[Checkpoint], budget: int) -> None:
    """The order within the budget would be another than beyond the number."""
    automatic = [c for c in found if c.name is None]
    dropped = to_drop(found, 301 * MB, budget, PLENTY)
    if automatic:
        assert dropped[0] is least_valuable(automatic)


# What they hold together.


def test_what_forks_hold_beyond_the_program() -> None:
    """What a checkpoint shares with the program would count, or what two of them share not."""
    program = Memory(unshared=0, proportional=50 * MB, resident=100 * MB)
    twins = [Memory(0, 75 * MB, 150 * MB)] * 2
    # The program's own 100 MB are shared with nobody's cost; what the twins share is 100 MB.
    assert 100 * MB == beyond(program, twins)
    assert 150 * MB == beyond(None, twins)
    assert 0 == beyond(program, [])
