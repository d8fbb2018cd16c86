"""What lives in the host, from a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import processes, protocol_schema
from support.editor import values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.hosts import Hosts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

RDIT = Path(sys.executable).with_name("rdit")
SLOW = "import time\nprint('begins', flush=True)\n6 * 7\ntime.sleep(1000)\n"


async def rdit(hosts: Hosts, *arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line beside the editors."""
    return await asyncio.to_thread(hosts.rdit, *arguments, **how)


async def test_without_host(hosts: Hosts) -> None:
    """There would be an error, or a host, where there is nothing to show."""
    assert {"host": None, "sessions": []} == await hosts.ps()
    assert "No host runs.\n" == (await rdit(hosts, "ps")).stdout
    assert 0 == (await rdit(hosts, "stop", "--all")).returncode
    done = await rdit(hosts, "stop", "a.py")
    assert (1, "rdit: no program of a.py lives in the host.\n") == (done.returncode, done.stderr)
    done = await rdit(hosts, "attach", "a.py")
    assert (1, "rdit: a.py does not live in the host.\n") == (done.returncode, done.stderr)
    assert not hosts.place.exists()


async def test_ps(hosts: Hosts, tmp_path: Path) -> None:
    """A person could not see what runs where, for whom, and since when."""
    editor = await hosts.start()
    document = editor.open(tmp_path / "a.py", SLOW)
    document.start()
    await document.running(4)
    found = await hosts.ps()
    protocol_schema.check("HostReport", found)
    assert hosts.pid == found["host"]["pid"]
    (session,) = found["sessions"]
    assert str(tmp_path / "a.py") == session["file"]
    assert document.uri == session["uri"]
    assert "busy" == session["state"]
    assert [{"name": "lsp", "pid": os.getpid()}] == session["clients"]
    assert session["memory"] > 1_000_000
    assert "detachedSince" not in session
    shown = (await rdit(hosts, "ps")).stdout.splitlines()
    assert re.fullmatch(
        rf"The host is process {hosts.pid}, rdit [\d.]+, since \d\d:\d\d\.", shown[0]
    )
    assert re.search(rf"a\.py  busy   \d+ MB +lsp \({os.getpid()}\)  \d\d:\d\d$", shown[2])
    document.close()
    await editor.status()
    (session,) = (await hosts.ps())["sessions"]
    assert [] == session["clients"]
    assert session["detachedSince"] >= session["startedAt"]


async def test_ps_of_an_idle_host(hosts: Hosts) -> None:
    """An empty table would look like an error."""
    await hosts.start()
    shown = (await rdit(hosts, "ps")).stdout.splitlines()
    assert "No document lives in it." == shown[1]


async def test_stop(hosts: Hosts, tmp_path: Path) -> None:
    """A program that is not wanted any more could be ended by force only, with all others."""
    editor = await hosts.start()
    document = editor.open(tmp_path / "a.py", SLOW)
    other = editor.open(tmp_path / "b.py", "x = 1\nx\n")
    run = document.start()
    await other.execute()
    await document.running(4)
    pid = (await document.session())["pid"]
    (tmp_path / "link.py").symlink_to("a.py")
    assert 0 == (await rdit(hosts, "stop", "link.py", cwd=tmp_path)).returncode
    await processes.ended(pid)
    assert "ok" != (await editor.reply(run))["status"]
    assert 1 == (await rdit(hosts, "stop", str(tmp_path / "a.py"))).returncode
    assert ["", "1"] == values({"results": await other.results()})
    document.replace("1 + 1\n")
    assert ["2"] == values(await document.execute())


async def test_stop_without_clients(hosts: Hosts, tmp_path: Path) -> None:
    """A program whose editor has gone could not be ended."""
    editor = await hosts.start()
    await editor.open(tmp_path / "a.py", "x = 1\n").execute()
    await editor.close()
    assert 0 == (await rdit(hosts, "stop", str(tmp_path / "a.py"))).returncode
    assert [] == (await hosts.ps())["sessions"]


async def test_stop_all(hosts: Hosts, tmp_path: Path) -> None:
    """Something would go on after the command has said that it is over."""
    editor = await hosts.start()
    document = editor.open(tmp_path / "a.py", SLOW)
    document.start()
    await document.running(4)
    pid, host = (await document.session())["pid"], hosts.pid
    done = await rdit(hosts, "stop", "--all")
    assert (0, "") == (done.returncode, done.stderr)
    assert set() == {pid, host} & hosts.processes().keys()
    assert 1 == await editor.wait_until_gone()
    assert "usage" in (await rdit(hosts, "stop")).stderr.lower()
    assert 2 == (await rdit(hosts, "stop", "--all", "a.py")).returncode


