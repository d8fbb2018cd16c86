"""The server's side of one program, whose interpreter a test plays: a real process that does nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support import processes
from support.far_end import FINISHED, READY, SECONDS, FarEnd, RecordingGuard, start_sleeper, turn

from rdit_lsp.process import worker as module
from rdit_lsp.process.fork import Fork
from rdit_lsp.process.replies import (
    Cleared,
    Displayed,
    Exited,
    Finished,
    Prepared,
    Refusal,
    Rejected,
)
from rdit_lsp.process.spawn import Launch, Spawned, WorkerError
from rdit_lsp.process.worker import LocalWorker
from rdit_lsp.worker import protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are Linux's so far")

LAUNCH = Launch(("python3",), "/a.py", ("/a.py", "-x"), "/", checkpoints=True)


class _Interpreter:
    """One worker, the end of its channel that a test holds, and what the worker's listener got."""

    def __init__(
        self, folder: Path, launch: Launch = LAUNCH, command: Sequence[str] = ("sleep", "1000")
    ) -> None:
        self.far = FarEnd()
        self._command = command
        self.guard = RecordingGuard(folder)
        self.output: list[tuple[object, str, bytes]] = []
        self.shown: list[tuple[object, Displayed | Cleared]] = []
        self.asked: list[tuple[object, bool]] = []
        self.order: list[str] = []
        self.answer: Callable[[str | None], None] | None = None
        self.exits: list[Exited] = []
        self.worker = LocalWorker(launch, self, self._on_exit, guard=self.guard, spawn=self._spawn)
        self.writing: dict[int, int] = {}
        self._news = asyncio.Event()

    def _spawn(self, launch: Launch) -> Spawned:
        pipes = {number: os.pipe() for number in (1, 2)}
        self.process = subprocess.Popen(
            self._command, stdout=pipes[1][1], stderr=pipes[2][1], start_new_session=True
        )
        self.writing = {number: writing for number, (_, writing) in pipes.items()}
        reading = {number: reading for number, (reading, _) in pipes.items()}
        return Spawned(self.process, self.far.near, reading)

    async def start(self, ready: dict[str, Any] = READY) -> None:
        starting = asyncio.ensure_future(self.worker.start())
        self.start_request = await self.far.request()
        self.far.say(ready)
        await within(starting)

    async def executing(self, owner: object = "first") -> asyncio.Future[Any]:
        """A statement that runs."""
        running = asyncio.ensure_future(self.worker.execute(0, 0, owner))
        await self.far.request()
        return running

    def renew(self) -> int:
        """A new pipe for stdout, as when a statement has left a child; the reading end."""
        self.former = self.writing[1]
        reading, self.writing[1] = os.pipe()
        return reading

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until `is_so()`, which output or the exit must make true."""
        while not is_so():
            self._news.clear()
            await within(self._news.wait())

    async def close(self) -> None:
        await within(self.worker.close())
        self.worker.release()
        self.far.hang_up()
        self.shut()

    def unused(self) -> None:
        """No process was started: close what it would have got."""
        self.far.near.close()
        self.far.hang_up()

    def shut(self) -> None:
        """Close the writing ends that the test holds."""
        while self.writing:
            os.close(self.writing.popitem()[1])

    def on_output(self, owner: object, stream: str, data: bytes) -> None:
        self.output.append((owner, stream, data))
        self.order.append("output")
        self._news.set()

    def on_display(self, owner: object, shown: Displayed | Cleared) -> None:
        self.shown.append((owner, shown))
        self.order.append("display")

    def on_input(
        self, owner: object, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        self.asked.append((owner, password))
        self.answer = answer

    def _on_exit(self, worker: object, exited: Exited) -> None:
        assert worker is self.worker
        self.exits.append(exited)
        self._news.set()


async def within(awaitable: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaitable, SECONDS)


@pytest.fixture
async def python(tmp_path: Path) -> AsyncIterator[_Interpreter]:
    """An interpreter that has started; after the test nothing of it is left."""
    python = _Interpreter(tmp_path)
    await python.start()
    yield python
    await python.close()
    assert 1 == len(python.exits)
    assert set() == python.guard.groups
    assert [] == list(tmp_path.iterdir())


async def test_start(python: _Interpreter) -> None:
    """The interpreter would not know what it is to run, or nobody which one it is."""
    request = python.start_request
    assert "start" == request["type"]
    assert ["/a.py", "-x"] == request["argv"]
    assert request["checkpoints"] is True
    worker = python.worker
    assert ("/usr/bin/python", "3.11.0") == (worker.python, worker.version)
    assert ("/lib/site-packages",) == worker.libraries
    assert {worker.pid} == python.guard.groups
    assert (None, False) == (worker.exited, worker.is_busy)


@pytest.mark.parametrize("checkpoints", [True, False])
async def test_server_adopts_forks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, checkpoints: bool
) -> None:
    """How a fork ends nobody would learn; or `rdit run` would adopt what a script leaves behind."""
    adopted: list[bool] = []
    monkeypatch.setattr(module, "adopt_orphans", lambda: adopted.append(True))
    python = _Interpreter(tmp_path, replace(LAUNCH, checkpoints=checkpoints))
    await python.start()
    assert [True] * checkpoints == adopted
    await python.close()


async def test_interpreter_that_is_none(tmp_path: Path) -> None:
    """A command that ends at once would be waited for, and its reason lost."""
    python = _Interpreter(tmp_path)
    starting = asyncio.ensure_future(python.worker.start())
    await python.far.request()
    os.write(python.writing[2], b"Traceback\nNo module named x\n")
    python.process.terminate()
    with pytest.raises(WorkerError, match=r"killed by signal 15 .*: No module named x"):
        await within(starting)
    await python.close()


async def test_interpreter_that_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that hangs at its start would hold up its document for ever."""
    monkeypatch.setattr(module, "_START_UP", 0.0)
    monkeypatch.setattr(module, "_LADDER", ((signal.SIGKILL, SECONDS),))
    python = _Interpreter(tmp_path)
    with pytest.raises(WorkerError, match="did not answer"):
        await within(python.worker.start())
    assert [Exited(-signal.SIGKILL)] == python.exits
    await python.close()


