"""A fork that waits, played by the test at the other end of its socket."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from support import processes
from support.far_end import SECONDS, FarEnd, RecordingGuard, start_sleeper, turn

from rdit_lsp.process.fork import Fork
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import WorkerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path


class _Waiting:
    """A process that does nothing, and what it would say as a fork."""

    def __init__(self, guard: RecordingGuard) -> None:
        self.far = FarEnd()
        self.pid = start_sleeper()
        self.fork = Fork(self.far.near.detach(), guard)

    def wait(self) -> None:
        """Say that it waits."""
        self.far.say({"type": "waiting", "pid": self.pid})

    async def close(self) -> None:
        if not self.fork.ended.done():
            self.wait()
            await turn()
            self.fork.discard()
            await within(self.fork.ended)
        self.far.hang_up()


async def within(awaitable: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaitable, SECONDS)


@pytest.fixture
def guard(tmp_path: Path) -> RecordingGuard:
    return RecordingGuard(tmp_path)


@pytest.fixture
async def waiting(guard: RecordingGuard) -> AsyncIterator[_Waiting]:
    waiting = _Waiting(guard)
    yield waiting
    await waiting.close()
    assert set() == guard.groups
    await processes.ended(waiting.pid)


async def test_ready_when_it_waits(waiting: _Waiting, guard: RecordingGuard) -> None:
    """A fork would be adopted before its process is known, or outlive the server."""
    ready = asyncio.ensure_future(waiting.fork.ready())
    await turn()
    assert not ready.done()
    waiting.wait()
    await within(ready)
    assert {waiting.pid} == guard.groups
    assert waiting.fork.is_alive


async def test_fork_of_a_fork(waiting: _Waiting, guard: RecordingGuard) -> None:
    """A checkpoint would be used up by the first restore."""
    asked = asyncio.ensure_future(waiting.fork.fork())
    await turn()
    waiting.wait()  # What is asked before that waits for it.
    assert {"type": "fork"} == await waiting.far.request()
    second = _Waiting(guard)
    other = FarEnd()
    waiting.far.say({"type": "forked"}, other.near.fileno())
    other.near.close()
    fork = await within(asked)
    assert isinstance(fork, Fork)
    other.say({"type": "waiting", "pid": second.pid})
    await within(fork.ready())
    assert second.pid in guard.groups
    fork.discard()
    await within(fork.ended)
    second.far.hang_up()
    await turn()
    assert second.fork.ended.done()
    other.hang_up()


async def test_refused_fork(waiting: _Waiting) -> None:
    """The reason would be lost."""
    waiting.wait()
    asked = asyncio.ensure_future(waiting.fork.fork())
    await waiting.far.request()
    waiting.far.say({"type": "refused", "reason": "it could not be forked"})
    assert Refusal("it could not be forked") == await within(asked)


async def test_inspection(waiting: _Waiting) -> None:
    """A question would not reach it, or its answer not come back."""
    waiting.wait()
    asked = asyncio.ensure_future(waiting.fork.inspect({"ask": "names"}, SECONDS))
    request = await waiting.far.request()
    assert {"type": "look", "question": {"ask": "names"}} == request
    waiting.far.say({"type": "looked", "answer": {"x": "1"}})
    assert {"x": "1"} == await within(asked)


async def test_requests_take_turns(waiting: _Waiting) -> None:
    """A prefork and a restore at the same moment would break the protocol."""
    waiting.wait()
    first = asyncio.ensure_future(waiting.fork.inspect({"number": 1}, SECONDS))
    second = asyncio.ensure_future(waiting.fork.inspect({"number": 2}, SECONDS))
    for number, asked in enumerate((first, second), 1):
        assert {"number": number} == (await waiting.far.request())["question"]
        waiting.far.say({"type": "looked", "answer": {"number": number}})
        assert {"number": number} == await within(asked)


async def test_no_answer_in_time(waiting: _Waiting) -> None:
    """A `__repr__` without end would hold up every hover after it, in a process that never ends."""
    waiting.wait()
    await within(waiting.fork.ready())
    assert Exited(-signal.SIGKILL) == await waiting.fork.inspect({}, 0.0)
    await within(waiting.fork.ended)
    assert not waiting.fork.is_alive


async def test_exit_while_it_is_asked(waiting: _Waiting) -> None:
    """A hover would wait for a process that is gone."""
    waiting.wait()
    asked = asyncio.ensure_future(waiting.fork.inspect({}, SECONDS))
    await waiting.far.request()
    os.kill(waiting.pid, signal.SIGTERM)
    assert Exited(-signal.SIGTERM) == await within(asked)
    assert Refusal("its process has ended") == await within(waiting.fork.fork())
    with pytest.raises(WorkerError):
        await waiting.fork.ready()
    assert waiting.fork.memory() is None


async def test_wrong_answer(waiting: _Waiting) -> None:
    """What an answer's `__repr__` writes into the socket would be an error of the server's own."""
    waiting.wait()
    asked = asyncio.ensure_future(waiting.fork.inspect({}, SECONDS))
    await waiting.far.request()
    waiting.far.say({"type": "looked", "answer": 3})
    assert Exited(-signal.SIGKILL) == await within(asked)


async def test_end_before_it_waits(waiting: _Waiting) -> None:
    """A fork that dies at once would be waited for, for ever."""
    ready = asyncio.ensure_future(waiting.fork.ready())
    os.kill(waiting.pid, signal.SIGKILL)
    os.waitpid(waiting.pid, 0)
    waiting.far.hang_up()
    with pytest.raises(WorkerError):
        await within(ready)
    await within(waiting.fork.ended)


async def test_discarded_before_it_waits(waiting: _Waiting) -> None:
    """Closing a session would wait for a fork that has said nothing yet."""
    waiting.fork.discard()
    await within(waiting.fork.ended)
    assert await waiting.far.hung_up()  # By which the process ends.
    os.kill(waiting.pid, signal.SIGKILL)
    os.waitpid(waiting.pid, 0)


async def test_promoted(waiting: _Waiting, guard: RecordingGuard) -> None:
    """Who adopts a fork would not see its end, or two would read its socket."""
    waiting.wait()
    await within(waiting.fork.ready())
    channel, child = waiting.fork.promote()
    assert waiting.fork.ended.done()
    assert not waiting.fork.is_alive
    assert {waiting.pid} == guard.groups
    exits: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    child.on_exit = exits.set_result
    waiting.fork.discard()  # It is another's now.
    waiting.far.say({"type": "ready"})
    assert channel.recv(100)
    child.kill()
    assert -signal.SIGKILL == await within(exits)
    channel.close()
    guard.forget(waiting.pid)