class Following:
    """`rdit attach` that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it writes."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode()

    async def event(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            found: dict[str, Any] = json.loads(await self.line())
            protocol_schema.check("RunEvent", found)
            if found["event"] == name:
                return found


@pytest.fixture
async def following(hosts: Hosts) -> AsyncIterator[Any]:
    """Starts `rdit attach`; after the test it has ended."""
    started: list[Following] = []

    async def start(*arguments: str) -> Following:
        process = await asyncio.create_subprocess_exec(
            RDIT,
            "attach",
            *arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=1 << 28,
            env={**os.environ, **hosts.env},
        )
        started.append(Following(process))
        return started[-1]

    yield start
    for each in started:
        if each.process.returncode is None:
            each.process.kill()
        await each.process.communicate()


async def test_attach(hosts: Hosts, tmp_path: Path, following: Any) -> None:
    """A run that an editor has started could not be followed elsewhere."""
    editor = await hosts.start()
    document = editor.open(tmp_path / "a.py", SLOW)
    document.start()
    await document.running(4)
    follower = await following(str(tmp_path / "a.py"))
    assert "begins\n" == await follower.line()
    assert "   3 │ 42\n" == await follower.line()
    await document.interrupt()
    document.replace("print('later')\n(1, 2)\n1 / 0\n")
    document.start()
    assert "later\n" == await follower.line()
    assert "   2 │ (1, 2)\n" == await follower.line()
    (session,) = (await hosts.ps())["sessions"]
    assert [os.getpid()] == [client["pid"] for client in session["clients"]]
    assert 0 == (await rdit(hosts, "stop", str(tmp_path / "a.py"))).returncode
    assert 0 == await asyncio.wait_for(follower.process.wait(), 60)
    assert "ZeroDivisionError" in (await follower.process.stderr.read()).decode()


async def test_attach_for_programs(hosts: Hosts, tmp_path: Path, following: Any) -> None:
    """A script could not tell what a live document puts out."""
    editor = await hosts.start()
    document = editor.open(tmp_path / "a.py", "print('one')\n2\n")
    await document.execute()
    follower = await following("--format", "jsonl", str(tmp_path / "a.py"))
    assert str(tmp_path / "a.py") == (await follower.event("start"))["file"]
    assert "one\n" == (await follower.event("output"))["output"]["text"]
    assert 1 == (await follower.event("statement"))["result"]["lineStart"]
    assert "2" == (await follower.event("output"))["output"]["text"]
    document.replace("print('three')\n")
    await document.execute()
    assert (await follower.event("output"))["output"]["text"].startswith("three")
    await editor.command("rdit/stop", {"uri": document.uri})
    assert 0 == (await follower.event("end"))["exitCode"]
    follower = await following("--format", "jsonl", str(tmp_path / "a.py"))
    await follower.event("start")
    os.kill(hosts.pid, signal.SIGKILL)
    assert 1 == await asyncio.wait_for(follower.process.wait(), 60)
    assert b"rdit: the host has ended.\n" == await follower.process.stderr.read()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_attach_ends_by_signal(
    hosts: Hosts, tmp_path: Path, following: Any, sign: signal.Signals
) -> None:
    """A person could not stop looking, or would end what is looked at."""
    editor = await hosts.start()
    document = editor.open(tmp_path / "a.py", "1\n")
    await document.execute()
    follower = await following(str(tmp_path / "a.py"))
    assert "   1 │ 1\n" == await follower.line()
    follower.process.send_signal(sign)
    assert 130 == await asyncio.wait_for(follower.process.wait(), 60)
    assert b"" == await follower.process.stderr.read()
    assert "idle" == (await document.session())["state"]


async def test_attach_that_is_not_read(hosts: Hosts, tmp_path: Path, following: Any) -> None:
    """A reader that does not read would hold up the program, or fill the host's memory."""
    editor = await hosts.start()
    path = tmp_path / "a.py"
    document = editor.open(path, "1\n")
    await document.execute()
    follower = await following("--format", "jsonl", str(path))
    await follower.event("start")
    follower.process.send_signal(signal.SIGSTOP)
    document.replace("for _ in range(400): print('x' * 100_000)\n'done'\n")
    report = await document.execute()
    assert "ok" == report["status"]
    follower.process.send_signal(signal.SIGCONT)
    await follower.event("gap")


async def test_host_in_the_foreground(hosts: Hosts, tmp_path: Path) -> None:
    """A service manager could not run it."""
    process = await asyncio.create_subprocess_exec(RDIT, "host", env={**os.environ, **hosts.env})
    while not (hosts.place / "host-1.pid").exists():
        await asyncio.sleep(0)
    assert process.pid == hosts.pid
    editor = await hosts.start()
    await editor.open(tmp_path / "a.py", "x = 1\n").execute()
    assert process.pid == (await hosts.ps())["host"]["pid"]
    done = await rdit(hosts, "host")
    assert (1, "rdit: a host runs already; `rdit ps` shows it.\n") == (done.returncode, done.stderr)
    process.terminate()
    assert 0 == await asyncio.wait_for(process.wait(), 60)
    assert 1 == await editor.wait_until_gone()


async def test_doctor(hosts: Hosts) -> None:
    """A person could not learn why programs end with the editor."""

    async def row() -> str:
        shown = (await rdit(hosts, "doctor")).stdout
        found = re.search(r"^  host +(.*)$", shown, re.MULTILINE)
        assert found is not None
        return found[1]

    assert f"none runs; an editor starts one in {hosts.place}" == await row()
    await hosts.start()
    assert (await row()).startswith(f"process {hosts.pid}, rdit ")
    hosts.env["RDIT_HOST"] = "off"
    assert "turned off by RDIT_HOST: programs end with their editor" == await row()
