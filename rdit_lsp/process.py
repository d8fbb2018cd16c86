"""A worker as the server sees it: every descriptor, process id and signal of one child process.

Nothing else in the server touches those. It must not know documents, results or LSP: callers hand it
an *owner* with every statement, and get the statement's output back with that owner.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import termios
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from rdit_lsp.spawn import WorkerError, shares_terminal, spawn
from rdit_lsp.worker import protocol

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence

    from rdit_lsp.guard import Guard
    from rdit_lsp.outputs import StreamName
    from rdit_lsp.spawn import Launch, Spawned

log = logging.getLogger(__name__)

_STREAMS: dict[int, StreamName] = {1: "stdout", 2: "stderr"}
_CHUNK = 1 << 18
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

Owner: TypeAlias = object
Message: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Died:
    """The process is gone: `code` as in `Popen.returncode`, -N for signal N."""

    code: int


class Listener(Protocol):
    """Whoever wants to know what a worker does between a request and its answer."""

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Output of the statement that `owner` was given with."""

    def on_display(self, owner: Owner, message: Message) -> None:
        """User code displayed something."""

    def on_input(self, owner: Owner, answer: Callable[[str | None], None], password: bool) -> None:
        """User code waits for a line; call `answer` once, with None for end of file."""

    def on_death(self, died: Died) -> None:
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
        self.died: Died | None = None
        self.listener = listener
        self._guard = guard
        self._spawn = spawn
        self._home = guard.folder / f"worker-{next(_numbers)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._home_socket: socket.socket | None = None
        self._frames = protocol.Frames()
        self._fds: list[int] = []
        self._reply: asyncio.Future[Message | Died] | None = None
        self._ended: asyncio.Future[Died] = asyncio.get_running_loop().create_future()
        self._owner: Owner = None
        self._pipes: dict[StreamName, _Pipe] = {}
        self._late_pipes: set[_Pipe] = set()
        self._nudge: asyncio.TimerHandle | None = None
        self._wrote_much = False
        """The program may be in the middle of a write that the pipe does not hold."""
        self._ran_before: int | None = None
        """Ticks that it had run when that was looked into first."""
        self._in_statement = False

    async def start(self) -> None:
        """Start the interpreter. Raises WorkerError with the reason when it does not come up."""
        self._connect(self._spawn(self.launch))
        try:
            ready = await asyncio.wait_for(self._ask(self._start_request()), _START_UP)
        except asyncio.TimeoutError:
            await self.close()
            raise WorkerError(
                f"{self._name} did not answer within {_START_UP:.0f} seconds of its start."
            ) from None
        if isinstance(ready, Died):
            raise WorkerError(self._why_it_did_not_start(ready))
        if ready.get("protocol") != protocol.VERSION:
            await self.close()
            raise WorkerError("the worker speaks another protocol: is rdit being updated?")
        self.python, self.version = ready["python"], ready["version"]

    async def request(self, kind: str, **fields: object) -> Message | Died:
        """Send a request and wait for its one reply."""
        return await self._ask({"type": kind, **fields})

    async def execute(self, index: int, until: int, owner: Owner) -> Message | Died:
        """Run a statement; when this returns, all it wrote until its end has been delivered."""
        self._owner = owner
        self._in_statement = True
        try:
            reply = await self._ask({"type": "execute", "index": index, "until": until})
        finally:
            self._in_statement = False
        return reply

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

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Died | None:
        """Let the interpreter end as usual, and make sure that it does.

        The ladder: end of file on the channel, after half a second SIGTERM, after one more SIGKILL.
        `patient`: end of file, and then as long as it takes: threads and `atexit` may have much to do.
        """
        if self._process is None:
            return None
        self._close_channel()
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

    async def wait_until_quiet(self, limit: float = _LATE) -> None:
        """Wait until nobody can write any more, at most `limit` seconds."""
        pipes = [*self._pipes.values(), *self._late_pipes]
        if pipes:
            await asyncio.wait([pipe.closed for pipe in pipes], timeout=limit)

    @property
    def _name(self) -> str:
        return " ".join(self.launch.python)

    def _connect(self, spawned: Spawned) -> None:
        self._process = spawned.process
        self.pid = spawned.process.pid
        log.debug("%s: worker %d is %s", self.launch.path, self.pid, self._name)
        if not self._shares_terminal:
            self._guard.watch(self.pid)
        for fd, reading in spawned.pipes.items():
            self._pipes[_STREAMS[fd]] = _Pipe(self, _STREAMS[fd], reading)
        spawned.channel.setblocking(False)
        self._channel = spawned.channel
        self._listen_at_home()
        asyncio.get_running_loop().add_reader(self._channel, self._on_channel)
        self._watch_exit()

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
            "path": launch.path,
            "argv": list(launch.argv),
            "is_file": launch.is_file,
            "capture": launch.capture,
            "ask_input": launch.stdin == "ask",
            "show_values": launch.show_values,
        }

    async def _ask(self, message: Message) -> Message | Died:
        if self.died is not None:
            return self.died
        assert self._reply is None, "the worker's protocol is lock-step"
        self._reply = asyncio.get_running_loop().create_future()
        try:
            await self._send(message)
            return await self._reply
        finally:
            self._reply = None

    async def _send(self, message: Message) -> None:
        if self._channel is None:
            return
        frame = protocol.encode_request(message)
        try:
            sent = self._channel.send(frame)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            return  # The process is ending; `_on_exit` answers for it.
        if sent < len(frame):
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().sock_sendall(self._channel, frame[sent:])

    def _on_channel(self) -> None:
        assert self._channel is not None
        try:
            data, ancillary, _, _ = self._channel.recvmsg(_CHUNK, socket.CMSG_SPACE(8 * 4))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, ancillary = b"", []
        for level, kind, rights in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(rights[: len(rights) - len(rights) % fds.itemsize])
                self._fds += fds
        if not data:
            # The process ended, or user code closed the descriptor and will be back, or it has
            # become another program by `exec`. Its end is told by `_watch_exit`.
            self._close_channel()
            return
        try:
            for payload in self._frames.feed(data):
                self._on_message(protocol.decode_reply(payload))
        except (protocol.ProtocolError, KeyError, TypeError) as error:
            log.error("%s: the worker sent nonsense (%s); it is ended", self.launch.path, error)
            self.kill()

    def _on_message(self, message: Message) -> None:
        kind = message["type"]
        if kind == "input":
            self._drain()
            answer = partial(self._answer_input, message["number"])
            self.listener.on_input(self._owner, answer, bool(message["password"]))
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
            with contextlib.suppress(OSError):
                self._channel.send(protocol.encode_request(message))

    def _on_reconnect(self) -> None:
        assert self._home_socket is not None
        try:
            channel, _ = self._home_socket.accept()
        except OSError:
            return
        channel.setblocking(False)
        self._close_channel()
        self._frames = protocol.Frames()
        self._channel = channel
        asyncio.get_running_loop().add_reader(channel, self._on_channel)

    def _close_channel(self) -> None:
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None

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
            self._pipes[name] = _Pipe(self, name, self._fds.pop(0))

    def on_pipe_data(self, pipe: _Pipe, data: bytes) -> None:
        """Hand on what `pipe` brought, and see to it that what follows comes soon."""
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

    def on_pipe_closed(self, pipe: _Pipe) -> None:
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
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGURG)

    def _may_be_writing(self, pid: int) -> bool:
        """Whether the program may be in the middle of a write of more than the pipe holds.

        If so and the pipe is empty, it waits for the processor, and fills the pipe as soon as it gets
        it. So it is out of the write if it sleeps, or has run for a while.
        """
        ran = _ticks_of_runnable(pid) if self._wrote_much else None
        if any(_held(pipe.fd) for pipe in self._pipes.values() if not pipe.closed.done()):
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

    def _watch_exit(self) -> None:
        loop = asyncio.get_running_loop()
        assert self.pid is not None
        try:
            fd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            assert self._process is not None
            waiting = loop.run_in_executor(None, self._process.wait)
            waiting.add_done_callback(lambda _: self._on_exit())
            return

        def ended() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            self._on_exit()

        loop.add_reader(fd, ended)

    def _on_exit(self) -> None:
        assert self._process is not None
        self.died = Died(self._process.wait())
        if self._channel is not None:
            self._read_last_messages()
        self._drain()
        self._close_channel()
        self._close_home()
        # The group may live on in children; closing the worker or the server ends them.
        if self.pid is not None and not self._shares_terminal and not _members_of_group(self.pid):
            self._guard.forget(self.pid)
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(self.died)
        self._ended.set_result(self.died)
        self.listener.on_death(self.died)

    def _read_last_messages(self) -> None:
        while self._channel is not None:
            before = self._channel
            self._on_channel()
            if self._channel is before and not _readable(before):
                return

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
        if self.pid is not None and not self._shares_terminal:
            self._guard.forget(self.pid)

    def _why_it_did_not_start(self, died: Died) -> str:
        said = self._listener_start_text().strip().splitlines()
        how = f"was killed by signal {-died.code}" if died.code < 0 else f"ended with {died.code}"
        reason = f": {said[-1]}" if said else "."
        return f"{self._name} {how} before it could run anything{reason}"

    def _listener_start_text(self) -> str:
        return b"".join(self._start_errors).decode("utf-8", "replace")

    @property
    def _start_errors(self) -> list[bytes]:
        return self._pipes["stderr"].seen if "stderr" in self._pipes else []


