"""The checkpoints of one document: which states are kept, when one is taken, and which is let go.

A checkpoint is a copy of the program's process and the key of the state it is in. Knows work, time and
memory; it does not look into documents or results, and touches no process but through `Fork`.

The rules. Taking checkpoints may cost a twentieth of the time that a run itself takes, and within
that one is due whenever `_INTERVAL` of work has piled up, and before a statement that is likely to be
edited. So what is lost by going back is bounded by the interval, or by thirty times what a copy costs.
When there are too many, or they hold too much memory, the least valuable goes first: value is the time
it saves against the next one before it, for its share of the memory.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from rdit_lsp.process.posix.memory import available, beyond
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.settings.configuration import CHECKPOINT_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.process.fork import Fork
    from rdit_lsp.process.posix.memory import Memory
    from rdit_lsp.process.worker import Worker

T = TypeVar("T")

_INTERVAL = 0.025
"""Seconds of work after which a checkpoint is due."""
_LEAST = 0.001
"""Seconds of work that are worth a checkpoint before a statement that is likely to be edited."""
_SHARE = 0.05
"""Part of the program's own time that taking checkpoints may cost."""
_COPIES_COST = 30
"""A checkpoint is due after as many times what taking one costs."""
_MOST = 40
"""How many are kept at most, beside those that were asked for by hand."""
_OVERHEAD = 1 << 20
"""Bytes that any process costs, however little of its memory is its own."""
_MEASURE_EVERY = 0.25
"""Seconds between two looks at the memory, at least."""


@dataclass(eq=False)
class Checkpoint:
    """A state one can return to."""

    id: str
    key: Key
    copy: Fork | None
    """The process that is in that state; None where none could be made."""
    work: float
    """Seconds of work between the empty namespace and this state."""
    line: int
    """The last line that had run."""
    made: float
    """When, in seconds since the epoch."""
    name: str | None = None
    """What the user calls it; None for one that was taken automatically."""
    before: Checkpoint | None = None
    """The one before it that is kept."""
    place: tuple[Document, int] | None = None
    """A text, and the index of the statement before which a run of it comes to this state."""
    refusal: str | None = None
    """Why there is no process: "it has …"."""
    memory: Memory | None = None
    """What it held when that was last looked at."""

    @property
    def is_ready(self) -> bool:
        """Whether there is a process in that state."""
        return self.copy is not None and self.copy.is_alive


