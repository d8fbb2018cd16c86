"""The program of one document: the process it is now, the state its namespace is in, and the ways back.

Knows processes, copies and state keys; knows neither text nor results. Its one user is the session, whose
driver does one thing at a time with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.process.fork import Fork
from rdit_lsp.process.replies import Exited
from rdit_lsp.process.spawn import WorkerError, spawn
from rdit_lsp.process.worker import Worker
from rdit_lsp.program.checkpoints import Checkpoint, Checkpoints, History
from rdit_lsp.program.prefork import Prefork
from rdit_lsp.program.zygote import Zygote

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine
    from signal import Signals

    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.process.channel import Message
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.posix.memory import Memory
    from rdit_lsp.process.replies import Refusal
    from rdit_lsp.process.spawn import Launch, Spawned
    from rdit_lsp.process.worker import Listener

log = logging.getLogger(__name__)

_PATIENCE = 0.03
"""Seconds that a look waits for a busy program to be at a bytecode, before it takes an older state."""


class Program:
    """What runs a document's code."""

    def __init__(
        self,
        listener: Callable[[], Listener],
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
    ) -> None:
        """`listener` makes whoever listens to the next process."""
        self.worker: Worker | None = None
        """The process; None before the first, between two, and after it has ended by itself."""
        self.live: Key | None = None
        """The state its namespace is in; None where there is none."""
        self.checkpoints = Checkpoints(self._memory)
        self.history = History()
        self._listener = listener
        self._guard = guard
        self._spawn = spawn
        self._is_starting = False
        self._is_lost = False
        self._launch: Launch | None = None
        """How the first process of the present line was started."""
        self._zygote: Zygote | None = None
        self._prefork = Prefork()
        """Of the checkpoint that was used last."""
        self._leaving: Worker | None = None
        """The process of a document that is being closed."""
        self._closing: set[asyncio.Task[Any]] = set()

    @property
    def is_starting(self) -> bool:
        """Whether a process is being started or brought to a state; it has run nothing there yet."""
        return self._is_starting

    @property
    def is_lost(self) -> bool:
        """Whether there was a process, or should have been one, and there is none."""
        return self._is_lost

    def begin_starting(self) -> None:
        """Another process is about to take the place of the present one."""
        self._is_starting = True

    def settle(self) -> None:
        """The program stands where it was to be brought; where it has no process, it is lost."""
        if self._is_starting:
            self._is_starting, self._is_lost = False, self.worker is None

    def be_empty(self) -> None:
        """There is no process, and there need not be one."""
        self._is_starting = self._is_lost = False

    def advance(self, key: Key) -> None:
        """The namespace is in the state `key` now."""
        self.live = key

    def leave_path(self) -> None:
        """The namespace is in a state that no clean run of any text reaches."""
        self.live = OFF_PATH

    def begin_run(self) -> None:
        """A run begins: what taking checkpoints may cost is a part of its own work."""
        self.history.begin_run()

    def did_work(self, seconds: float) -> None:
        """A statement has run for so long."""
        self.history.work += seconds

    async def start(self, launch: Launch, key: Key) -> None:
        """Have an empty namespace, whose state is `key`. Raises WorkerError where none can be had.

        It is a copy of the interpreter kept ready if that suits, else a new process.
        """
        self.leave()
        self._prefork.drop()
        self._launch = launch
        if not await self._start_from_pristine(launch):
            await self._start_anew(launch)
        self.live, self.history = key, History()
        self._is_lost = False

    def can_start_at_once(self, launch: Launch) -> bool:
        """Whether `start` would take no time."""
        return self._zygote is not None and self._zygote.suits(launch)

    async def return_to(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, which stays. Raises WorkerError if it cannot be had."""
        if checkpoint.copy is None or self._launch is None:
            raise WorkerError("there is no process in that state.")
        copied = await self._prefork.copy_of(checkpoint.copy)
        if not isinstance(copied, Fork):
            raise WorkerError(f"the state cannot be copied: {copied.reason}.")
        self.leave(for_good=False)
        await self._adopt(copied, self._launch)
        self.live, self.history = checkpoint.key, History(checkpoint)
        self._is_lost = False

    def expect_return_to(self, key: Key) -> None:
        """Have a copy of a checkpoint ready: who has edited a statement often edits it again."""
        checkpoint = self.checkpoints.at(key)
        if checkpoint is not None and checkpoint.copy is not None:
            self._prefork.expect(checkpoint.copy)

    async def keep(
        self,
        line: int,
        *,
        name: str | None = None,
        on_path: Callable[[], Container[Key]] = tuple,
    ) -> Checkpoint | Exited:
        """Take a checkpoint of the present state; `line` is the last one that has run."""
        assert self.worker is not None
        assert self.live is not None
        return await self.checkpoints.take(
            self.worker, self.live, self.history, line, name=name, on_path=on_path
        )

    async def look(
        self, question: Message, deadline: float
    ) -> tuple[Message, Checkpoint | None] | None:
        """The answer to a question about the namespace, which changes nothing, and how old it is.

        A copy made for the purpose gives it; where none can be had soon enough, as in the middle of
        long C code, a copy of the newest checkpoint, which is then told. None after `deadline` seconds.
        """
        end = time.monotonic() + deadline
        older = self.history.last
        has_older = older is not None and older.is_ready
        is_busy = self.worker is not None and self.worker.is_busy
        patience = _PATIENCE if has_older and is_busy else deadline / 2
        copy = await self.worker.fork_for_inspection(patience) if self.worker is not None else None
        checkpoint = None
        if copy is None:
            checkpoint = older
            if checkpoint is None or checkpoint.copy is None:
                return None
            copied = await checkpoint.copy.copy()
            if not isinstance(copied, Fork):
                return None
            copy = copied
        try:
            reply = await copy.ask(
                {"type": "look", "question": question}, max(end - time.monotonic(), 0.0)
            )
        finally:
            copy.drop()
        return None if isinstance(reply, Exited) else (reply["answer"], checkpoint)

    async def hold(self) -> Checkpoint | Refusal | Exited:
        """The present state as a checkpoint that nobody else knows of."""
        assert self.worker is not None
        assert self.live is not None
        copied = await self.worker.fork()
        if not isinstance(copied, Fork):
            return copied
        return Checkpoint("", self.live, copied, self.history.work, 0, time.time())

    def leave(self, *, for_good: bool = True) -> None:
        """Let go of the process.

        One to which the program may go back must not do what a program does at its end, such as remove
        its temporary files: copies of it still need them.
        """
        worker, self.worker, self.live = self.worker, None, None
        if worker is not None:
            if not for_good or len(self.checkpoints):
                worker.kill()
            self._later(_close(worker))

    def ended(self) -> None:
        """The process has ended by itself."""
        if self.worker is not None:
            self.worker.release()
        self.worker = self.live = None
        self._is_lost = True

    def send_signal(self, sign: Signals) -> bool:
        """Pass a signal on to a program that is being closed. Returns whether there is one."""
        if self._leaving is None:
            return False
        self._leaving.send_signal(sign)
        return True

    async def close(self, *, leave_children: bool, patient: bool) -> None:
        """End the process and whatever it started, and its copies before it; both as in `Worker.close`."""
        await self._prefork.close()
        await self.checkpoints.close()
        await self._drop_pristine()
        worker, self.worker = self.worker, None
        if worker is not None:
            self._leaving = worker
            await worker.close(leave_children=leave_children, patient=patient)
            await worker.wait_until_quiet()
            worker.release()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _start_from_pristine(self, launch: Launch) -> bool:
        zygote = self._zygote
        if zygote is None or not zygote.suits(launch):
            return False
        copy = await zygote.copy()
        if copy is None:
            return False
        await self._adopt(copy, launch)
        zygote.expect_fork()
        return True

    async def _start_anew(self, launch: Launch) -> None:
        self._later(self._drop_pristine())
        worker = self.worker = Worker(launch, self._listener(), self._guard, self._spawn)
        try:
            await worker.start()
        except WorkerError:
            self.worker = None
            raise
        self.checkpoints.is_on = launch.checkpoints
        self.checkpoints.budget = launch.checkpoint_memory
        if launch.checkpoints:
            copied = await worker.fork()
            if isinstance(copied, Fork):
                self._zygote = Zygote(launch, worker.libraries, copied)

    async def _adopt(self, copy: Fork, launch: Launch) -> None:
        """Go on as a copy of an earlier process. Raises WorkerError if that has ended."""
        worker = self.worker = Worker(launch, self._listener(), self._guard, self._spawn)
        try:
            await copy.ready()
            await worker.adopt(copy)
        except WorkerError:
            self.worker = None
            raise

    def _memory(self) -> tuple[Memory | None, Memory | None]:
        program = self.worker.memory() if self.worker is not None else None
        return program, self._prefork.memory()

    async def _drop_pristine(self) -> None:
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            await zygote.close()

    def _later(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _close(worker: Worker) -> None:
    await worker.close()
    worker.release()