class _Pipe:
    """The reading end of one of the program's output streams."""

    def __init__(self, worker: Worker, name: StreamName, fd: int) -> None:
        self.name = name
        self.owner: Owner = None
        """Whose output it carries for good; None while it is the current one."""
        self.seen: list[bytes] = []
        """What came before the worker was ready, to explain why it did not start."""
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._worker = worker
        self.fd = fd
        """The server's end."""
        os.set_blocking(fd, False)
        loop.add_reader(fd, self._read, _CHUNK)

    def drain(self) -> None:
        """Read what is there now, and no more than that."""
        while not self.closed.done():
            held = _held(self.fd)
            if not held:
                return
            self._read(held)

    def close(self) -> None:
        """Stop reading."""
        if not self.closed.done():
            asyncio.get_running_loop().remove_reader(self.fd)
            os.close(self.fd)
            self.closed.set_result(None)
            self._worker.on_pipe_closed(self)

    def _read(self, limit: int) -> None:
        try:
            data = os.read(self.fd, limit)
        except (BlockingIOError, InterruptedError):
            return
        if not data:
            self.close()
            return
        if self._worker.version is None:
            self.seen.append(data)
        self._worker.on_pipe_data(self, data)


_numbers = count(1)


def _held(fd: int) -> int:
    """Bytes that can be read from a pipe at this moment."""
    size = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, size)
    return size[0]


def _readable(channel: socket.socket) -> bool:
    return _held(channel.fileno()) > 0


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
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            members.add(int(entry.parent.name))
    return members