async def test_worker_of_another_version(tmp_path: Path) -> None:
    """After an update of rdit, requests would mean something else to a worker from before."""
    python = _Interpreter(tmp_path)
    with pytest.raises(WorkerError, match="another protocol"):
        await python.start({**READY, "protocol": protocol.VERSION + 1})
    await python.close()


async def test_source_is_prepared_or_rejected(python: _Interpreter) -> None:
    """A file that does not compile could not be told from one that does."""
    preparing = asyncio.ensure_future(python.worker.prepare("1", whole=True))
    assert {"type": "prepare", "source": "1", "whole": True} == await python.far.request()
    python.far.say({"type": "prepared", "spans": [[1, 1, True]]})
    assert isinstance(await within(preparing), Prepared)
    preparing = asyncio.ensure_future(python.worker.prepare("(", whole=True))
    failure = {"name": "SyntaxError", "value": "", "text": "", "frames": []}
    python.far.say({"type": "rejected", "failure": failure, "first": 1, "last": 1})
    assert isinstance(await within(preparing), Rejected)


async def test_output_is_there_when_its_statement_ends(python: _Interpreter) -> None:
    """What a statement wrote last would go to the next one."""
    running = await python.executing()
    assert python.worker.is_busy
    os.write(python.writing[1], b"written ")
    python.far.say(FINISHED)
    os.write(python.writing[1], b"before its end")
    finished = await within(running)
    assert isinstance(finished, Finished)
    assert not python.worker.is_busy
    assert {"first"} == {owner for owner, _, _ in python.output}
    assert b"written before its end" == b"".join(data for _, _, data in python.output)


async def test_output_comes_before_the_message_after_it(python: _Interpreter) -> None:
    """Where both are there at once, a display would stand above what was printed before it."""
    running = await python.executing()
    os.write(python.writing[1], b"printed")
    python.far.say({"type": "display", "data": {}, "metadata": None})
    assert python.worker._conversation._channel is not None
    python.worker._conversation._channel.read()  # Before the loop gets to the pipe.
    assert ["output", "display"] == python.order
    python.far.say(FINISHED)
    await within(running)


