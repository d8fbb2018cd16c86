"""Programs and forks (`rdit_lsp.process.handle`) that are no processes: a test says what they do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from rdit_lsp.process.handle import Capabilities, Memory
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import Launch, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LAUNCH = Launch(("python",), "/a.py", ("/a.py",), "/", checkpoints=True)
MB = 1 << 20


def holding(megabytes: int) -> Memory:
    """Memory that a fork shares with nobody."""
    return Memory(megabytes * MB, megabytes * MB, megabytes * MB)


class FakeFork:
    """A fork that waits."""

    def __init__(self, original: object = None) -> None:
        self.original = original
        """What it was forked from."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_discarded = False
        self.ends_at_once = True
        """As soon as it is discarded; otherwise a test has to `end` it."""
        self.forks: list[FakeFork] = []
        self.refusal: Refusal | None = None
        self.holds: Memory | None = None
        self.answer: Mapping[str, Any] | Exited = {}
        self.questions: list[tuple[Mapping[str, Any], float]] = []

    @property
    def is_alive(self) -> bool:
        return not self.ended.done()

    async def fork(self) -> FakeFork | Refusal:
        await asyncio.sleep(0)
        if self.refusal is not None or not self.is_alive:
            return self.refusal or Refusal("its process has ended")
        self.forks.append(FakeFork(self))
        return self.forks[-1]

    async def inspect(
        self, question: Mapping[str, Any], patience: float
    ) -> Mapping[str, Any] | Exited:
        await asyncio.sleep(0)
        self.questions.append((question, patience))
        return self.answer

    def discard(self) -> None:
        self.is_discarded = True
        if self.ends_at_once:
            self.end()

    def end(self) -> None:
        """The process has ended, whoever ended it."""
        if not self.ended.done():
            self.ended.set_result(None)

    def memory(self) -> Memory | None:
        return self.holds


class FakeHandle:
    """A program."""

    def __init__(
        self, launch: Launch, listener: object, on_exit: Callable[[FakeHandle, Exited], None]
    ) -> None:
        self.launch = launch
        self.listener = listener
        self._on_exit = on_exit
        self.capabilities = Capabilities()
        self.pid: int | None = None
        self.python = "/usr/bin/python"
        self.version = "3.11.0"
        self.libraries: tuple[str, ...] = ()
        self.exited: Exited | None = None
        self.is_busy = False
        self.done: list[str] = []
        """What was asked of it, in order."""
        self.start_error: WorkerError | None = None
        self.next_fork: Refusal | Exited | None = None
        """What `fork` is answered with, in place of a fork."""
        self.forks: list[FakeFork] = []
        self.inspection_fork: FakeFork | None = None
        self.patience: float | None = None
        self.adopted: FakeFork | None = None
        self.holds: Memory | None = None
        self.may_close = asyncio.Event()
        """Until a test clears it, `close` takes no time."""
        self.may_close.set()

    async def start(self) -> None:
        self.done.append("start")
        await asyncio.sleep(0)
        if self.start_error is not None:
            raise self.start_error
        self.pid = 1

    async def adopt(self, fork: FakeFork) -> None:
        self.done.append("adopt")
        await asyncio.sleep(0)
        if not fork.is_alive:
            raise WorkerError("the process of the checkpoint has ended.")
        self.adopted, self.pid = fork, 2
        fork.end()

    async def fork(self) -> FakeFork | Refusal | Exited:
        self.done.append("fork")
        await asyncio.sleep(0)
        if self.next_fork is not None:
            return self.next_fork
        self.forks.append(FakeFork(self))
        return self.forks[-1]

    async def fork_for_inspection(self, patience: float) -> FakeFork | None:
        self.done.append("fork for inspection")
        self.patience = patience
        await asyncio.sleep(0)
        return self.inspection_fork

    def kill(self) -> None:
        self.done.append("kill")

    def send_signal(self, sign: int) -> None:
        self.done.append(f"signal {int(sign)}")

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Exited | None:
        options = {"leave children": leave_children, "patient": patient}
        self.done.append(" ".join(["close", *(name for name, is_set in options.items() if is_set)]))
        await self.may_close.wait()
        if self.exited is None:
            self.exit(0)
        return self.exited

    async def wait_until_quiet(self) -> None:
        self.done.append("wait until quiet")

    def release(self) -> None:
        self.done.append("release")

    def memory(self) -> Memory | None:
        return self.holds

    def exit(self, code: int) -> None:
        """The process has ended, whoever ended it."""
        self.exited = Exited(code)
        self._on_exit(self, self.exited)
