"""A worker as the server sees it: every descriptor, process id and signal of one child process.

Nothing else in the server touches those. It must not know documents, results or LSP: callers hand it
an *owner* with every statement, and get the statement's output back with that owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rdit_lsp.process import fatal_report, replies
from rdit_lsp.process.channel import Channel
from rdit_lsp.process.fork import Fork
from rdit_lsp.process.posix import memory
from rdit_lsp.process.posix.children import Child, adopt_orphans
from rdit_lsp.process.posix.limits import has_room
from rdit_lsp.process.posix.pipes import Pipe, held
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import BOOTSTRAP, WorkerError, shares_terminal, spawn
from rdit_lsp.worker import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.channel import Message
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.posix.memory import Memory
    from rdit_lsp.process.replies import Finished, Prepared, Rejected
    from rdit_lsp.process.spawn import Launch, Spawned

log = logging.getLogger(__name__)

_STREAMS: dict[int, StreamName] = {1: "stdout", 2: "stderr"}
_NUDGE = 0.015
"""Seconds after output was read before the worker is asked for what it may still hold back."""
_NUDGE_IN_LINE = 0.002
"""The same where what was read ends in the middle of a line."""
_BLOCK = 4096
"""Bytes that a pipe holds at least. Who writes more than it holds waits inside `write`, and a signal ends
that with a part written, which not every program looks at: no nudge until that write is over."""
_OUT_OF_WRITE = 2
"""Ticks of the processor's time (10 ms each) in which a program surely fills the pipe if it writes."""
_START_UP = 20.0
"""Seconds an interpreter may take to start: network file systems and antivirus programs are slow."""
_GRACE = (0.5, 1.0, 1.0)
"""Seconds that closing waits after each rung: end of file, SIGTERM, SIGKILL."""
_LATE = 1.0
"""Seconds that output is still read after the process has ended, while a child holds its pipe."""

_OURS = (protocol.UNSEEN, str(BOOTSTRAP.parent))
"""How the file names of our own frames begin."""

Owner: TypeAlias = object