async def test_child_keeps_the_pipe_of_its_statement(python: _Interpreter) -> None:
    """Output of a background process would go to whatever statement runs now."""
    running = await python.executing("first")
    reading = python.renew()
    python.far.say({**FINISHED, "renewed": [1]}, reading)
    os.close(reading)
    await within(running)
    running = await python.executing("second")
    os.write(python.former, b"late")
    os.write(python.writing[1], b"now")
    python.far.say(FINISHED)
    await within(running)
    await turn()
    assert {("first", "stdout", b"late"), ("second", "stdout", b"now")} == set(python.output)
    os.close(python.former)


@pytest.mark.parametrize(
    "message",
    [
        {key: value for key, value in FINISHED.items() if key != "seconds"},
        {**FINISHED, "outcome": "well"},
        {**FINISHED, "renewed": [1]},
        {"type": "looked", "answer": {}},
        {"type": "nonsense"},
    ],
    ids=["field missing", "wrong field", "no pipe", "wrong reply", "no message"],
)
async def test_message_of_the_wrong_shape_ends_the_worker(
    python: _Interpreter, message: dict[str, Any]
) -> None:
    """What user code writes into the socket would be an error of the server's own in the run."""
    running = await python.executing()
    python.far.say(message)
    assert Exited(-signal.SIGKILL) == await within(running)
    assert Exited(-signal.SIGKILL) == python.worker.exited


async def test_displays(python: _Interpreter) -> None:
    """A display would come before what was printed above it, or the program wait for ever."""
    running = await python.executing()
    os.write(python.writing[1], b"above")
    shown = {"type": "display", "data": {"text/plain": "x"}, "metadata": None}
    python.far.say({**shown, "number": 1})
    assert {"type": "shown", "number": 1} == await python.far.request()
    assert [("first", "stdout", b"above")] == python.output
    python.far.say({"type": "display", "clear": "now"})
    python.far.say(FINISHED)
    await within(running)
    assert ["first", "first"] == [owner for owner, _ in python.shown]
    assert [Displayed, Cleared] == [type(event) for _, event in python.shown]


async def test_input(python: _Interpreter) -> None:
    """A prompt would come after its question, or an answer go to another question."""
    running = await python.executing()
    os.write(python.writing[1], b"name? ")
    python.far.say({"type": "input", "number": 4, "password": True})
    await turn()
    assert ([("first", "stdout", b"name? ")], [("first", True)]) == (python.output, python.asked)
    assert python.answer is not None
    python.answer("Ada")
    assert {"type": "input", "number": 4, "line": "Ada"} == await python.far.request()
    python.far.say(FINISHED)
    await within(running)
    python.answer(None)  # Too late, which the worker finds out.


async def test_environment(python: _Interpreter) -> None:
    """Variables of one run would stay for the next."""
    setting = asyncio.ensure_future(python.worker.set_environment({"A": "1", "B": None}))
    assert {"A": "1", "B": None} == (await python.far.request())["values"]
    python.far.say({"type": "environ", "before": {"A": None, "B": "2"}})
    assert {"A": None, "B": "2"} == await within(setting)


async def test_inspection_between_statements(python: _Interpreter) -> None:
    """Where no fork can be had, hover would have no values."""
    asking = asyncio.ensure_future(python.worker.inspect({"ask": "x"}))
    assert {"ask": "x"} == (await python.far.request())["question"]
    python.far.say({"type": "looked", "answer": {"x": "1"}})
    assert {"x": "1"} == await within(asking)


