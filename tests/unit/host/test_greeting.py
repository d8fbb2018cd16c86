"""What clients and hosts say to each other first."""

from __future__ import annotations

import _socket
import json
import os
import socket
import threading

import pytest

from rdit_lsp.host import greeting
from rdit_lsp.host.connection import GreetingError, Hello, answer
from rdit_lsp.host.place import GENERATION, NoHostError
from rdit_lsp.version import VERSION, is_older

ODD = [
    "",
    "plain",
    'a "quote" \\ and more',
    "line\nend",
    "é",
    "\udce9",
    "\U0001d538",
    "\x7f",
    "\x00",
]


@pytest.mark.parametrize("text", ODD)
def test_strings(text: str) -> None:
    """A variable's value would be another in programs, or the host not understand the client."""
    assert text == json.loads(greeting._quoted(text))


def test_hello(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program would not look as if its editor had started it."""
    for number, text in enumerate(ODD[:-1]):
        monkeypatch.setenv(f"ODD{number}", text)
    hello = Hello.decode(greeting._hello("lsp"))
    assert dict(os.environ) == hello.environment
    assert (GENERATION, VERSION, "lsp") == (hello.generation, hello.version, hello.role)
    assert (os.getpid(), os.getcwd()) == (hello.pid, hello.folder)


def test_hello_from_a_folder_that_is_gone(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor whose folder was removed would have no server."""
    folder = f"{tmp_path}/gone"
    os.mkdir(folder)
    monkeypatch.chdir(folder)
    os.rmdir(folder)
    assert "/" == Hello.decode(greeting._hello("lsp")).folder
    monkeypatch.undo()


@pytest.mark.parametrize(
    "line", [b"", b"GET / HTTP/1.1", b"[]", b'{"generation": 1}', b'"x"', b"1"]
)
def test_hello_that_is_none(line: bytes) -> None:
    """Anything that connects could end the host."""
    with pytest.raises(GreetingError):
        Hello.decode(line)


def test_hello_of_another_generation() -> None:
    """It would be taken for what it does not mean."""
    hello = json.loads(greeting._hello("lsp"))
    with pytest.raises(GreetingError, match="generation 99"):
        Hello.decode(json.dumps({**hello, "generation": 99}).encode())


@pytest.mark.parametrize("accepted", [True, False])
def test_answer(*, accepted: bool) -> None:
    """A client that is to look for another host would wait, or one that is welcome go away."""
    near, far = _socket.socketpair()
    said = json.dumps(answer(accepted=accepted, began=1)).encode() + b"\n"

    def serve() -> None:
        while not far.recv(1 << 16).endswith(b"\n"):
            pass
        far.send(said[:10])
        far.send(said[10:])

    thread = threading.Thread(target=serve)
    thread.start()
    assert (said if accepted else None) == greeting.greet(near, "lsp", lambda: True)
    thread.join()
    near.close()
    far.close()


def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that ends, or hangs, would keep its clients waiting."""
    monkeypatch.setattr(greeting, "_LOOK", 0.01)
    near, far = _socket.socketpair()
    looks = iter([False, False, True])
    with pytest.raises(TimeoutError):
        greeting.greet(near, "lsp", lambda: next(looks))
    far.close()
    assert greeting.greet(near, "lsp", lambda: True) is None
    near.close()


def test_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user could pose as the host, and get what is typed."""
    near, far = socket.socketpair()
    greeting.check_peer(near)
    monkeypatch.setattr(greeting, "peer_of", lambda _: os.getuid() + 1)
    with pytest.raises(NoHostError, match="another user"):
        greeting.check_peer(near)
    near.close()
    far.close()


def test_versions() -> None:
    """An older host would be taken for a newer one, and be used after an upgrade."""
    assert is_older("0.9.0", "0.10.0")
    assert is_older("0.9", "0.9.1")
    assert not is_older("1.0.0", "0.9.9")
    assert not is_older("0.9.0", "0.9.0")