class Listener(Protocol):
    """Whoever wants to know what a worker does between a request and its answer."""

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Output of the statement that `owner` was given with."""

    def on_display(self, owner: Owner, message: Message) -> None:
        """User code displayed something."""

    def on_input(self, owner: Owner, answer: Callable[[str | None], None], password: bool) -> None:
        """User code waits for a line; call `answer` once, with None for end of file."""

    def on_exit(self, died: Exited) -> None:
        """The process ended, whether asked to or not."""


class Worker:
    """One user's interpreter running our loop."""

    def __init__(
        self,
        launch: Launch,
        listener: Listener,
        guard: Guard,
        spawn: Callable[[Launch], Spawned] = spawn,
    ) -> None:
        """Call `start` next. The guard sees to it that nothing outlives the server."""
        self.launch = launch
        self.pid: int | None = None
        self.python: str | None = None
        """`sys.executable` of the interpreter."""
        self.version: str | None = None
        self.libraries: tuple[str, ...] = ()
        """The folders of installed packages that it began with."""
        self.died: Exited | None = None
        self.listener = listener
        self._guard = guard
        self._spawn = spawn
        self._home = guard.folder / f"worker-{next(_numbers)}"
        self._faults = self._home.with_suffix(".faults")
        """Where the interpreter writes what it has to say when a signal such as SIGSEGV ends it."""
        self._channel: Channel | None = None
        self._home_socket: socket.socket | None = None
        self._start_errors: list[bytes] = []
        """What came on stderr before the worker was ready, to explain why it did not start."""
        self._reply: asyncio.Future[Message | Exited] | None = None
        self._ended: asyncio.Future[Exited] = asyncio.get_running_loop().create_future()
        self._inspection: asyncio.Future[int | None] | None = None
        """The end of the socket to a copy that was asked for, to look at the program."""
        self._glancing = asyncio.Lock()
        self._owner: Owner = None
        self._pipes: dict[StreamName, Pipe] = {}
        self._late_pipes: set[Pipe] = set()
        self._nudge: asyncio.TimerHandle | None = None
        self._wrote_much = False
        """The program may be in the middle of a write that the pipe does not hold."""
        self._ran_before: int | None = None
        """Ticks that it had run when that was looked into first."""
        self._in_statement = False
        self._kills_before = memory.kills()
        self._is_killed = False
        """Whatever was in its process group has been killed."""

    async def start(self) -> None:
        """Start the interpreter. Raises WorkerError with the reason when it does not come up."""
        self._connect(self._spawn(self.launch))
        if self.launch.checkpoints:
            adopt_orphans()  # Its copies will be. It takes a moment, as the interpreter does to start.
        try:
            ready = await asyncio.wait_for(self._ask(self._start_request()), _START_UP)
        except asyncio.TimeoutError:
            await self.close()
            raise WorkerError(
                f"{self._name} did not answer within {_START_UP:.0f} seconds of its start."
            ) from None
        if isinstance(ready, Exited):
            raise WorkerError(self._why_it_did_not_start(ready))
        if ready.get("protocol") != protocol.VERSION:
            await self.close()
            raise WorkerError("the worker speaks another protocol: is rdit being updated?")
        self.python, self.version = ready["python"], ready["version"]
        self.libraries = tuple(ready["libraries"])

    async def adopt(self, copy: Fork) -> None:
        """Be what `copy` is a copy of, as it was then; it is used up. Raises WorkerError if it cannot."""
        channel, child = copy.promote()
        self.pid, child.on_exit = child.pid, self._on_exit
        self._listen_at_home()
        self._channel = self._linked(channel)
        ready = await self._ask(
            {"type": "resume", "home": str(self._home), "faults": str(self._faults)}
        )
        if isinstance(ready, Exited):
            raise WorkerError("the process of the checkpoint has ended.")
        for number in ready["renewed"]:
            self._pipes[_STREAMS[number]] = Pipe(self, _STREAMS[number], self._take_fd())
        self.python, self.version = ready["python"], ready["version"]

    async def fork(self) -> Fork | Refusal | Exited:
        """A copy of the process as it is now, between two statements, or why there can be none."""
        if not has_room():
            return Refusal("rdit has too many files open")
        reply = await self.request("fork")
        if isinstance(reply, Exited):
            return reply
        if reply["type"] == "refused":
            return Refusal(reply["reason"])
        return Fork(self._take_fd(), self._guard)

    async def fork_for_inspection(self, patience: float) -> Fork | None:
        """A copy of the process wherever it is, also in the middle of a statement, to be asked questions.

        None where that takes longer than `patience` seconds, as in C code, or cannot be had.
        """
        async with self._glancing:
            if self.died is not None or self._channel is None or not has_room():
                return None
            if self._inspection is None:
                self._inspection = asyncio.get_running_loop().create_future()
                self._channel.send_small({"type": "glance"})
                if self._in_statement and self.pid and not self._may_be_writing(self.pid):
                    self._hurry(self.pid)
            try:
                fd = await asyncio.wait_for(asyncio.shield(self._inspection), patience)
            except asyncio.TimeoutError:
                return None  # What comes all the same is for the next one who asks.
            self._inspection = None
            return Fork(fd, self._guard) if fd is not None else None

    async def request(self, kind: str, **fields: object) -> Message | Exited:
        """Send a request and wait for its one reply."""
        return await self._ask({"type": kind, **fields})

    async def prepare(self, source: str, *, whole: bool) -> Prepared | Rejected | Exited:
        """Give it the source to run; `whole`: it must compile as one file."""
        reply = await self.request("prepare", source=source, whole=whole)
        return reply if isinstance(reply, Exited) else replies.prepared(reply)

    async def execute(self, index: int, until: int, owner: Owner) -> Finished | Exited:
        """Run a statement; when this returns, all it wrote until its end has been delivered."""
        self._owner = owner
        self._in_statement = True
        try:
            reply = await self._ask({"type": "execute", "index": index, "until": until})
        finally:
            self._in_statement = False
        return reply if isinstance(reply, Exited) else replies.finished(reply)

    async def set_environment(
        self, values: Mapping[str, str | None]
    ) -> Mapping[str, str | None] | Exited:
        """Set environment variables, None removing one; returns what they were."""
        reply = await self.request("environ", values=dict(values))
        return reply if isinstance(reply, Exited) else replies.environment(reply)

    async def inspect(self, question: Message) -> Message | Exited:
        """Answer a question about the namespace between two statements, without running user code."""
        reply = await self.request("look", question=question)
        return reply if isinstance(reply, Exited) else reply["answer"]

    @property
    def is_busy(self) -> bool:
        """Whether a statement runs."""
        return self._in_statement

    def interrupt(self) -> None:
        """Send SIGINT to the program and its children, as a terminal does for Ctrl-C."""
        self.send_signal(signal.SIGINT)

    def kill_children(self) -> int:
        """End the processes that the program started and that still run; returns how many."""
        children = _members_of_group(self.pid) - {self.pid} if self.pid else set()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return len(children)

    def kill(self) -> None:
        """End the program and its children at once."""
        self.send_signal(signal.SIGKILL)
        self._is_killed = True

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Exited | None:
        """Let the interpreter end as usual, and make sure that it does.

        The ladder: end of file on the channel, after half a second SIGTERM, after one more SIGKILL.
        `patient`: end of file, and then as long as it takes: threads and `atexit` may have much to do.
        """
        if self.pid is None:
            return None
        if self._channel is not None:
            self._channel.close()
        steps = (None, signal.SIGTERM, signal.SIGKILL)
        for sign, grace in zip(steps, _GRACE, strict=True):
            if sign is not None:
                self.send_signal(sign)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._ended), None if patient else grace)
                break
        if not leave_children:
            self.send_signal(signal.SIGKILL)
        await self._ended
        return self.died

    def memory(self) -> Memory | None:
        """What it holds now, as `memory.of_process`; call it off the event loop."""
        return None if self.pid is None else memory.of_process(self.pid)

    async def wait_until_quiet(self, limit: float = _LATE) -> None:
        """Wait until nobody can write any more, at most `limit` seconds."""
        pipes = [*self._pipes.values(), *self._late_pipes]
        if pipes:
            await asyncio.wait([pipe.closed for pipe in pipes], timeout=limit)

    @property
    def _name(self) -> str:
        return " ".join(self.launch.python)

    def _connect(self, spawned: Spawned) -> None:
        self.pid = spawned.process.pid
        log.debug("%s: worker %d is %s", self.launch.path, self.pid, self._name)
        if not self._shares_terminal:
            self._guard.watch(self.pid)
        for fd, reading in spawned.pipes.items():
            self._pipes[_STREAMS[fd]] = Pipe(self, _STREAMS[fd], reading)
        self._listen_at_home()
        self._channel = self._linked(spawned.channel)
        Child(self.pid, self._on_exit, spawned.process.wait)

    def _linked(self, channel: socket.socket) -> Channel:
        return Channel(channel, self._on_message, self._on_hung_up, self._on_protocol_error)

    @property
    def _shares_terminal(self) -> bool:
        return shares_terminal(self.launch)

    def _listen_at_home(self) -> None:
        """Where the worker finds us again after user code closed its end of the channel."""
        home = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        home.bind(str(self._home))
        home.listen(1)
        home.setblocking(False)
        self._home_socket = home
        asyncio.get_running_loop().add_reader(home, self._on_reconnect)

    def _start_request(self) -> Message:
        launch = self.launch
        return {
            "type": "start",
            "home": str(self._home),
            "faults": str(self._faults),
            "path": launch.path,
            "argv": list(launch.argv),
            "figures": {"format": launch.figure_format, "dpi": launch.figure_dpi},
            "is_file": launch.is_file,
            "capture": launch.capture,
            "ask_input": launch.stdin == "ask",
            "show_values": launch.show_values,
            "checkpoints": launch.checkpoints,
        }

    async def _ask(self, message: Message) -> Message | Exited:
        if self.died is not None:
            return self.died
        assert self._reply is None, "the worker's protocol is lock-step"
        self._reply = asyncio.get_running_loop().create_future()
        try:
            if self._channel is not None:
                await self._channel.send(message)
            return await self._reply
        finally:
            self._reply = None

    def _on_protocol_error(self, error: Exception) -> None:
        log.error("%s: the worker sent nonsense (%s); it is ended", self.launch.path, error)
        self.kill()

    def _on_hung_up(self) -> None:
        """Wait on: the process ended, which `Child` tells, or user code closed the socket and is back soon.

        Or it has become another program, by `exec`.
        """

    def _on_message(self, message: Message) -> None:
        kind = message["type"]
        if kind == "input":
            self._drain()
            answer = partial(self._answer_input, message["number"])
            self.listener.on_input(self._owner, answer, bool(message["password"]))
        elif kind in ("glanced", "blind"):
            fd = self._take_fd() if kind == "glanced" else None
            if self._inspection is not None and not self._inspection.done():
                self._inspection.set_result(fd)
            elif fd is not None:
                os.close(fd)
        elif kind == "display":
            self._drain()
            self.listener.on_display(self._owner, message)
            if "number" in message:
                self._answer({"type": "shown", "number": message["number"]})
        else:
            if kind == "finished":
                self._drain()
                self._renew(message["renewed"])
            if self._reply is not None and not self._reply.done():
                self._reply.set_result(message)

    def _answer_input(self, number: int, line: str | None) -> None:
        self._answer({"type": "input", "number": number, "line": line})

    def _answer(self, message: Message) -> None:
        if self._channel is not None:
            self._channel.send_small(message)

    def _on_reconnect(self) -> None:
        assert self._home_socket is not None
        try:
            channel, _ = self._home_socket.accept()
        except OSError:
            return
        if self._channel is not None:
            self._channel.close()
        self._channel = self._linked(channel)

    def _drain(self) -> None:
        """Deliver what the pipes hold at this moment: it was written before the message came."""
        for pipe in self._pipes.values():
            pipe.drain()

    def _renew(self, renewed: Sequence[int]) -> None:
        """Take the new pipes that came with a message; the old ones stay the last owner's."""
        for number in renewed:
            name = _STREAMS[number]
            old = self._pipes[name]
            old.owner = self._owner
            self._late_pipes.add(old)
            self._pipes[name] = Pipe(self, name, self._take_fd())

    def _take_fd(self) -> int:
        assert self._channel is not None
        return self._channel.fds.pop(0)

    def on_pipe_data(self, pipe: Pipe, data: bytes) -> None:
        """Hand on what `pipe` brought, and see to it that what follows comes soon."""
        if self.version is None and pipe.name == "stderr":
            self._start_errors.append(data)
        owner = self._owner if pipe.owner is None else pipe.owner
        self.listener.on_output(owner, pipe.name, data)
        if not self._in_statement or pipe.owner is not None:
            return
        if len(data) >= _BLOCK:
            self._wrote_much, self._ran_before = True, None
            if self._nudge is not None:
                self._nudge.cancel()
                self._nudge = None
        if self._nudge is None:
            # `print("a", "b")` writes four times and the first gets through at once.
            pause = _NUDGE if data.endswith(b"\n") else _NUDGE_IN_LINE
            self._nudge = asyncio.get_running_loop().call_later(pause, self._send_nudge)

    def on_pipe_closed(self, pipe: Pipe) -> None:
        """Nobody can write to `pipe` any more."""
        self._late_pipes.discard(pipe)

    def _send_nudge(self) -> None:
        self._nudge = None
        if not self._in_statement or self.died is not None or self.pid is None:
            return
        if self._may_be_writing(self.pid):
            self._nudge = asyncio.get_running_loop().call_later(_NUDGE, self._send_nudge)
            return
        self._wrote_much = False
        self._hurry(self.pid)

    @staticmethod
    def _hurry(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGURG)

    def _may_be_writing(self, pid: int) -> bool:
        """Whether the program may be in the middle of a write of more than the pipe holds.

        If so and the pipe is empty, it waits for the processor, and fills the pipe as soon as it gets
        it. So it is out of the write if it sleeps, or has run for a while.
        """
        ran = _ticks_of_runnable(pid) if self._wrote_much else None
        if any(pipe.holds for pipe in self._pipes.values()):
            return True
        if ran is None:
            return False
        if self._ran_before is None:
            self._ran_before = ran
        return ran - self._ran_before < _OUT_OF_WRITE

    def send_signal(self, sign: signal.Signals) -> None:
        """Send a signal to the program and its children, or to it alone where it has our terminal."""
        if self.pid is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if not self._shares_terminal:
                os.killpg(self.pid, sign)
            elif self.died is None:
                os.kill(self.pid, sign)

    def _on_exit(self, code: int) -> None:
        is_for_memory = code == -signal.SIGKILL and memory.kills() > self._kills_before
        self.died = Exited(code, is_for_memory and not self._is_killed)
        self._read_last_messages()
        self._drain()
        self._read_last_words(code)
        if self._channel is not None:
            self._channel.close()
        self._close_home()
        # The group may live on in children; closing the worker or the server ends them.
        has_group = self.pid is not None and not self._shares_terminal
        if self.pid and has_group and (self._is_killed or not _members_of_group(self.pid)):
            self._guard.forget(self.pid)
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(self.died)
        if self._inspection is not None and not self._inspection.done():
            self._inspection.set_result(None)
        self._ended.set_result(self.died)
        self.listener.on_exit(self.died)

    def _read_last_messages(self) -> None:
        while self._channel is not None and self._channel.is_open:
            before = self._channel
            before.read()
            if self._channel is before and not (before.is_open and held(before.fileno())):
                return

    def _read_last_words(self, code: int) -> None:
        """Deliver what the interpreter wrote of the signal that ended it, as if it stood on stderr."""
        with contextlib.suppress(
            FileNotFoundError
        ):  # It goes to stderr already, or was not captured.
            written = self._faults.read_text("utf-8", "replace")
            self._faults.unlink()
            if -code in fatal_report.SIGNALS and (said := fatal_report.told(written, _OURS)):
                self.listener.on_output(self._owner, "stderr", said.encode())

    def _close_home(self) -> None:
        if self._home_socket is not None:
            asyncio.get_running_loop().remove_reader(self._home_socket)
            self._home_socket.close()
            self._home_socket = None
            self._home.unlink(missing_ok=True)

    def release(self) -> None:
        """Let go of pipes that a child may hold open for ever; what it writes from now on is lost."""
        for pipe in [*self._pipes.values(), *self._late_pipes]:
            pipe.close()
        if (
            self._inspection is not None
            and self._inspection.done()
            and (fd := self._inspection.result())
        ):
            os.close(fd)
            self._inspection = None
        if self.pid is not None and not self._shares_terminal:
            self._guard.forget(self.pid)

    def _why_it_did_not_start(self, died: Exited) -> str:
        said = b"".join(self._start_errors).decode("utf-8", "replace").strip().splitlines()
        how = f"was killed by signal {-died.code}" if died.code < 0 else f"ended with {died.code}"
        reason = f": {said[-1]}" if said else "."
        return f"{self._name} {how} before it could run anything{reason}"


_numbers = count(1)


def _ticks_of_runnable(pid: int) -> int | None:
    """Ticks for which a process's main thread has run; None if it sleeps or nobody knows (Linux)."""
    try:
        stat = Path(f"/proc/{pid}/task/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields[0] in (b"R", b"D") else None


def _members_of_group(group: int) -> set[int]:
    """Ids of the living processes in a process group, as far as the system tells (Linux)."""
    members = set()
    for name in os.listdir("/proc"):  # Not `glob`, which looks at each file twice.
        if not name.isdecimal():
            continue
        try:
            fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            members.add(int(name))
    return members
