"""The host: sessions that outlive their editors, and are shared by several."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import Kind, outputs, values
from support.hosts import remarks

if TYPE_CHECKING:
    from support.hosts import Hosts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

LINES = """\
import time
for number in range(1000):
    print("line", number, flush=True)
    time.sleep(0.05)
"""


async def test_program_outlives_editor(hosts: Hosts, tmp_path: Path) -> None:
    """What a program holds, and its run, would end with the editor that was killed."""
    path = tmp_path / "analysis.py"
    editor = await hosts.start()
    first = editor.open(path, LINES)
    first.start()
    await first.said("line 2")
    (before,) = (await hosts.ps())["sessions"]
    editor.process.kill()
    await editor.wait_until_gone()
    other = await hosts.start()
    again = other.open(path, LINES)
    await again.said("line 9")
    (now,) = (await hosts.ps())["sessions"]
    assert before["pid"] == now["pid"]
    assert "busy" == now["state"]
    text = outputs((await again.results())[-1])
    assert text.startswith("line 0\nline 1\n")
    assert await again.interrupt()


async def test_two_editors(hosts: Hosts, tmp_path: Path) -> None:
    """Two editors on one file would have a program each, and see nothing of each other."""
    path = tmp_path / "analysis.py"
    one, other = await hosts.start(), await hosts.start()
    left, right = one.open(path, "x = 20\nx + 1\n"), other.open(path, "x = 20\nx + 2\n")
    await left.execute()
    assert ["", "21"] == values({"results": await left.results()})
    report = await right.execute(scope="stale")
    assert ["", "22"] == values(report)
    (session,) = (await hosts.ps())["sessions"]
    assert 2 == len(session["clients"])
    assert await one.close() == 0
    assert ["", "22"] == values({"results": await right.results()})


async def test_exit_codes(hosts: Hosts) -> None:
    """Editors tell by the exit code whether the server has crashed, and start it again."""
    editor = await hosts.start()
    assert 0 == await editor.close()
    editor = await hosts.start()
    editor.notify("exit", None)
    assert 1 == await editor.wait_until_gone()
    editor = await hosts.start()
    editor.hang_up()
    assert 1 == await editor.wait_until_gone()
    assert {"host": (await hosts.ps())["host"], "sessions": []} == await hosts.ps()


async def test_shutdown_stops_no_run(hosts: Hosts, tmp_path: Path) -> None:
    """The window is loaded again in the middle of a run, which would be interrupted."""
    path = tmp_path / "analysis.py"
    editor = await hosts.start()
    document = editor.open(path, LINES)
    document.start()
    await document.said("line 1")
    assert 0 == await editor.close()
    (session,) = (await hosts.ps())["sessions"]
    assert "busy" == session["state"]
    assert [] == session["clients"]


async def test_program_is_as_its_editor_would_start_it(hosts: Hosts, tmp_path: Path) -> None:
    """Programs would have the variables and the umask of the editor that started the host."""
    source = "import os\nos.environ.get('WHOSE'), oct(os.umask(0))\n"
    shown = []
    for name, umask in (("first", 0o022), ("second", 0o007)):
        before = os.umask(umask)
        try:
            editor = await hosts.start(env={"WHOSE": name, "ODD": 'a"\\\n\udce9'})
        finally:
            os.umask(before)
        document = editor.open(tmp_path / f"{name}.py", source)
        shown.append(values(await document.execute())[-1])
    assert ["('first', '0o22')", "('second', '0o7')"] == shown


@pytest.mark.parametrize("turn_off", ["variable", "option"])
async def test_host_turned_off(hosts: Hosts, tmp_path: Path, turn_off: str) -> None:
    """A person who wants none would get one."""
    options = '{"rdit": {"host": "off"}}' if turn_off == "option" else "{}"
    env = {"RDIT_HOST": "off"} if turn_off == "variable" else {}
    editor = await hosts.start(Kind(options=options), env=env)
    document = editor.open(tmp_path / "a.py", "40 + 2\n")
    assert ["42"] == values(await document.execute())
    assert not hosts.place.exists()
    assert [] == remarks(editor)
    assert await editor.close() == 0


async def test_idle_host_ends(hosts: Hosts) -> None:
    """Hosts would stay for ever on every machine that an editor was ever used on."""
    short = "import rdit_lsp.host.place"
    patch = (
        "def patch():\n"
        "    from rdit_lsp.host import host\n"
        "    host.IDLE, host.UPKEEP = 0.2, 0.05\n"
        "import rdit_lsp.host.daemon as daemon\n"
        "serve = daemon.serve_detached\n"
        "daemon.serve_detached = lambda *given: (patch(), serve(*given))"
    )
    editor = await hosts.start(patches=[short, patch])
    pid = hosts.pid
    await editor.close()
    await processes.ended(pid)
    assert not (hosts.place / "host-1.sock").exists()
    assert await (await hosts.start()).close() == 0


async def test_streams_of_every_kind(hosts: Hosts) -> None:
    """An editor whose streams are sockets, or one socket, could not use the host."""
    await hosts.start()
    near, far = socket.socketpair()
    with near, far:
        server = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("rdit-lsp"),
            stdin=far.fileno(),
            stdout=far.fileno(),
            env={**os.environ, **hosts.env},
        )
        far.close()
        body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
        near.settimeout(60)
        near.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert near.recv(15) == b"Content-Length:"
        near.shutdown(socket.SHUT_WR)
        while near.recv(1 << 16):
            pass
    assert 1 == await server.wait()


async def test_streams_are_given_back(hosts: Hosts) -> None:
    """Whatever else has the streams would fail at its next write, which would not wait."""
    await hosts.start()
    reading, writing = os.pipe()
    here, there = os.pipe()
    server = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("rdit-lsp"),
        stdin=reading,
        stdout=there,
        env={**os.environ, **hosts.env},
    )
    body = b'{"jsonrpc":"2.0","method":"initialized","params":{}}'
    os.write(writing, b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    os.close(writing)
    assert 1 == await server.wait()
    assert os.get_blocking(reading)
    assert os.get_blocking(there)
    for fd in (reading, here, there):
        os.close(fd)


async def test_editor_that_does_not_read(hosts: Hosts, tmp_path: Path) -> None:
    """One editor that hangs would hold up all others."""
    stuck = await hosts.start()
    os.kill(stuck.process.pid, signal.SIGSTOP)  # The forwarder: the streams are the host's.
    flood = "for i in range(20000): print('x' * 100)\n"
    document = stuck.open(tmp_path / "flood.py", flood)
    document.start()
    other = await hosts.start()
    beside = other.open(tmp_path / "beside.py", "1 + 1\n")
    assert ["2"] == values(await beside.execute())
    os.kill(stuck.process.pid, signal.SIGCONT)
