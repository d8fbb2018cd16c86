"""When a checkpoint is due, and which one is dropped when there are too many. Pure.

Taking checkpoints may cost a twentieth of the time that a run itself takes. Within that, one is due
whenever `INTERVAL` of work has piled up, and before a statement that is likely to be edited. So what is
lost by a restore is bounded by the interval, or by thirty times what a fork costs. When there are too
many, or they hold too much memory, the least valuable goes first: value is the time it saves against the
next one before it, for its share of the memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping

    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.process.handle import Memory
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.program.history import History

INTERVAL = 0.025
"""Seconds of work after which a checkpoint is due."""
LEAST = 0.001
"""Seconds of work that are worth a checkpoint before a statement that is likely to be edited."""
SHARE = 0.05
"""Part of a run's own work that taking checkpoints may cost."""
FORK_COSTS = 30
"""A checkpoint is due after as many times what taking one costs."""
MOST = 40
"""How many are kept at most, beside those that were asked for by hand."""
OVERHEAD = 1 << 20
"""Bytes that any process costs, however little of its memory is its own."""


class IsDue(Protocol):
    """A rule for when a checkpoint is due: `is_due`, unless a test wants more of them."""

    def __call__(self, history: History, cost: float, *, hot: bool) -> bool:
        """As `is_due`."""


def is_due(history: History, cost: float, *, hot: bool) -> bool:
    """Whether to take a checkpoint of the present state.

    `cost` is the seconds that taking one lately took; `hot`: the next statement is likely to be edited.
    """
    since = history.work - history.asked
    if since < (LEAST if hot else max(INTERVAL, FORK_COSTS * cost)):
        return False
    return history.spent + cost <= SHARE * (history.work - history.before_run)


def least_valuable(checkpoints: Collection[Checkpoint]) -> Checkpoint:
    """The one that saves the least time for the memory it holds. There must be one."""
    return _least(checkpoints, {checkpoint: checkpoint.before for checkpoint in checkpoints})


def one_too_many(
    automatic: Collection[Checkpoint], path: Callable[[], Container[Key]]
) -> Checkpoint | None:
    """The one to drop of those that were taken automatically; None where there are not too many.

    `path` gives the keys of the text as it is: those that are off it go first.
    """
    if len(automatic) <= MOST:
        return None
    on_path = path()
    astray = [checkpoint for checkpoint in automatic if checkpoint.key not in on_path]
    return least_valuable(astray or automatic)


def to_drop(
    checkpoints: Collection[Checkpoint], held: int, budget: int, available: int
) -> list[Checkpoint]:
    """Those to drop so that all hold no more than the budget, or than half of what the machine can spare.

    `held` is what they hold beyond what the program holds anyway, and `available` what is free beside that.
    Those that the user named go last. How much each frees is a guess where they share memory with each
    other, so measure again afterwards.
    """
    too_much = held - min(budget, (available + held) // 2)
    before = {checkpoint: checkpoint.before for checkpoint in checkpoints}
    dropped: list[Checkpoint] = []
    for is_named in (False, True):
        candidates = [c for c in checkpoints if (c.name is not None) is is_named]
        while candidates and too_much > 0:
            worst = _least(candidates, before)
            candidates.remove(worst)
            dropped.append(worst)
            too_much -= max(_held(worst), OVERHEAD)
            _unlink(worst, before)
    return dropped


def beyond(program: Memory | None, forks: Iterable[Memory]) -> int:
    """Bytes that forks of a program hold beyond what the program holds anyway.

    Not the sum of what each holds unshared: what two of them share, and the program has changed since, is
    in neither.
    """
    together = sum(fork.proportional for fork in forks)
    if program is not None:
        together += program.proportional - program.resident
    return max(together, 0)


def _least(
    checkpoints: Iterable[Checkpoint], before: Mapping[Checkpoint, Checkpoint | None]
) -> Checkpoint:
    return min(checkpoints, key=lambda checkpoint: _value(checkpoint, before[checkpoint]))


def _value(checkpoint: Checkpoint, before: Checkpoint | None) -> float:
    """Seconds saved against the next one before it, for each byte."""
    saved = checkpoint.work - (before.work if before is not None else 0.0)
    return saved / (OVERHEAD + _held(checkpoint))


def _held(checkpoint: Checkpoint) -> int:
    return checkpoint.memory.proportional if checkpoint.memory is not None else 0


def _unlink(dropped: Checkpoint, before: dict[Checkpoint, Checkpoint | None]) -> None:
    """What comes after a dropped checkpoint saves the time since the one before that."""
    earlier = before.pop(dropped)
    for checkpoint, previous in before.items():
        if previous is dropped:
            before[checkpoint] = earlier
