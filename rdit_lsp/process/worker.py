"""A program on this machine: the user's interpreter, running rdit's worker, as a child of the server.

Joins the parts that each know one thing of it: its conversation, its output pipes, its signals, its end.
It must not know documents, results or LSP: callers hand it an *owner* with every statement, and get the
statement's output back with that owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from rdit_lsp.process import fatal_report
from rdit_lsp.process.conversation import Conversation
from rdit_lsp.process.fork import Fork
from rdit_lsp.process.handle import Capabilities
from rdit_lsp.process.home import Home
from rdit_lsp.process.inspection_signal import InspectionSignal
from rdit_lsp.process.output_pipes import OutputPipes
from rdit_lsp.process.posix import groups, memory
from rdit_lsp.process.posix.children import Child, adopt_orphans
from rdit_lsp.process.posix.limits import has_room
from rdit_lsp.process.replies import (
    STREAMS,
    Answer,
    Cleared,
    Displayed,
    Environment,
    Exited,
    Finished,
    Forked,
    InputRequest,
    Inspectable,
    InspectionFork,
    Prepared,
    Ready,
    Refusal,
    Rejected,
)
from rdit_lsp.process.spawn import BOOTSTRAP, WorkerError, shares_terminal, spawn
from rdit_lsp.worker import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.channel import Message
    from rdit_lsp.process.handle import ForkHandle, Memory, Owner, ProgramHandle, ProgramListener
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.replies import Received
    from rdit_lsp.process.spawn import Launch, Spawned

log = logging.getLogger(__name__)

_START_UP = 20.0
"""Seconds an interpreter may take to start: network file systems and antivirus programs are slow."""
_LADDER = ((None, 0.5), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0))
"""How closing ends a process, end of file first, and the seconds it waits after each rung."""
_LATE = 1.0
"""Seconds that output is still read after the process has ended, while a child holds its pipe."""

_OWN_FRAMES = (str(BOOTSTRAP.parent),)
"""How the file names of the worker's own frames begin."""

_numbers = count(1)


