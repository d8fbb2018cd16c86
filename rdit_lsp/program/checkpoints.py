"""The checkpoints of one document: taking, finding, measuring and dropping them.

Each is a fork of the program and the key of the state it is in. Which are taken and which are dropped is
decided in `checkpoint_policy`. Knows forks, their memory and their ends; it does not look into documents or
results.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.process.posix.memory import available
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.program import checkpoint_policy as policy
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.program.file_uses import stamps
from rdit_lsp.settings.configuration import CHECKPOINT_MEMORY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Container, Iterable

    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.process.handle import Capabilities, ForkHandle, Memory
    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.program.history import History

T = TypeVar("T")

ForkProgram: TypeAlias = "Callable[[], Awaitable[ForkHandle | Refusal | Exited]]"
"""Forks the live program."""

_MEASURE_EVERY = 0.25
"""Seconds between two measurements of the memory, at least."""


class Checkpoints:
    """The checkpoints of one document."""

    def __init__(
        self,
        memory: Callable[[], tuple[Memory | None, Memory | None]],
        is_due: policy.IsDue = policy.is_due,
    ) -> None:
        """`memory`: that of the program and that of its prefork; called off the event loop."""
        self.is_on = True
        """Whether states are kept automatically."""
        self.held = 0
        """Bytes that all hold beyond what the program holds anyway, as last measured."""
        self._refused: tuple[int, str] | None = None
        self._spoiled: tuple[int, str] | None = None
        self._budget = CHECKPOINT_MEMORY
        """What `held` may be at most."""
        self._memory = memory
        self._is_due = is_due
        self._by_key: dict[Key, Checkpoint] = {}
        self._named: dict[str, Checkpoint] = {}
        self._cost = 0.001
        """Seconds that taking one lately took."""
        self._numbers = count(1)
        self._measured = 0.0
        """When the last measurement ended, by the monotonic clock."""
        self._measuring: asyncio.Task[None] | None = None
        self._to_end: list[ForkHandle] = []
        """Forks that have been dropped and not ended yet."""
        self._ending: asyncio.Task[None] | None = None

    def configure(self, launch: Launch, capabilities: Capabilities) -> None:
        """Take on the settings of a newly started program, as far as it is capable."""
        self.is_on = launch.checkpoints and capabilities.can_fork
        self._budget = launch.checkpoint_memory

    @property
    def refusal(self) -> tuple[int, str] | None:
        """The line up to which the program had run when a state was last refused or lost, and why."""
        return self._refused or self._spoiled

    def __len__(self) -> int:
        """How many states can be restored at once."""
        return sum(checkpoint.is_ready for checkpoint in self.all())

    def __contains__(self, key: object) -> bool:
        """Whether the state `key` can be restored at once."""
        return isinstance(key, int) and self.at(key) is not None

    def all(self) -> list[Checkpoint]:
        """All, in the order in which they were taken."""
        found = {*self._by_key.values(), *self._named.values()}
        return sorted(found, key=lambda checkpoint: checkpoint.made)

    def at(self, key: Key) -> Checkpoint | None:
        """The checkpoint of state `key` if there is a process in that state."""
        found = self._by_key.get(key)
        if found is None or not found.is_ready:
            return None
        reason = found.why_spoiled()
        if reason is not None:
            self._lose(found, found.line, reason)
            return None
        return found

    def find(self, identifier: str) -> Checkpoint | None:
        """The one with this id, whether or not it is ready."""
        return next((found for found in self.all() if found.id == identifier), None)

    def names(self) -> list[tuple[str, str]]:
        """Id and name of those that were asked for by hand, the newest first."""
        return [(c.id, c.name or c.id) for c in reversed(self._named.values())]

    def is_due(self, history: History, *, hot: bool) -> bool:
        """Whether to take one now; `hot`: before a statement that is likely to be edited."""
        return self.is_on and self._is_due(history, self._cost, hot=hot)

    async def take(
        self,
        fork: ForkProgram,
        key: Key,
        history: History,
        line: int,
        *,
        name: str | None = None,
        on_path: Callable[[], Container[Key]] = tuple,
    ) -> Checkpoint | Exited:
        """Take one of the live program, which is in state `key`.

        Without a process where the fork is refused. `on_path` gives the keys of the text as it is: where
        one has to go, those that are off it go first.
        """
        begin = time.perf_counter()
        forked = await fork()
        cost = time.perf_counter() - begin
        history.asked_for_checkpoint(cost)
        if isinstance(forked, Exited):
            return forked
        number, before = next(self._numbers), history.last
        made = Checkpoint(f"{number}", key, history.work, line, time.time(), name, before)
        made.used = stamps(history.used)
        if isinstance(forked, Refusal):
            made.refusal = forked.reason
            self._refused = line, forked.reason
        else:
            made.fork = forked
            self._refused = None
            self._cost += (cost - self._cost) / 4
            history.last = made
            self._keep(made, on_path)
        if name is not None:
            self._named[made.id] = made
        self._measure_now_and_then()
        return made

    def give_up(self, checkpoint: Checkpoint) -> None:
        """End its process. A named one that a run of the text leads to can still be restored by that."""
        if checkpoint.place is not None:
            self._drop(checkpoint)
        else:
            self._forget(checkpoint)

    def spoil(self, changed: Collection[str], line: int) -> None:
        """Give up what is not true any more, because the statement up to `line` has changed these files."""
        for checkpoint in self.all():
            reason = checkpoint.why_spoiled(changed)
            if reason is not None:
                self._lose(checkpoint, line, reason)

    def begin_process(self) -> None:
        """The program begins anew: what was lost before does not matter any more."""
        self._refused = self._spoiled = None

    def forget(self, *, named: bool) -> None:
        """Drop those that were taken automatically, and with `named` all."""
        for checkpoint in self.all():
            if named or checkpoint.id not in self._named:
                self._forget(checkpoint)

    async def close(self) -> None:
        """Drop all, and wait until their processes have ended."""
        self.forget(named=True)
        if self._measuring is not None:
            await asyncio.wait([self._measuring])
        for fork in self._to_end:
            fork.discard()
        if self._ending is not None:
            await asyncio.wait([self._ending])

    def _keep(self, made: Checkpoint, on_path: Callable[[], Container[Key]]) -> None:
        before = self._by_key.get(made.key)
        if made.key >= 0:
            self._by_key[made.key] = made
            if before is not None and before.id not in self._named:
                self._drop(before)
        automatic = [c for c in self._by_key.values() if c.name is None and c.is_ready]
        worst = policy.one_too_many(automatic, on_path)
        if worst is not None:
            self._forget(worst)

    def _lose(self, checkpoint: Checkpoint, line: int, reason: str) -> None:
        """The text does not lead to its state any more; one that was asked for by hand is kept."""
        self._spoiled = line, reason
        if checkpoint.name is None:
            self.give_up(checkpoint)
        elif self._by_key.get(checkpoint.key) is checkpoint:
            del self._by_key[checkpoint.key]
        checkpoint.key = OFF_PATH

    def _forget(self, checkpoint: Checkpoint) -> None:
        if self._by_key.get(checkpoint.key) is checkpoint:
            del self._by_key[checkpoint.key]
        self._named.pop(checkpoint.id, None)
        self._drop(checkpoint)

    def _drop(self, checkpoint: Checkpoint) -> None:
        for other in self.all():
            if other.before is checkpoint:
                other.before = checkpoint.before
        fork, checkpoint.fork = checkpoint.fork, None
        if fork is None:
            return
        self._to_end.append(fork)
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        """End dropped forks one after the other: freeing the memory of one takes the system a while."""
        while self._to_end:
            fork = self._to_end.pop()
            fork.discard()
            await fork.ended
        self._ending = None

    # Memory.

    async def measure(self) -> None:
        """Measure the memory of each anew, and keep the budget."""
        if self._measuring is not None:
            # It may have begun before the newest of them was there.
            await asyncio.shield(self._measuring)
        if self._measuring is None:
            self._measuring = asyncio.create_task(self._measure())
        await asyncio.shield(self._measuring)

    def _measure_now_and_then(self) -> None:
        if self._measuring is None and time.monotonic() - self._measured > _MEASURE_EVERY:
            self._measuring = asyncio.create_task(self._measure())

    async def _measure(self) -> None:
        try:
            # Again after every drop: what each would free was a guess, since forks share memory with each
            # other, and it is free only once the process has ended.
            while await self._measure_once():
                if self._ending is not None:
                    await asyncio.wait([self._ending])
        finally:
            self._measured = time.monotonic()
            self._measuring = None

    async def _measure_once(self) -> bool:
        """Measure, and drop what passes the budget. Returns whether there was something to drop."""
        measured = [(c, c.fork) for c in self.all() if c.fork is not None and c.fork.is_alive]
        measure = partial(_memory_of, [fork for _, fork in measured], self._memory)
        sizes, (program, prefork) = await asyncio.get_running_loop().run_in_executor(None, measure)
        for (checkpoint, _), size in zip(measured, sizes, strict=True):
            checkpoint.memory = size
        forks = [size for size in (*sizes, prefork) if size is not None]
        self.held = policy.beyond(program, forks)
        ready = [checkpoint for checkpoint, _ in measured if checkpoint.is_ready]
        dropped = policy.to_drop(ready, self.held, self._budget, available())
        for checkpoint in dropped:
            self.give_up(checkpoint)
        return bool(dropped)


def _memory_of(
    forks: Iterable[ForkHandle], others: Callable[[], T]
) -> tuple[list[Memory | None], T]:
    return [fork.memory() for fork in forks], others()