class History:
    """What the program that runs has behind it."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        """Begin at a checkpoint, or at an empty namespace."""
        self.last = checkpoint
        """The newest checkpoint that it comes through."""
        self.work = checkpoint.work if checkpoint is not None else 0.0
        """Seconds since the empty namespace, over all the processes it was a copy of."""
        self.asked = self.work
        """As much of it as had been done when a checkpoint was last asked for."""
        self.begin_run()

    def begin_run(self) -> None:
        """A run begins: what taking checkpoints may cost is a part of its own work."""
        self.before_run = self.work
        """Seconds of work that were done when the run began."""
        self.spent = 0.0
        """Seconds of the run that went into taking checkpoints."""


class Checkpoints:
    """Those of one document."""

    def __init__(self, others: Callable[[], tuple[Memory | None, Memory | None]]) -> None:
        """`others`: what the program holds, and a copy that is none of these; called off the event loop."""
        self.budget = CHECKPOINT_MEMORY
        """Bytes that they may hold beyond what the program holds anyway."""
        self.held = 0
        """What they do hold, as last measured."""
        self._others = others
        self.is_on = True
        """Whether states are kept automatically."""
        self.refusal: tuple[int, str] | None = None
        """The line up to which the program had run when a copy was last refused, and why."""
        self._by_key: dict[Key, Checkpoint] = {}
        self._named: dict[str, Checkpoint] = {}
        self._cost = 0.001
        """Seconds that a copy takes, as it was lately."""
        self._numbers = count(1)
        self._measured = 0.0
        self._measuring: asyncio.Task[None] | None = None
        self._dropping: list[Fork] = []
        self._burial: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many states one can return to at once."""
        return sum(checkpoint.is_ready for checkpoint in self.all())

    def __contains__(self, key: object) -> bool:
        """Whether one can return to the state `key` at once."""
        return isinstance(key, int) and self.at(key) is not None

    def all(self) -> list[Checkpoint]:
        """All, in the order in which they were taken."""
        found = {*self._by_key.values(), *self._named.values()}
        return sorted(found, key=lambda checkpoint: checkpoint.made)

    def at(self, key: Key) -> Checkpoint | None:
        """The checkpoint of state `key` if there is a process in that state."""
        found = self._by_key.get(key)
        return found if found is not None and found.is_ready else None

    def named(self, identifier: str) -> Checkpoint | None:
        """The one with this id, whether or not it is ready."""
        return next((found for found in self.all() if found.id == identifier), None)

    def names(self) -> list[tuple[str, str]]:
        """Id and name of those that were asked for by hand, the newest first."""
        return [(c.id, c.name or c.id) for c in reversed(self._named.values())]

    def is_due(self, history: History, *, hot: bool) -> bool:
        """Whether to take one now; `hot`: before a statement that is likely to be edited."""
        if not self.is_on:
            return False
        since = history.work - history.asked
        if since < (_LEAST if hot else max(_INTERVAL, _COPIES_COST * self._cost)):
            return False
        return history.spent + self._cost <= _SHARE * (history.work - history.before_run)

    async def take(
        self,
        worker: Worker,
        key: Key,
        history: History,
        line: int,
        *,
        name: str | None = None,
        on_path: Callable[[], Container[Key]] = tuple,
    ) -> Checkpoint | Exited:
        """Take one of `worker`, which stands at `key`; it has a process unless that was refused.

        `on_path` tells the keys of the text as it is: where one has to go, the others go first.
        """
        begin = time.perf_counter()
        copy = await worker.fork()
        cost = time.perf_counter() - begin
        history.spent += cost
        history.asked = history.work
        if isinstance(copy, Exited):
            return copy
        made = Checkpoint(
            f"{next(self._numbers)}",
            key,
            None,
            history.work,
            line,
            time.time(),
            name,
            history.last,
        )
        if isinstance(copy, Refusal):
            made.refusal = copy.reason
            self.refusal = line, copy.reason
        else:
            made.copy = copy
            self.refusal = None
            self._cost += (cost - self._cost) / 4
            history.last = made
            self._keep(made, on_path)
        if name is not None:
            self._named[made.id] = made
        self._look_at_memory()
        return made

    def _keep(self, made: Checkpoint, on_path: Callable[[], Container[Key]]) -> None:
        before = self._by_key.get(made.key)
        if made.key >= 0:
            self._by_key[made.key] = made
            if before is not None and before.id not in self._named:
                self._drop(before)
        automatic = [c for c in self._by_key.values() if c.name is None and c.is_ready]
        if len(automatic) > _MOST:
            path = on_path()
            astray = [checkpoint for checkpoint in automatic if checkpoint.key not in path]
            self._forget(least_valuable(astray or automatic))

    def give_up(self, checkpoint: Checkpoint) -> None:
        """Its process is of no use any more; one that was asked for by hand and has a place stays known."""
        if checkpoint.place is not None:
            self._drop(checkpoint)
        else:
            self._forget(checkpoint)

    def forget(self, *, named: bool) -> None:
        """Let go of those that were taken automatically, and with `named` of all."""
        for checkpoint in self.all():
            if named or checkpoint.id not in self._named:
                self._forget(checkpoint)

    def _forget(self, checkpoint: Checkpoint) -> None:
        if self._by_key.get(checkpoint.key) is checkpoint:
            del self._by_key[checkpoint.key]
        self._named.pop(checkpoint.id, None)
        self._drop(checkpoint)

    def _drop(self, checkpoint: Checkpoint) -> None:
        for other in self.all():
            if other.before is checkpoint:
                other.before = checkpoint.before
        copy, checkpoint.copy = checkpoint.copy, None
        if copy is None:
            return
        self._dropping.append(copy)
        if self._burial is None:
            self._burial = asyncio.create_task(self._bury())

    async def _bury(self) -> None:
        """End copies one after the other: freeing the memory of one takes the system a while."""
        while self._dropping:
            copy = self._dropping.pop()
            copy.drop()
            await copy.ended
        self._burial = None

    async def close(self) -> None:
        """Let go of everything, and wait until it is gone."""
        self.forget(named=True)
        if self._measuring is not None:
            await asyncio.wait([self._measuring])
        for copy in self._dropping:
            copy.drop()
        if self._burial is not None:
            await asyncio.wait([self._burial])

    # Memory.

    def _look_at_memory(self) -> None:
        if self._measuring is None and time.monotonic() - self._measured > _MEASURE_EVERY:
            self._measuring = asyncio.create_task(self._measure())

    async def measure(self) -> None:
        """Bring what is known of the memory of each up to date, and keep the budget."""
        if self._measuring is not None:
            # It may have begun before some of them were there.
            await asyncio.shield(self._measuring)
        if self._measuring is None:
            self._measuring = asyncio.create_task(self._measure())
        await asyncio.shield(self._measuring)

    async def _measure(self) -> None:
        try:
            while await self._measure_once():
                # What copies shared among each other is free only now, if it is.
                if self._burial is not None:
                    await asyncio.wait([self._burial])
        finally:
            self._measured = time.monotonic()
            self._measuring = None

    async def _measure_once(self) -> bool:
        """Measure, and drop what passes the budget. Returns whether there was something to drop."""
        held = [(c, c.copy) for c in self.all() if c.copy is not None and c.copy.is_alive]
        measure = partial(_measured, [copy for _, copy in held], self._others)
        sizes, (program, prefork) = await asyncio.get_running_loop().run_in_executor(None, measure)
        for (checkpoint, _), size in zip(held, sizes, strict=True):
            checkpoint.memory = size
        self.held = beyond(program, [size for size in (*sizes, prefork) if size is not None])
        return self._keep_the_budget([c for c, _ in held if c.is_ready])

    def _keep_the_budget(self, ready: list[Checkpoint]) -> bool:
        """Drop the least valuable, first of those taken automatically, until there is not too much.

        How much each frees is a guess where they share memory with each other.
        """
        too_much = self.held - min(self.budget, available() // 2 + self.held)
        dropped = False
        for candidates in (
            [c for c in ready if c.id not in self._named],
            [c for c in ready if c.id in self._named],
        ):
            while candidates and too_much > 0:
                worst = least_valuable(candidates)
                candidates.remove(worst)
                too_much -= max(_held(worst), _OVERHEAD)
                self.give_up(worst)
                dropped = True
        return dropped


def least_valuable(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """The one that saves the least time for the memory it holds. There must be one."""
    return min(checkpoints, key=_value)


def _value(checkpoint: Checkpoint) -> float:
    """Seconds saved against the next one before it, for each byte."""
    before = checkpoint.before.work if checkpoint.before is not None else 0.0
    return (checkpoint.work - before) / (_OVERHEAD + _held(checkpoint))


def _held(checkpoint: Checkpoint) -> int:
    return checkpoint.memory.proportional if checkpoint.memory is not None else 0


def _measured(copies: Iterable[Fork], others: Callable[[], T]) -> tuple[list[Memory | None], T]:
    return [copy.memory() for copy in copies], others()
