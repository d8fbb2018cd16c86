"""The program of one document: its process, the state of its namespace, and the states kept.

Knows processes, forks and state keys; knows neither text nor results. Its one user is the session, whose
driver does one thing at a time with it. Nothing but this class changes which process it has, which state
that is in, and what work it has behind it.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.program import checkpoint_policy
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.program.checkpoints import Checkpoints
from rdit_lsp.program.file_uses import stamps
from rdit_lsp.program.history import History
from rdit_lsp.program.prefork import Prefork
from rdit_lsp.program.zygote import Zygote

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Coroutine, Mapping
    from signal import Signals

    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.process.handle import (
        ForkHandle,
        Memory,
        ProgramFactory,
        ProgramHandle,
        ProgramListener,
    )
    from rdit_lsp.process.spawn import Launch

_PATIENCE = 0.03
"""Seconds that an inspection waits for a busy program to reach a bytecode before it takes an old state."""


class Program:
    """What runs a document's code."""

    def __init__(
        self,
        listener: ProgramListener,
        make: ProgramFactory,
        on_exited: Callable[[Exited], None],
        is_due: checkpoint_policy.IsDue = checkpoint_policy.is_due,
    ) -> None:
        """`listener` gets what every process puts out, of one that was left, too.

        `on_exited` is called when the process has ended by itself, or was killed: not for one that was
        left or closed. `is_due` says when checkpoints are taken.
        """
        self.checkpoints = Checkpoints(self._memory, is_due)
        self._listener = listener
        self._make = make
        self._on_exited = on_exited
        self._worker: ProgramHandle | None = None
        self._live: Key | None = None
        self._history = History()
        self._is_starting = False
        self._is_lost = False
        self._launch: Launch | None = None
        """The launch of the process that the present one was forked from, or of itself."""
        self._zygote: Zygote | None = None
        self._prefork = Prefork()
        """Of the checkpoint that was restored last."""
        self._closing: ProgramHandle | None = None
        """The process of a document that is being closed."""
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def worker(self) -> ProgramHandle | None:
        """The process; None before the first, between two, and after it has ended by itself."""
        return self._worker

    @property
    def live(self) -> Key | None:
        """The state of the namespace; None where there is none."""
        return self._live

    @property
    def is_starting(self) -> bool:
        """Whether a process is being started or brought to a state, and has run nothing there yet."""
        return self._is_starting

    @property
    def is_lost(self) -> bool:
        """Whether there was a process, or should have been one, and there is none."""
        return self._is_lost

    # Which process there is to be.

    def begin_starting(self) -> None:
        """Another process is about to take the place of the present one."""
        self._is_starting = True

    def settle(self) -> None:
        """The process is where it was to be brought; where there is none, it is lost."""
        if self._is_starting:
            self._is_starting, self._is_lost = False, self._worker is None

    def be_empty(self) -> None:
        """Have no process, and need none."""
        self.leave()
        self._is_starting = self._is_lost = False

    def memory(self) -> int:
        """Bytes that the process and all its copies hold together; 0 where the system does not say.

        Takes milliseconds for a large process: call it off the event loop.
        """
        worker, zygote = self._worker, self._zygote
        found = [worker.memory() if worker is not None else None, self._prefork.memory()]
        found += zygote.memory() if zygote is not None else []
        found += [each.fork.memory() for each in self.checkpoints.all() if each.fork is not None]
        return sum(memory.whole for memory in found if memory is not None)

    # The state of the namespace.

    def advance(self, key: Key) -> None:
        """Code has run that leads to the state `key`."""
        if self._worker is not None:
            self._live = key

    def leave_path(self) -> None:
        """Something has changed the namespace that no text stands for."""
        self.advance(OFF_PATH)

    def begin_run(self) -> None:
        """A run begins: what its checkpoints may cost is a part of its own work."""
        self._history.begin_run()

    def did_work(self, seconds: float) -> None:
        """A statement has run for so long."""
        self._history.did_work(seconds)

    def used_files(self, used: Collection[str], changed: Collection[str], line: int) -> None:
        """The statement up to `line` has used and changed these files."""
        self.checkpoints.spoil(changed, line)
        self._history.used.update(used)

    # Processes.

    async def start(self, launch: Launch, key: Key) -> None:
        """Have an empty namespace, whose state is `key`. Raises WorkerError where there can be none.

        Its process is a fork of the zygote if that suits, else a new one.
        """
        self.leave()
        self._prefork.discard()
        self._launch = launch
        if not await self._start_from_zygote(launch):
            await self._start_anew(launch)
        if self._worker is None:
            raise WorkerError("Python ended before it could run anything.")
        self._live, self._history = key, History()
        self.checkpoints.begin_process()
        self._is_lost = False

    def can_start_at_once(self, launch: Launch) -> bool:
        """Whether `start` would take no time."""
        return self._zygote is not None and self._zygote.suits(launch)

    async def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, which stays. Raises WorkerError where that is not possible."""
        if checkpoint.fork is None or self._launch is None:
            raise WorkerError("there is no process in that state.")
        fork = await self._prefork.fork_of(checkpoint.fork)
        if isinstance(fork, Refusal):
            raise WorkerError(f"the state cannot be copied: {fork.reason}.")
        self.leave(for_good=False)
        await self._adopt(fork, self._launch)
        spoiled = checkpoint.why_spoiled() is not None
        self._live = OFF_PATH if spoiled else checkpoint.key
        self._history = History(checkpoint)
        self._is_lost = False

    def expect_restore(self, key: Key) -> None:
        """Prefork a checkpoint: a statement that was edited once is often edited again."""
        checkpoint = self.checkpoints.at(key)
        if checkpoint is not None and checkpoint.fork is not None:
            self._prefork.expect(checkpoint.fork)

    def leave(self, *, for_good: bool = True) -> None:
        """End the process in the background.

        One to which the program may go back must not do what a program does at its end, such as remove
        its temporary files: forks of it still need them.
        """
        worker, self._worker, self._live = self._worker, None, None
        if worker is not None:
            if not for_good or len(self.checkpoints):
                worker.kill()
            self._later(_close(worker))

    async def shed(self) -> None:
        """End the processes that only make the next run quicker; checkpoints made by hand stay."""
        self.checkpoints.forget(named=False)
        self._prefork.discard()
        await self._discard_zygote()

    def send_signal(self, sign: Signals) -> bool:
        """Pass a signal on to a program that is being closed. Returns whether there is one."""
        if self._closing is None:
            return False
        self._closing.send_signal(sign)
        return True

    async def close(self, *, leave_children: bool, patient: bool) -> Exited | None:
        """End its forks, then the process and all it started; as `ProgramHandle.close`."""
        await self._prefork.close()
        await self.checkpoints.close()
        await self._discard_zygote()
        worker, self._worker, self._live = self._worker, None, None
        exited = None
        if worker is not None:
            self._closing = worker
            exited = await worker.close(leave_children=leave_children, patient=patient)
            await worker.wait_until_quiet()
            worker.release()
            self._closing = None
        if self._ending:
            await asyncio.wait(self._ending)
        self._is_starting = self._is_lost = False
        return exited

    # Keeping states, and looking into them.

    def is_checkpoint_due(self, *, hot: bool) -> bool:
        """Whether to keep the present state; `hot`: the next statement is likely to be edited."""
        return self.checkpoints.is_due(self._history, hot=hot)

    async def keep(
        self,
        line: int,
        *,
        name: str | None = None,
        on_path: Callable[[], Container[Key]] = tuple,
    ) -> Checkpoint | Exited:
        """Take a checkpoint of the present state; `line` is the last one that has run."""
        assert self._worker is not None
        assert self._live is not None
        fork = partial(_fork, self._worker)
        return await self.checkpoints.take(
            fork, self._live, self._history, line, name=name, on_path=on_path
        )

    async def hold(self) -> Checkpoint | Refusal | Exited:
        """The present state as a checkpoint that is not among `checkpoints`: the caller's alone."""
        assert self._worker is not None
        assert self._live is not None
        fork = await _fork(self._worker)
        if isinstance(fork, Refusal | Exited):
            return fork
        held = Checkpoint("", self._live, self._history.work, 0, time.time(), fork=fork)
        held.used = stamps(self._history.used)
        return held

    async def inspect(
        self, question: Mapping[str, Any], deadline: float
    ) -> tuple[Mapping[str, Any], Checkpoint | None] | None:
        """The answer to a question about the namespace, which changes nothing, and how old it is.

        It comes from a fork made for the purpose; where that takes too long, as in the middle of long C
        code, from a fork of the newest checkpoint, which is then returned, too. None after `deadline`
        seconds, or where there can be neither.
        """
        end = time.monotonic() + deadline
        older = self._history.last
        if older is not None and not older.is_ready:
            older = None
        fork = await self._fork_for_inspection(deadline, has_older=older is not None)
        source = None
        if fork is None and older is not None and older.fork is not None:
            forked = await older.fork.fork()
            fork, source = (None if isinstance(forked, Refusal) else forked), older
        if fork is None:
            return None
        try:
            answer = await fork.inspect(question, max(end - time.monotonic(), 0.0))
        finally:
            fork.discard()
        return None if isinstance(answer, Exited) else (answer, source)

    async def _fork_for_inspection(self, deadline: float, *, has_older: bool) -> ForkHandle | None:
        worker = self._worker
        if worker is None or not worker.capabilities.can_inspect_while_busy:
            return None
        patience = _PATIENCE if has_older and worker.is_busy else deadline / 2
        return await worker.fork_for_inspection(patience)

    def _memory(self) -> tuple[Memory | None, Memory | None]:
        program = self._worker.memory() if self._worker is not None else None
        return program, self._prefork.memory()

    # Beginnings and ends of processes.

    async def _start_from_zygote(self, launch: Launch) -> bool:
        zygote = self._zygote
        if zygote is None or not zygote.suits(launch):
            return False
        fork = await zygote.fork()
        if fork is None:
            return False
        await self._adopt(fork, launch)
        zygote.expect_fork()
        return True

    async def _start_anew(self, launch: Launch) -> None:
        self._later(self._discard_zygote())
        worker = self._worker = self._make(launch, self._listener, self._on_exit)
        try:
            await worker.start()
        except WorkerError:
            self._worker = None
            raise
        self.checkpoints.configure(launch, worker.capabilities)
        fork = await _fork(worker)
        if not isinstance(fork, Refusal | Exited):
            self._zygote = Zygote(launch, worker.libraries, fork)

    async def _adopt(self, fork: ForkHandle, launch: Launch) -> None:
        """Go on as a fork of an earlier process. Raises WorkerError if it has ended."""
        worker = self._worker = self._make(launch, self._listener, self._on_exit)
        try:
            await worker.adopt(fork)
        except WorkerError:
            self._worker = None
            raise

    def _on_exit(self, worker: ProgramHandle, exited: Exited) -> None:
        if worker is not self._worker:
            return  # It was left or closed: what it was is over already.
        worker.release()
        self._worker = self._live = None
        self._is_lost = True
        self._on_exited(exited)

    async def _discard_zygote(self) -> None:
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            await zygote.close()

    def _later(self, ending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _fork(worker: ProgramHandle) -> ForkHandle | Refusal | Exited:
    refusal = worker.capabilities.fork_refusal
    return refusal if refusal is not None else await worker.fork()


async def _close(worker: ProgramHandle) -> None:
    await worker.close()
    worker.release()
