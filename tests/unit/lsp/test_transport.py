"""The streams of an editor: whatever they are, and however they end."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from rdit_lsp.lsp import transport
from rdit_lsp.lsp.transport import Transport


def pipes() -> tuple[int, int, int, int]:
    """What the server reads and writes, and the editor writes and reads."""
    incoming, to_server = os.pipe()
    from_server, outgoing = os.pipe()
    return incoming, outgoing, to_server, from_server


def sockets() -> tuple[int, int, int, int]:
    """The same, where each is a pair of sockets."""
    here, there = socket.socketpair(), socket.socketpair()
    return here[0].detach(), there[0].detach(), here[1].detach(), there[1].detach()


def one_socket() -> tuple[int, int, int, int]:
    """The same, where all of it is one pair of sockets."""
    near, far = (each.detach() for each in socket.socketpair())
    return near, os.dup(near), far, os.dup(far)


@pytest.mark.parametrize("make", [pipes, sockets, one_socket])
async def test_both_directions(make: object) -> None:
    """An editor whose two streams are one socket would not be answered."""
    assert callable(make)
    incoming, outgoing, to_server, from_server = make()
    here = await Transport.open(incoming, outgoing, b"one\ntw")
    os.write(to_server, b"o\n1234")
    assert b"one\n" == await here.readline()
    assert b"two\n" == await here.readline()
    here.write(b"answer")
    assert b"123" == await here.readexactly(3)
    await asyncio.sleep(0)
    assert b"answer" == os.read(from_server, 100)
    here.write(b"last words")
    await here.finish()
    assert b"last words" == os.read(from_server, 100)
    assert b"" == os.read(from_server, 100)
    here.write(b"too late")
    for fd in (to_server, from_server):
        os.close(fd)


@pytest.mark.parametrize("make", [pipes, sockets, one_socket])
async def test_editor_that_goes(make: object) -> None:
    """A server would wait for an editor that was killed."""
    assert callable(make)
    incoming, outgoing, to_server, from_server = make()
    here = await Transport.open(incoming, outgoing)
    here.write(b"not read")
    os.close(from_server)
    os.close(to_server)
    assert b"" == await here.readline()
    assert b"" == await here.readexactly(3)
    await here.finish()


async def test_editor_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does not read would fill the memory of a server that serves others, too."""
    monkeypatch.setattr(transport, "_LOST", 1 << 21)
    monkeypatch.setattr(transport, "_LAST_BYTES", 0.01)
    incoming, outgoing, to_server, from_server = pipes()
    here = await Transport.open(incoming, outgoing)
    assert not here.is_behind
    here.write(bytes(1 << 22))
    assert here.is_behind
    here.write(b"one too many")
    assert b"" == await here.readline()
    await here.finish()
    for fd in (to_server, from_server):
        os.close(fd)