class LocalWorker:
    """One user's interpreter on this machine, as a `ProgramHandle`."""

    def __init__(
        self,
        launch: Launch,
        listener: ProgramListener,
        on_exit: Callable[[ProgramHandle, Exited], None],
        *,
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
    ) -> None:
        """As `ProgramFactory`. The guard ends it, and all it started, if the server exits."""
        self.launch = launch
        self.capabilities = _capabilities(launch)
        self.pid: int | None = None
        self.python: str | None = None
        self.version: str | None = None
        self.libraries: tuple[str, ...] = ()
        self.is_busy = False
        """Whether a statement runs."""
        # Asked once: a terminal whose window was closed is none any more.
        self._shares_terminal = shares_terminal(launch)
        self._listener = listener
        self._on_exit = on_exit
        self._guard = guard
        self._spawn = spawn
        loop = asyncio.get_running_loop()
        self._conversation = Conversation(
            self._on_received, self._on_hung_up, self._on_protocol_error
        )
        self._home = Home(guard.sockets / f"worker-{next(_numbers)}", self._conversation.open)
        self._fatal_log = self._home.path.with_suffix(".faults")
        """Where the interpreter writes its report when a signal such as SIGSEGV ends it."""
        self._inspection_signal = InspectionSignal(
            partial(self._signal_alone, signal.SIGURG),
            lambda: self._pipes.hold_something,
            lambda: groups.ticks_of_runnable(self.pid) if self.pid is not None else None,
            loop.call_later,
        )
        self._pipes = OutputPipes(self._on_output, self._inspection_signal.after)
        self._start_errors: list[bytes] = []
        """Stderr before the worker was ready, to explain why it did not start."""
        self._ended: asyncio.Future[Exited] = loop.create_future()
        self._inspection_fork: asyncio.Future[int | None] | None = None
        """The server's end of the socket to a fork for inspection, once that was asked for."""
        self._inspecting = asyncio.Lock()
        self._is_inspectable = True
        """The program has not taken for itself what has it look at its socket within a statement."""
        self._oom_kills_before = memory.kills()
        self._is_killed = False
        """SIGKILL was sent to its process group."""

    @property
    def exited(self) -> Exited | None:
        """How it ended; None while it lives."""
        return self._conversation.exited

    # Beginning.

    async def start(self) -> None:
        """As `ProgramHandle.start`."""
        try:
            self._connect(self._spawn(self.launch))
        except OSError as error:
            await self.close()
            raise WorkerError(f"{self._name} cannot be connected to rdit: {error}.") from error
        if self.launch.checkpoints:
            adopt_orphans()  # Its forks will be. It takes a moment, as the interpreter does to start.
        try:
            ready = await asyncio.wait_for(
                self._conversation.ask(self._start_request(), Ready), _START_UP
            )
        except asyncio.TimeoutError:
            await self.close()
            raise WorkerError(
                f"{self._name} did not answer within {_START_UP:.0f} seconds of its start."
            ) from None
        if isinstance(ready, Exited):
            raise WorkerError(self._why_it_did_not_start(ready))
        if ready.protocol != protocol.VERSION:
            await self.close()
            raise WorkerError("the worker speaks another protocol: is rdit being updated?")
        self.python, self.version, self.libraries = ready.python, ready.version, ready.libraries

    async def adopt(self, fork: ForkHandle) -> None:
        """As `ProgramHandle.adopt`."""
        assert isinstance(fork, Fork), "a worker adopts forks of workers on its machine"
        await fork.ready()
        channel, child = fork.promote()
        self.pid, child.on_exit = child.pid, self._on_process_exit
        self._home.listen()
        self._conversation.open(channel)
        ready = await self._conversation.ask({"type": "resume", **self._own_files()}, Ready)
        if isinstance(ready, Exited):
            raise WorkerError("the process of the checkpoint has ended.")
        self.python, self.version = ready.python, ready.version

    @property
    def _name(self) -> str:
        return " ".join(self.launch.python)

    def _connect(self, spawned: Spawned) -> None:
        self.pid = spawned.process.pid
        log.debug("%s: worker %d is %s", self.launch.path, self.pid, self._name)
        if not self._shares_terminal:
            self._guard.watch(self.pid)
        # First what closing needs, in case that the rest fails.
        Child(self.pid, self._on_process_exit, spawned.process.wait)
        self._conversation.open(spawned.channel)
        self._pipes.renew({STREAMS[number]: fd for number, fd in spawned.pipes.items()})
        self._home.listen()

    def _own_files(self) -> dict[str, str]:
        return {"home": str(self._home.path), "faults": str(self._fatal_log)}

    def _start_request(self) -> Message:
        launch = self.launch
        return {
            "type": "start",
            **self._own_files(),
            "path": launch.path,
            "given_path": launch.given_path or launch.path,
            "argv": list(launch.argv),
            "figures": {"format": launch.figure_format, "dpi": launch.figure_dpi},
            "is_file": launch.is_file,
            "capture": launch.capture,
            "is_interactive": launch.is_interactive,
            "shares_terminal": self._shares_terminal,
            "ask_input": launch.stdin == "ask",
            "show_values": launch.show_values,
            "assignments": launch.assignments,
            "checkpoints": launch.checkpoints,
        }

    def _why_it_did_not_start(self, exited: Exited) -> str:
        said = b"".join(self._start_errors).decode("utf-8", "replace").strip().splitlines()
        how = (
            f"was killed by signal {-exited.code}"
            if exited.code < 0
            else f"ended with {exited.code}"
        )
        reason = f": {said[-1]}" if said else "."
        return f"{self._name} {how} before it could run anything{reason}"

    # Requests.

    async def prepare(self, source: str, *, whole: bool) -> Prepared | Rejected | Exited:
        """As `ProgramHandle.prepare`."""
        request = {"type": "prepare", "source": source, "whole": whole}
        return await self._conversation.ask(request, Prepared, Rejected)

    async def execute(self, index: int, until: int, owner: Owner) -> Finished | Exited:
        """As `ProgramHandle.execute`."""
        self._pipes.owner = owner
        self.is_busy = True
        self._inspection_signal.begin()
        try:
            request = {"type": "execute", "index": index, "until": until}
            return await self._conversation.ask(request, Finished)
        finally:
            self.is_busy = False
            self._inspection_signal.end()

    async def set_environment(
        self, values: Mapping[str, str | None]
    ) -> Mapping[str, str | None] | Exited:
        """As `ProgramHandle.set_environment`."""
        request = {"type": "environ", "values": dict(values)}
        reply = await self._conversation.ask(request, Environment)
        return reply if isinstance(reply, Exited) else reply.before

    async def inspect(self, question: Mapping[str, Any]) -> Mapping[str, Any] | Exited:
        """As `ProgramHandle.inspect`."""
        request = {"type": "look", "question": dict(question)}
        reply = await self._conversation.ask(request, Answer)
        return reply if isinstance(reply, Exited) else reply.answer

    async def fork(self) -> Fork | Refusal | Exited:
        """As `ProgramHandle.fork`."""
        if not has_room():
            return Refusal("rdit has too many files open")
        reply = await self._conversation.ask({"type": "fork"}, Forked, Refusal)
        return Fork(reply.fd, self._guard) if isinstance(reply, Forked) else reply

    async def fork_for_inspection(self, patience: float) -> Fork | None:
        """As `ProgramHandle.fork_for_inspection`."""
        async with self._inspecting:
            is_alive = self.exited is None and self._conversation.is_open
            if not is_alive or not self._is_inspectable or not has_room():
                return None
            if self._inspection_fork is None:
                self._inspection_fork = asyncio.get_running_loop().create_future()
                self._conversation.acknowledge({"type": "glance"})
                self._inspection_signal.send_when_safe()
            try:
                fd = await asyncio.wait_for(asyncio.shield(self._inspection_fork), patience)
            except asyncio.TimeoutError:
                return None  # If it comes later, the next call gets it.
            self._inspection_fork = None
            return Fork(fd, self._guard) if fd is not None else None

    # What it says by itself.

    def _on_received(self, received: Received) -> None:
        content = received.content
        if isinstance(content, InspectionFork):
            self._take_inspection_fork(content.fd)
            return
        if isinstance(content, Inspectable):
            self._is_inspectable = content.is_so
            return
        if isinstance(content, Finished | InputRequest | Displayed | Cleared):
            self._pipes.drain()  # What the pipes hold now was written before the message.
        self._pipes.renew(received.pipes)
        if isinstance(content, InputRequest):
            answer = partial(self._answer_input, content.number)
            self._listener.on_input(self._pipes.owner, answer, password=content.password)
        elif isinstance(content, Displayed | Cleared):
            self._listener.on_display(self._pipes.owner, content)
            if content.number is not None:
                self._conversation.acknowledge({"type": "shown", "number": content.number})

    def _answer_input(self, number: int, line: str | None) -> None:
        self._conversation.acknowledge({"type": "input", "number": number, "line": line})

    def _take_inspection_fork(self, fd: int | None) -> None:
        if self._inspection_fork is not None and not self._inspection_fork.done():
            self._inspection_fork.set_result(fd)
        elif fd is not None:
            os.close(fd)

    def _on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        if self.version is None and stream == "stderr":
            self._start_errors.append(data)
        self._listener.on_output(owner, stream, data)

    def _on_hung_up(self) -> None:
        """Wait on: the process is exiting, which `Child` reports, or user code has closed its socket.

        Then the worker connects again, unless it has become another program by `exec`.
        """

    def _on_protocol_error(self, error: protocol.ProtocolError) -> None:
        log.error("%s: the worker broke its protocol (%s); it is killed", self.launch.path, error)
        self.kill()

    # Signals and its end.

    def interrupt(self) -> None:
        """As `ProgramHandle.interrupt`."""
        self.send_signal(signal.SIGINT)

    def kill_children(self) -> int:
        """As `ProgramHandle.kill_children`."""
        children = groups.members(self.pid) - {self.pid} if self.pid else set()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return len(children)

    def kill(self) -> None:
        """As `ProgramHandle.kill`."""
        self.send_signal(signal.SIGKILL)
        self._is_killed = True

    def send_signal(self, sign: signal.Signals) -> None:
        """As `ProgramHandle.send_signal`; to the program alone where it has the server's terminal."""
        if self.pid is None:
            return
        if self._shares_terminal:
            self._signal_alone(sign)
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, sign)

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Exited | None:
        """As `ProgramHandle.close`: end of file on the channel, then SIGTERM, then SIGKILL."""
        if self.pid is None:
            return None
        self._conversation.close()
        for sign, grace in _LADDER:
            if sign is not None:
                self.send_signal(sign)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._ended), None if patient else grace)
                break
        if not leave_children:
            self.send_signal(signal.SIGKILL)
        return await self._ended

    async def wait_until_quiet(self) -> None:
        """As `ProgramHandle.wait_until_quiet`."""
        await self._pipes.wait_until_closed(_LATE)

    def release(self) -> None:
        """As `ProgramHandle.release`."""
        self._pipes.close()
        asked, self._inspection_fork = self._inspection_fork, None
        if asked is not None and asked.done() and (fd := asked.result()) is not None:
            os.close(fd)
        if self.pid is not None and not self._shares_terminal:
            self._guard.forget(self.pid)

    def memory(self) -> Memory | None:
        """As `ProgramHandle.memory`."""
        return None if self.pid is None else memory.of_process(self.pid)

    def _signal_alone(self, sign: signal.Signals) -> None:
        # Its id is another process's once it has been waited for.
        if self.pid is not None and self.exited is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, sign)

    def _on_process_exit(self, code: int) -> None:
        is_for_memory = code == -signal.SIGKILL and memory.kills() > self._oom_kills_before
        exited = Exited(code, is_for_memory and not self._is_killed)
        self._conversation.end(exited)
        self._pipes.drain()
        self._deliver_fatal_report(code)
        self._home.close()
        self._forget_group()
        if self._inspection_fork is not None and not self._inspection_fork.done():
            self._inspection_fork.set_result(None)
        self._ended.set_result(exited)
        self._on_exit(self, exited)

    def _forget_group(self) -> None:
        """Have the guard forget the process group, unless it lives on in children.

        Closing the worker or the server ends those.
        """
        if self.pid is None or self._shares_terminal:
            return
        if self._is_killed or not groups.members(self.pid):
            self._guard.forget(self.pid)

    def _deliver_fatal_report(self, code: int) -> None:
        """Deliver the interpreter's report of the signal that ended it, as if it had gone to stderr."""
        try:
            written = self._fatal_log.read_text("utf-8", "replace")
        except FileNotFoundError:
            return  # It went to stderr itself, or nothing is captured.
        self._fatal_log.unlink()
        if -code in fatal_report.SIGNALS and (report := fatal_report.parse(written, _OWN_FRAMES)):
            self._listener.on_output(self._pipes.owner, "stderr", report.encode())


def _capabilities(launch: Launch) -> Capabilities:
    """A worker can be forked on Linux, if its launch says so."""
    if sys.platform != "linux":
        refusal = Refusal("it runs on a system where rdit makes no forks")
    elif not launch.checkpoints or not launch.capture:
        refusal = Refusal("it was started without checkpoints")
    else:
        return Capabilities()
    return Capabilities(refusal, can_inspect_while_busy=False)
