"""What a program and its forks can do for the rest of the server, wherever they run.

The seam between what wants a program (`program`, `session`) and what has one (`worker.LocalWorker`, on
this machine). Types alone: knows neither descriptors, nor what signals do, nor how anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from signal import Signals

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.replies import (
        Cleared,
        Displayed,
        Exited,
        Finished,
        Prepared,
        Refusal,
        Rejected,
    )
    from rdit_lsp.process.spawn import Launch

Owner: TypeAlias = object
"""What a caller gives along with a statement, and gets back with the statement's output."""


class Capabilities(NamedTuple):
    """What callers need not try, because this program can never do it."""

    fork_refusal: Refusal | None = None
    """Why it cannot be forked at any time; None where it can be between statements, unless it refuses."""
    can_inspect_while_busy: bool = True
    """A fork for inspection can be had, in the middle of a statement, too."""

    @property
    def can_fork(self) -> bool:
        """Whether checkpoints, savepoints and a zygote are possible at all."""
        return self.fork_refusal is None


class Memory(NamedTuple):
    """Memory of a process, in bytes; clean file-backed pages are not counted."""

    unshared: int
    """What would be free if it alone ended."""
    proportional: int
    """Its share of all it uses: over all processes, the sum is what they hold together."""
    resident: int
    """All it uses, shared or not."""
    whole: int = 0
    """As `proportional`, and with file-backed pages: the proportional set size of the system."""


class ProgramListener(Protocol):
    """Receives what a program does between a request and its reply."""

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Output of the statement of `owner`; None before the first statement."""

    def on_display(self, owner: Owner, shown: Displayed | Cleared) -> None:
        """User code displayed something, or cleared its output."""

    def on_input(
        self, owner: Owner, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """User code waits for a line; call `answer` once, with None for end of file."""


class ForkHandle(Protocol):
    """A process that was forked from a program, runs nothing, and waits to be used."""

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done when the process has ended, and when a program has adopted it."""

    @property
    def is_alive(self) -> bool:
        """Whether it can be forked, adopted or inspected."""

    async def fork(self) -> ForkHandle | Refusal:
        """Another process in the same state."""

    async def inspect(
        self, question: Mapping[str, Any], patience: float
    ) -> Mapping[str, Any] | Exited:
        """The answer to a question about the namespace; afterwards it is good for questions only."""

    def discard(self) -> None:
        """End it, without the program's own endings such as `atexit`; `ended` follows."""

    def memory(self) -> Memory | None:
        """Its memory now; None where it is gone or the system does not say.

        Takes milliseconds for a large process: call it off the event loop.
        """


class ProgramHandle(Protocol):
    """One process that runs a document's statements, one at a time.

    Requests are awaited one after the other. Signals, `fork_for_inspection`, `memory` and `close` may come
    at any time. However the process ends, `exited` is set and the callback given at creation is called.
    """

    @property
    def launch(self) -> Launch:
        """How it was started."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do at all."""

    @property
    def pid(self) -> int | None:
        """Its process id on its machine; None before it is started."""

    @property
    def python(self) -> str | None:
        """`sys.executable` of the interpreter."""

    @property
    def version(self) -> str | None:
        """The interpreter's version."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """Folders of installed packages at its start."""

    @property
    def exited(self) -> Exited | None:
        """How it ended; None while it lives."""

    @property
    def is_busy(self) -> bool:
        """Whether a statement runs."""

    async def start(self) -> None:
        """Start the interpreter. Raises WorkerError with the reason when it does not come up."""

    async def adopt(self, fork: ForkHandle) -> None:
        """Go on as `fork`, which is used up. Raises WorkerError where its process has ended.

        In place of `start`; the fork comes from a handle of the same kind.
        """

    async def prepare(self, source: str, *, whole: bool) -> Prepared | Rejected | Exited:
        """Compile the source to run; `whole`: it must compile as one file."""

    async def execute(self, index: int, until: int, owner: Owner) -> Finished | Exited:
        """Run one statement; when this returns, all its output until its end has been delivered.

        A process that user code forks in it runs on to statement `until`, as it would in a script.
        """

    async def set_environment(
        self, values: Mapping[str, str | None]
    ) -> Mapping[str, str | None] | Exited:
        """Set environment variables, None removing one; returns their former values."""

    async def inspect(self, question: Mapping[str, Any]) -> Mapping[str, Any] | Exited:
        """Answer a question about the namespace between statements, without running user code."""

    async def fork(self) -> ForkHandle | Refusal | Exited:
        """Fork the process in its present state, between statements."""

    async def fork_for_inspection(self, patience: float) -> ForkHandle | None:
        """Fork the process wherever it is, in the middle of a statement, too; good for questions only.

        None where it takes longer than `patience` seconds, as in C code, or is not possible.
        """

    def interrupt(self) -> None:
        """Send SIGINT to the program and its children, as a terminal does for Ctrl-C."""

    def kill_children(self) -> int:
        """Kill the running processes that the program started; returns how many."""

    def kill(self) -> None:
        """Kill the program and its children."""

    def send_signal(self, sign: Signals) -> None:
        """Send a signal to the program and its children."""

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Exited | None:
        """Let the interpreter end as usual, and kill it where it does not.

        `leave_children`: processes that it started live on. `patient`: threads and `atexit` functions
        take what time they need.
        """

    async def wait_until_quiet(self) -> None:
        """After its end: wait a moment for output of children that still hold its pipes."""

    def release(self) -> None:
        """Close its pipes, which children may hold open for ever; later output is lost."""

    def memory(self) -> Memory | None:
        """As `ForkHandle.memory`."""


class ProgramFactory(Protocol):
    """Makes the handle of a program that is not started yet."""

    def __call__(
        self,
        launch: Launch,
        listener: ProgramListener,
        on_exit: Callable[[ProgramHandle, Exited], None],
    ) -> ProgramHandle:
        """`on_exit` is called once, when the process has ended and the last output is delivered."""