async def test_forks(python: _Interpreter) -> None:
    """A checkpoint would have another process's socket, or its refusal no reason."""
    forking = asyncio.ensure_future(python.worker.fork())
    await python.far.request()
    python.far.say({"type": "refused", "reason": "it has threads"})
    assert Refusal("it has threads") == await within(forking)
    forking = asyncio.ensure_future(python.worker.fork())
    await python.far.request()
    far = FarEnd()
    python.far.say({"type": "forked"}, far.near.fileno())
    far.near.close()
    fork = await within(forking)
    assert isinstance(fork, Fork)
    pid = start_sleeper()
    far.say({"type": "waiting", "pid": pid})
    await within(fork.ready())
    fork.discard()
    await within(fork.ended)
    far.hang_up()


async def test_no_room_for_forks(python: _Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server would run out of descriptors, and could then do nothing at all."""
    monkeypatch.setattr(module, "has_room", lambda: False)
    assert Refusal("rdit has too many files open") == await python.worker.fork()
    assert await python.worker.fork_for_inspection(SECONDS) is None


async def test_fork_for_inspection(python: _Interpreter) -> None:
    """Hover while a statement runs would show nothing."""
    running = await python.executing()
    asking = asyncio.ensure_future(python.worker.fork_for_inspection(SECONDS))
    assert {"type": "glance"} == await python.far.request()
    far = FarEnd()
    python.far.say({"type": "glanced"}, far.near.fileno())
    far.near.close()
    fork = await within(asking)
    assert isinstance(fork, Fork)
    fork.discard()
    assert await far.hung_up()
    far.hang_up()
    python.far.say(FINISHED)
    await within(running)


async def test_fork_that_comes_late_is_the_next_ones(python: _Interpreter) -> None:
    """In C code that takes seconds, every hover would ask for a fork of its own."""
    assert await python.worker.fork_for_inspection(0.0) is None
    assert {"type": "glance"} == await python.far.request()
    far = FarEnd()
    python.far.say({"type": "glanced"}, far.near.fileno())
    far.near.close()
    await turn()
    fork = await within(python.worker.fork_for_inspection(SECONDS))
    assert isinstance(fork, Fork)
    fork.discard()
    assert await far.hung_up()
    far.hang_up()


async def test_fork_that_nobody_takes_is_closed(python: _Interpreter) -> None:
    """A fork that came after its hover was given up would live as long as the server."""
    assert await python.worker.fork_for_inspection(0.0) is None
    far = FarEnd()
    python.far.say({"type": "glanced"}, far.near.fileno())
    python.far.say({"type": "glanced"}, far.near.fileno())  # Forged.
    far.near.close()
    await turn()
    python.worker.release()
    assert await far.hung_up()
    far.hang_up()


async def test_no_fork_for_inspection(python: _Interpreter) -> None:
    """A program that cannot be forked, or is gone, would be waited for."""
    asking = asyncio.ensure_future(python.worker.fork_for_inspection(SECONDS))
    await python.far.request()
    python.far.say({"type": "blind"})
    assert await within(asking) is None
    asking = asyncio.ensure_future(python.worker.fork_for_inspection(SECONDS))
    await python.far.request()
    python.worker.kill()
    assert await within(asking) is None
    assert await python.worker.fork_for_inspection(SECONDS) is None


async def test_program_that_takes_the_signal(python: _Interpreter) -> None:
    """The program's own handler would be called for each question."""
    running = await python.executing()
    python.far.say({"type": "inspectable", "is_so": False})
    await turn()
    assert await python.worker.fork_for_inspection(SECONDS) is None
    python.far.say({"type": "inspectable", "is_so": True})
    await turn()
    asking = asyncio.ensure_future(python.worker.fork_for_inspection(SECONDS))
    assert {"type": "glance"} == await python.far.request()
    python.far.say({"type": "blind"})
    assert await within(asking) is None
    python.far.say(FINISHED)
    await within(running)


async def test_channel_that_user_code_closed(python: _Interpreter) -> None:
    """A program that closes all descriptors would be lost, or hover wait for it."""
    running = await python.executing()
    python.far.hang_up()
    await turn()
    assert await python.worker.fork_for_inspection(0.0) is None
    python.far = FarEnd.connect(python.start_request["home"])
    python.far.say({"type": "display", "clear": "now", "number": 1})
    assert "shown" == (await python.far.request())["type"]
    asking = asyncio.ensure_future(python.worker.fork_for_inspection(SECONDS))
    assert {"type": "glance"} == await python.far.request()
    python.far.say({"type": "blind"})
    assert await within(asking) is None
    python.far.say(FINISHED)
    assert isinstance(await within(running), Finished)


async def test_exit_in_a_statement(python: _Interpreter) -> None:
    """A crash would leave its run without an end, or its last words unread."""
    running = await python.executing()
    os.write(python.writing[2], b"last words")
    python.process.send_signal(signal.SIGTERM)
    assert Exited(-signal.SIGTERM) == await within(running)
    assert [("first", "stderr", b"last words")] == python.output
    assert Exited(-signal.SIGTERM) == await python.worker.prepare("1", whole=True)
    assert set() == python.guard.groups


async def test_last_reply_of_a_process(python: _Interpreter) -> None:
    """A statement that ended well would count as the one that killed the process."""
    running = await python.executing()
    python.process.kill()
    os.waitid(os.P_PID, python.process.pid, os.WEXITED | os.WNOWAIT)
    python.far.say(FINISHED)  # Before the server has seen either.
    assert isinstance(await within(running), Finished)


async def test_report_of_a_fatal_signal(python: _Interpreter) -> None:
    """A segmentation fault would be silent, or show frames that are not the user's."""
    running = await python.executing()
    with open(python.start_request["faults"], "w") as report:
        report.write('Fatal Python error: Segmentation fault\n\nThread:\n  File "/a.py", line 1\n')
    python.process.send_signal(signal.SIGSEGV)
    assert Exited(-signal.SIGSEGV) == await within(running)
    ((owner, stream, data),) = python.output
    assert ("first", "stderr") == (owner, stream)
    assert data.startswith(b"Fatal Python error: Segmentation fault\n")


async def test_killed_for_want_of_memory(
    python: _Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would know why a program is gone."""
    kills = module.memory.kills()
    monkeypatch.setattr(module.memory, "kills", lambda: kills + 1)
    running = await python.executing()
    os.kill(python.process.pid, signal.SIGKILL)
    assert Exited(-signal.SIGKILL, is_for_memory=True) == await within(running)


async def test_killed_by_the_server_is_not_for_memory(
    python: _Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that was stopped would be said to have had no memory."""
    kills = module.memory.kills()
    monkeypatch.setattr(module.memory, "kills", lambda: kills + 1)
    running = await python.executing()
    python.worker.kill()
    assert Exited(-signal.SIGKILL, is_for_memory=False) == await within(running)


async def test_closing_climbs_the_ladder(
    python: _Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that ignores the end of its channel would live on."""
    monkeypatch.setattr(module, "_LADDER", ((None, 0.0), (signal.SIGTERM, SECONDS)))
    assert Exited(-signal.SIGTERM) == await within(python.worker.close())
    assert await python.far.hung_up()


@pytest.fixture
async def parent(tmp_path: Path) -> AsyncIterator[tuple[_Interpreter, int]]:
    """A program that has a process in the background, and the id of that."""
    python = _Interpreter(tmp_path, command=("sh", "-c", "sleep 1000 & echo $!; exec sleep 1000"))
    await python.start()
    await python.until(lambda: any(data.endswith(b"\n") for _, _, data in python.output))
    child = int(python.output[0][2])
    yield python, child
    python.worker.kill()
    await processes.ended(child)
    await python.close()


async def test_closing_ends_what_the_program_started(parent: tuple[_Interpreter, int]) -> None:
    """A server that a script has started would outlive its document."""
    python, child = parent
    python.process.kill()
    await within(python.worker.close())
    await processes.ended(child)


async def test_children_that_are_left(
    parent: tuple[_Interpreter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a script starts in the background of a terminal would end with it."""
    python, _ = parent
    python.process.kill()
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", lambda *_: pytest.fail("its group was sent a signal"))
        await within(python.worker.close(leave_children=True))
    assert {python.worker.pid} == python.guard.groups  # So the guard would still end it.
    python.worker.release()
    assert set() == python.guard.groups


async def test_killing_children(parent: tuple[_Interpreter, int]) -> None:
    """A subprocess that ignores interrupts would take the program's variables with it."""
    python, child = parent
    assert 1 == python.worker.kill_children()
    await processes.ended(child)
    assert python.worker.exited is None


async def test_interrupt_reaches_children_too(parent: tuple[_Interpreter, int]) -> None:
    """A script that waits for a command could not be interrupted."""
    python, child = parent
    python.worker.send_signal(signal.SIGTERM)
    await processes.ended(child)
    await python.until(lambda: bool(python.exits))
    assert Exited(-signal.SIGTERM) == python.worker.exited


async def test_late_output_is_waited_for(parent: tuple[_Interpreter, int]) -> None:
    """Closing would not wait for a child's last words, or for those of a daemon for ever."""
    python, child = parent
    python.process.kill()
    await within(python.worker.close(leave_children=True))
    waiting = asyncio.ensure_future(python.worker.wait_until_quiet())
    await turn()
    assert not waiting.done()
    python.shut()
    os.kill(child, signal.SIGKILL)
    await within(waiting)


async def test_adopted_fork(tmp_path: Path) -> None:
    """After a restore, output, requests or the exit would be those of another process."""
    python = _Interpreter(tmp_path)
    far = FarEnd()
    pid = start_sleeper()
    fork = Fork(far.near.detach(), python.guard)
    far.say({"type": "waiting", "pid": pid})
    adopting = asyncio.ensure_future(python.worker.adopt(fork))
    request = await far.request()
    assert "resume" == request["type"]
    reading, python.writing[1] = os.pipe()
    far.say({**READY, "renewed": [1]}, reading)
    os.close(reading)
    await within(adopting)
    assert fork.ended.done()
    assert pid == python.worker.pid
    python.unused()
    python.far = far
    running = await python.executing()
    os.write(python.writing[1], b"again")
    far.say(FINISHED)
    await within(running)
    assert [("first", "stdout", b"again")] == python.output
    os.kill(pid, signal.SIGTERM)
    assert Exited(-signal.SIGTERM) == await within(python.worker.close())
    assert [Exited(-signal.SIGTERM)] == python.exits
    await python.close()


async def test_fork_that_ends_while_it_is_adopted(tmp_path: Path) -> None:
    """A restore would wait for a process that is gone."""
    python = _Interpreter(tmp_path)
    far = FarEnd()
    fork = Fork(far.near.detach(), python.guard)
    far.say({"type": "waiting", "pid": start_sleeper()})
    adopting = asyncio.ensure_future(python.worker.adopt(fork))
    await far.request()
    python.worker.kill()
    with pytest.raises(WorkerError):
        await within(adopting)
    python.unused()
    far.hang_up()
    python.worker.release()
    assert set() == python.guard.groups


async def test_nothing_to_close(tmp_path: Path) -> None:
    """A document whose interpreter was never started could not be closed."""
    python = _Interpreter(tmp_path)
    assert await python.worker.close() is None
    python.worker.kill()
    assert 0 == python.worker.kill_children()
    assert python.worker.memory() is None
    python.unused()


@pytest.mark.parametrize(
    ("launch", "can"),
    [
        (LAUNCH, True),
        (replace(LAUNCH, checkpoints=False), False),
        (replace(LAUNCH, capture=False), False),
    ],
    ids=["checkpoints", "without checkpoints", "without capture"],
)
async def test_capabilities(tmp_path: Path, launch: Launch, *, can: bool) -> None:
    """What can never be done would be tried before every statement, or what can be never."""
    python = _Interpreter(tmp_path, launch)
    found = python.worker.capabilities
    assert (can, can) == (found.can_fork, found.can_inspect_while_busy)
    assert can or found.fork_refusal == Refusal("it was started without checkpoints")
    python.unused()


async def test_no_forks_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without `/proc`, the worker would fail at its first fork."""
    monkeypatch.setattr(sys, "platform", "darwin")
    python = _Interpreter(tmp_path)
    assert not python.worker.capabilities.can_fork
    python.unused()
