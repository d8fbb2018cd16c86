"""The forwarder: what it imports, and what it reads of an editor's first message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rdit_lsp.host import forward

ROOT = Path(__file__).parents[3]
ALLOWED = {
    "__future__",
    "_socket",
    "fcntl",
    "gc",
    "rdit_lsp",
    "rdit_lsp.__main__",
    "rdit_lsp.host",
    "rdit_lsp.host.forward",
    "rdit_lsp.host.greeting",
    "rdit_lsp.host.place",
    "rdit_lsp.host.start",
    "rdit_lsp.version",
    "stat",
}
"""What an editor waits for where a host runs already."""

LIST = """\
import os, sys
before = set(sys.modules)
sys.path.insert(0, {root!r})
import rdit_lsp.__main__, rdit_lsp.host.forward, rdit_lsp.host.start
print(*sorted(set(sys.modules) - before))
"""


def test_imports() -> None:
    """Each import costs every start of every editor milliseconds, of which there are a hundred."""
    script = LIST.format(root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    assert set() == set(done.stdout.split()) - ALLOWED


def message(**options: object) -> bytes:
    """An `initialize` with these options."""
    params = {"capabilities": {}, "initializationOptions": options}
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    ).encode()
    return b"Content-Length: %d\r\nContent-Type: x\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize("rest", [b"", b"Content-Length: 2\r\n\r\n{}"])
def test_first_message(rest: bytes) -> None:
    """The host would get half a message, or wait for more than the editor sends."""
    reading, writing = os.pipe()
    os.write(writing, message() + rest)
    assert message() + rest == forward._first_message(reading)
    for fd in (reading, writing):
        os.close(fd)


@pytest.mark.parametrize(
    "sent", [b"", b"no header", b"x" * 9000, b"Content-Length: 9999999999\r\n\r\n"]
)
def test_first_message_that_is_none(sent: bytes) -> None:
    """A client that says something else would be waited for, or never answered."""
    reading, writing = os.pipe()
    os.write(writing, sent)
    if len(sent) < 20:
        os.close(writing)
    assert sent == forward._first_message(reading)
    os.close(reading)
    if len(sent) >= 20:
        os.close(writing)


def test_message_in_pieces() -> None:
    """An editor that writes header and body apart would get no answer."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        for byte in message():
            os.write(writing, bytes([byte]))
        os._exit(0)
    assert message() == forward._first_message(reading)
    os.wait()
    for fd in (reading, writing):
        os.close(fd)


def test_option() -> None:
    """`host: "off"` would be passed over, or found where it is not."""
    assert forward._turns_host_off(message(rdit={"host": "off"}))
    assert forward._turns_host_off(message(host="off"))
    assert not forward._turns_host_off(message(rdit={"host": "auto"}))
    assert not forward._turns_host_off(message(rdit=None, host="off"))
    assert not forward._turns_host_off(message(other={"host": "off"}))
    assert not forward._turns_host_off(b'Content-Length: 8\r\n\r\n["host"]')
    assert not forward._turns_host_off(b'Content-Length: 8\r\n\r\n{"host"')
