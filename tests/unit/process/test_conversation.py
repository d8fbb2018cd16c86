"""One request, one reply."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
from support.far_end import FINISHED, READY, SECONDS, FarEnd, end_of, turn

from rdit_lsp.process.conversation import Conversation
from rdit_lsp.process.replies import (
    Answer,
    Cleared,
    Exited,
    Finished,
    Forked,
    Ready,
    Refusal,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from rdit_lsp.process.replies import Received
    from rdit_lsp.worker.protocol import ProtocolError

LOOK = {"type": "look", "question": {}}


class _Side:
    """The server's side, and the far end that a test plays."""

    def __init__(self) -> None:
        self.received: list[object] = []
        self.errors: list[str] = []
        self.hung_up = 0
        self.bug: Exception | None = None
        self.conversation = Conversation(self.on_received, self.on_hung_up, self.on_error)
        self.far = FarEnd()
        self.conversation.open(self.far.near)

    def ask(self, *expected: Any) -> asyncio.Future[Any]:
        return asyncio.ensure_future(self.conversation.ask(LOOK, *expected))

    def on_received(self, received: Received) -> None:
        self.received.append(received.content)
        if self.bug is not None:
            raise self.bug

    def on_hung_up(self) -> None:
        self.hung_up += 1

    def on_error(self, error: ProtocolError) -> None:
        self.errors.append(str(error))


async def within(awaitable: Awaitable[Any]) -> Any:
    """What must come soon."""
    return await asyncio.wait_for(awaitable, SECONDS)


@pytest.fixture
async def side() -> AsyncIterator[_Side]:
    side = _Side()
    yield side
    side.conversation.close()
    side.far.hang_up()


async def test_reply_answers_its_request(side: _Side) -> None:
    """A question would get no answer, or that to the one before."""
    for number in range(2):
        asked = side.ask(Answer)
        assert LOOK == await side.far.request()
        side.far.say({"type": "looked", "answer": {"number": number}})
        assert Answer({"number": number}) == await within(asked)


async def test_one_of_two_replies(side: _Side) -> None:
    """A refusal would be taken for a broken protocol."""
    asked = side.ask(Forked, Refusal)
    side.far.say({"type": "refused", "reason": "it has threads"})
    assert Refusal("it has threads") == await within(asked)
    assert [] == side.errors


async def test_reply_of_another_kind(side: _Side) -> None:
    """What user code writes into the socket would end a run with an error of the server's own."""
    asked = side.ask(Finished)
    side.far.say({"type": "looked", "answer": {}})
    await turn()
    assert 1 == len(side.errors)
    assert not asked.done()
    side.conversation.end(Exited(-9))
    assert Exited(-9) == await within(asked)


async def test_events_come_between(side: _Side) -> None:
    """A display would be taken for the end of its statement."""
    asked = side.ask(Finished)
    side.far.say({"type": "display", "clear": "now"})
    side.far.say({"type": "waiting", "pid": 1})
    await turn()
    assert not asked.done()
    side.far.say(FINISHED)
    await within(asked)
    assert [Cleared(wait=False), Waiting(1)] == side.received[:2]


async def test_reply_is_seen_before_it_is_returned(side: _Side) -> None:
    """Pipes that come with a reply would be in use too late: other output could come first."""
    seen: list[int] = []
    asked = side.ask(Ready)
    asked.add_done_callback(lambda _: seen.append(len(side.received)))
    side.far.say(READY)
    await within(asked)
    await turn()
    assert [1] == seen


async def test_reply_comes_in_spite_of_a_bug(side: _Side) -> None:
    """An error of the server's own would leave a run without its end."""
    loop = asyncio.get_running_loop()
    bugs: list[object] = []
    loop.set_exception_handler(lambda _, context: bugs.append(context["exception"]))
    side.bug = KeyError("bug")
    try:
        asked = side.ask(Finished)
        side.far.say(FINISHED)
        assert isinstance(await within(asked), Finished)
    finally:
        loop.set_exception_handler(None)
    assert [side.bug] == bugs
    assert [] == side.errors


async def test_unasked_replies_are_ignored(side: _Side) -> None:
    """What user code writes between requests would answer the next one, or keep descriptors open."""
    reading, writing = os.pipe()
    side.far.say(FINISHED)
    side.far.say({"type": "forked"}, writing)
    os.close(writing)
    await turn()
    assert b"" == end_of(reading)
    asked = side.ask(Answer)
    side.far.say({"type": "looked", "answer": {}})
    side.far.say({"type": "looked", "answer": {"second": True}})
    assert Answer({}) == await within(asked)
    assert [] == side.errors


async def test_one_request_at_a_time(side: _Side) -> None:
    """Two requests under way would get each other's replies."""
    first = side.ask(Answer)
    await turn()
    with pytest.raises(AssertionError, match="lock-step"):
        await side.conversation.ask(LOOK, Answer)
    side.far.say({"type": "looked", "answer": {}})
    assert Answer({}) == await within(first)


async def test_exit_is_the_reply(side: _Side) -> None:
    """A run would wait for ever for a process that is gone."""
    asked = side.ask(Answer)
    await turn()
    side.conversation.end(Exited(3))
    assert Exited(3) == await within(asked)
    assert Exited(3) == await side.conversation.ask(LOOK, Answer)
    assert Exited(3) == side.conversation.exited


async def test_last_reply_counts_more_than_the_exit(side: _Side) -> None:
    """A statement that ended just before the process would count as what ended it."""
    asked = side.ask(Answer)
    await turn()
    side.far.say({"type": "looked", "answer": {"last": 1}})
    side.conversation.end(Exited(3))
    assert Answer({"last": 1}) == await within(asked)


async def test_another_channel(side: _Side) -> None:
    """A program that closes every descriptor could not be talked to any more."""
    asked = side.ask(Answer)
    await side.far.request()
    side.far.hang_up()
    await turn()
    assert (1, False) == (side.hung_up, side.conversation.is_open)
    side.far = FarEnd()
    side.conversation.open(side.far.near)
    assert side.conversation.is_open
    side.far.say({"type": "looked", "answer": {}})
    assert Answer({}) == await within(asked)


async def test_former_channel_is_closed(side: _Side) -> None:
    """Whoever has the old socket could still speak for the worker."""
    former = side.far
    side.far = FarEnd()
    side.conversation.open(side.far.near)
    assert await former.hung_up()
    former.hang_up()


async def test_acknowledgements(side: _Side) -> None:
    """A display would wait for ever to be acknowledged, or an answer for its request."""
    side.conversation.acknowledge({"type": "shown", "number": 1})
    assert {"type": "shown", "number": 1} == await side.far.request()
    side.conversation.close()
    side.conversation.acknowledge({"type": "shown", "number": 2})
    assert await side.far.hung_up()
