"""Frames and descriptors over one socket."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
from support.far_end import SECONDS, FarEnd, end_of, turn

from rdit_lsp.process.channel import Channel
from rdit_lsp.worker import protocol
from rdit_lsp.worker.protocol import ProtocolError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class _User:
    """Whoever uses a channel: what it was given."""

    def __init__(self) -> None:
        self.far = FarEnd()
        self.messages: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.ends = 0
        self.channel = Channel(self.far.near, self.on_message, self.on_end, self.on_error)

    def on_message(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if "wrong" in message:
            raise ProtocolError(message["wrong"])

    def on_end(self) -> None:
        self.ends += 1

    def on_error(self, error: ProtocolError) -> None:
        self.errors.append(str(error))


@pytest.fixture
async def user() -> AsyncIterator[_User]:
    user = _User()
    yield user
    user.channel.close()
    user.far.hang_up()


async def test_messages_come_in_order(user: _User) -> None:
    """Two messages in one packet would be one, or the second would wait for a third."""
    both = protocol.encode_reply({"type": "a"}) + protocol.encode_reply({"type": "b"})
    user.far.send(both)
    await turn()
    assert [{"type": "a"}, {"type": "b"}] == user.messages


async def test_message_in_pieces(user: _User) -> None:
    """A long message would be taken for garbage."""
    frame = protocol.encode_reply({"type": "a", "text": "x" * 1000})
    user.far.send(frame[:2])
    await turn()
    user.far.send(frame[2:])
    await turn()
    assert ["x" * 1000] == [message["text"] for message in user.messages]
    assert [] == user.errors


async def test_request_larger_than_the_socket_holds(user: _User) -> None:
    """A long source would be cut, or the event loop would stand still until it is read."""
    source = "x" * (1 << 22)
    sending = asyncio.ensure_future(user.channel.send({"type": "prepare", "source": source}))
    await turn()
    assert not sending.done()
    request = await user.far.request()
    await asyncio.wait_for(sending, SECONDS)
    assert source == request["source"]


@pytest.mark.parametrize(
    "data",
    [
        protocol.encode_reply({})[:4] + b"{]",
        b"\x00\x00\x00\x03123",
        b"\xff\xff\xff\xff",
        protocol.encode_reply({"wrong": "shape"}),
    ],
    ids=["no JSON", "no object", "too long", "refused"],
)
async def test_what_is_no_message(user: _User, data: bytes) -> None:
    """What user code writes into the socket would be an error of the server's own."""
    user.far.send(data)
    await turn()
    assert 1 == len(user.errors)
    assert user.channel.is_open


async def test_bug_of_the_server_is_not_blamed_on_the_worker(user: _User) -> None:
    """An error in the server would kill the user's program, and nobody would find it."""
    loop = asyncio.get_running_loop()
    bugs: list[BaseException] = []
    loop.set_exception_handler(lambda _, context: bugs.append(context["exception"]))
    user.channel._on_message = lambda message: message["missing"]
    try:
        user.far.say({"type": "a"})
        await turn()
    finally:
        loop.set_exception_handler(None)
    assert [KeyError] == [type(bug) for bug in bugs]
    assert [] == user.errors


async def test_descriptors_come_with_their_messages(user: _User) -> None:
    """A message would get the descriptor of another one."""
    pipes = [os.pipe() for _ in range(2)]
    for number, (reading, writing) in enumerate(pipes):
        user.far.say({"type": str(number)}, reading)
        os.close(reading)
        os.write(writing, str(number).encode())
        os.close(writing)
    await turn()
    assert ["0", "1"] == [message["type"] for message in user.messages]
    assert [b"0", b"1"] == [end_of(user.channel.take_fd()) for _ in range(2)]


async def test_message_without_its_descriptor(user: _User) -> None:
    """A forged message would be an IndexError in the middle of the server."""
    with pytest.raises(ProtocolError):
        user.channel.take_fd()


async def test_descriptors_nobody_took_are_closed(user: _User) -> None:
    """A worker could use up the server's descriptors."""
    reading, writing = os.pipe()
    user.far.say({"type": "a"}, writing)
    os.close(writing)
    await turn()
    user.channel.close()
    assert b"" == end_of(reading)


async def test_end_is_said_once(user: _User) -> None:
    """A worker that hangs up would be read from for ever, or be lost."""
    user.far.say({"type": "last"})
    user.far.hang_up()
    await turn()
    assert (["last"], 1) == ([m["type"] for m in user.messages], user.ends)
    assert not user.channel.is_open
    await user.channel.send({"type": "too late"})
    user.channel.send_small({"type": "too late"})
    user.channel.read()
    assert 1 == user.ends


async def test_rest_of_an_ended_process(user: _User) -> None:
    """The last result before a crash would be lost where the exit is seen first."""
    for number in range(3):
        user.far.say({"type": f"{number}", "text": "x" * 1000})
    user.far.hang_up()
    user.channel.read_rest()
    assert ["0", "1", "2"] == [message["type"] for message in user.messages]


async def test_rest_while_a_child_holds_the_socket(user: _User) -> None:
    """Reading to the end would wait for a child of the program that lives on."""
    user.far.say({"type": "last"})
    user.channel.read_rest()
    assert ["last"] == [message["type"] for message in user.messages]
    assert user.channel.is_open


async def test_detached_socket_is_another_owners(user: _User) -> None:
    """Two channels would read from one socket, and each would get half of the messages."""
    socket = user.channel.detach()
    other = _User()
    other.channel.close()
    other.channel = Channel(socket, other.on_message, other.on_end, other.on_error)
    user.far.say({"type": "a"})
    await turn()
    assert ([], ["a"]) == (user.messages, [message["type"] for message in other.messages])
    other.channel.close()
    other.far.hang_up()
