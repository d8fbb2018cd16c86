"""What may happen to a host: a sentence, nothing lost, and the next command works."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import values
from support.hosts import remarks

if TYPE_CHECKING:
    from support.editor import Editor
    from support.hosts import Hosts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

BUSY = "import subprocess, time\nsubprocess.Popen(['sleep', '1000'])\nwhile True: time.sleep(1)\n"
"""A program that looks at nothing, and has a child."""

OLDER = "import rdit_lsp.version as version\nversion.VERSION = '0.0.9'"
OTHER_GENERATION = "import rdit_lsp.host.place as place\nplace.GENERATION = 2"
FIRSTS = 50
"""Editors that start at once."""


async def works(editor: Editor, folder: Path) -> None:
    """A run in this editor gives what it should."""
    document = editor.open(folder / f"{editor.mark}.py", "40 + 2\n")
    assert ["42"] == values(await document.execute())
    document.close()


async def busy(editor: Editor, folder: Path) -> int:
    """Have a program run that ends by force only; its process."""
    document = editor.open(folder / "busy.py", BUSY)
    document.start()
    await document.running(3)
    pid = (await document.session())["pid"]
    assert isinstance(pid, int)
    return pid


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


# Starting.


async def test_fifty_at_once(hosts: Hosts, tmp_path: Path) -> None:
    """Editors that are started together, as at a login, would each have a host of its own."""
    editors = await asyncio.gather(*(hosts.start() for _ in range(FIRSTS)))
    assert {hosts.pid} == {pid for pid in hosts.processes() if hosts.guards_of(pid)}
    await works(editors[0], tmp_path)
    await works(editors[-1], tmp_path)
    assert all([] == remarks(editor) for editor in editors)


async def test_host_that_ends_while_it_starts(hosts: Hosts, tmp_path: Path) -> None:
    """A broken installation would keep the editor waiting."""
    broken = "import rdit_lsp.host.daemon as daemon\ndaemon.serve_detached = None"
    hosts.mistakes = ("TypeError",)
    editor = await hosts.start(patches=[broken])
    await works(editor, tmp_path)
    (remark,) = remarks(editor)
    assert remark.startswith(
        "rdit runs without a host, so programs end with this editor: the host "
    )
    assert "host-1.log" in remark


async def test_host_that_takes_no_streams(hosts: Hosts, tmp_path: Path) -> None:
    """An editor would be lost with a host that has no descriptors left for its streams."""
    patch = (
        "import rdit_lsp.host.daemon as daemon\n"
        "def serve(*given, real=daemon.serve_detached):\n"
        "    from rdit_lsp.host import connection\n"
        "    async def streams(self):\n"
        "        await self._readable()\n"
        "        raise connection.GreetingError('a client gives 0 streams, not 2')\n"
        "    connection.Connection.streams = streams\n"
        "    real(*given)\n"
        "daemon.serve_detached = serve"
    )
    editor = await hosts.start(patches=[patch])
    await works(editor, tmp_path)
    (remark,) = remarks(editor)
    assert "the host ends whenever it is asked for" in remark


@pytest.mark.parametrize("trouble", ["file", "long", "unwritable", "foreign", "open", "no inodes"])
async def test_folder_that_is_no_good(hosts: Hosts, tmp_path: Path, trouble: str) -> None:
    """An editor would have no server at all, or one that others can get into."""
    place = hosts.place
    expected = make_bad(hosts, trouble)
    try:
        editor = await hosts.start()
        await works(editor, tmp_path)
        assert [True] == [expected in remark for remark in remarks(editor)]
        assert 0 == (await asyncio.to_thread(hosts.rdit, "ps")).returncode or trouble != "file"
        assert expected in (await asyncio.to_thread(hosts.rdit, "doctor")).stdout
        assert await editor.close() == 0
        assert 0 == (await asyncio.to_thread(hosts.rdit, "stop", "--all")).returncode
    finally:
        if trouble == "no inodes":
            subprocess.run(["umount", place], check=True)
        hosts.env["RDIT_HOST_DIR"] = str(hosts.folder / "good")


def make_bad(hosts: Hosts, trouble: str) -> str:
    """Have a folder for the host that cannot be used; a part of the sentence that says so."""
    place = hosts.place
    if trouble == "file":
        place.write_text("")
        return "File exists"
    if trouble == "long":
        hosts.env["RDIT_HOST_DIR"] = str(hosts.folder / ("x" * 100))
        return "too long for a socket"
    if trouble == "unwritable":
        hosts.env["RDIT_HOST_DIR"] = "/proc/rdit"
        return "/proc/rdit: "
    place.mkdir(mode=0o700)
    if trouble == "foreign":
        if os.getuid() != 0:
            pytest.skip("only root can give a folder away")
        os.chown(place, 12345, -1)
        return "belongs to another user"
    if trouble == "open":
        place.chmod(0o777)
        return "other users can write to"
    mount(place, "nr_inodes=1")
    return "No space left on device"


def mount(place: Path, options: str) -> None:
    """Mount a small file system in memory."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"{options},mode=700", "none", place],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted: {done.stderr.decode().strip()}")


async def test_disk_that_is_full(hosts: Hosts, tmp_path: Path) -> None:
    """A host could not be started, or would end, because its log cannot be written."""
    hosts.place.mkdir(mode=0o700)
    mount(hosts.place, "size=64k")
    try:
        with suppress(OSError), (hosts.place / "full").open("wb", 0) as file:
            while True:
                file.write(bytes(4096))
        editor = await hosts.start()
        await works(editor, tmp_path)
        assert [] == remarks(editor)
        assert (await hosts.ps())["host"] is not None
        await editor.close()
        assert 0 == (await asyncio.to_thread(hosts.rdit, "stop", "--all")).returncode
        await hosts.all_gone()
        left = {path.name for path in hosts.place.iterdir()}
        assert set() == left - {"full", "host-1.lock", "host-1.log"}
    finally:
        subprocess.run(["umount", hosts.place], check=True)


# The end by force.


async def test_host_that_is_killed(hosts: Hosts, tmp_path: Path) -> None:
    """Programs would go on without anything that shows them, and the editor wait for ever."""
    editor = await hosts.start()
    pid = await busy(editor, tmp_path)
    host = hosts.pid
    kill(host)
    assert 1 == await editor.wait_until_gone()
    await processes.ended(pid)
    await hosts.all_gone()
    assert "No host runs.\n" == (await asyncio.to_thread(hosts.rdit, "ps")).stdout
    await works(await hosts.start(), tmp_path)
    assert host != hosts.pid


async def test_host_killed_with_its_guard(hosts: Hosts, tmp_path: Path) -> None:
    """What neither of them can end any more would stay for good."""
    editor = await hosts.start()
    pid = await busy(editor, tmp_path)
    host, guard = hosts.pid, hosts.guard
    os.kill(host, signal.SIGSTOP)  # It cannot replace the guard.
    kill(guard)
    kill(host)
    assert 1 == await editor.wait_until_gone()
    await works(await hosts.start(), tmp_path)
    await processes.ended(pid)
    assert ["rdit"] == [path.name[:4] for path in (hosts.folder / "tmp").iterdir()]


async def new_guard(hosts: Hosts, killed: list[int]) -> int:
    """The guard that has come for those that were killed; the only one."""
    # While it becomes another program it has no command line by which it is known.
    while not (found := [each for each in hosts.guards_of(hosts.pid) if each not in killed]):
        await asyncio.sleep(0)
    (guard,) = found
    return guard


async def test_guard_that_is_killed(hosts: Hosts, tmp_path: Path) -> None:
    """Nothing would be left to end the programs of a host that is killed next."""
    editor = await hosts.start()
    pid = await busy(editor, tmp_path)
    killed: list[int] = []
    while len(killed) < 3:
        killed.append(await new_guard(hosts, killed))
        kill(killed[-1])
    await new_guard(hosts, killed)
    await works(editor, tmp_path)
    kill(hosts.pid)
    await processes.ended(pid)
    await hosts.all_gone()


async def test_guard_of_a_server_without_host(hosts: Hosts, tmp_path: Path) -> None:
    """The same where the editor's own process is the server."""
    editor = await hosts.start(env={"RDIT_HOST": "off"})
    pid = await busy(editor, tmp_path)
    (guard,) = hosts.guards_of(editor.process.pid)
    kill(guard)
    while hosts.guards_of(editor.process.pid) in ([], [guard]):
        await asyncio.sleep(0)
    editor.process.kill()
    await processes.ended(pid)
    await hosts.all_gone()


async def test_socket_that_is_removed(hosts: Hosts, tmp_path: Path) -> None:
    """After a cleaner of `/tmp` has been there, the next editor would get a second host."""
    editor = await hosts.start()
    host = hosts.pid
    (hosts.place / "host-1.sock").unlink()
    assert host == (await hosts.ps())["host"]["pid"]
    (hosts.place / "host-1.sock").unlink()
    other = await hosts.start()
    assert {host} == {pid for pid in hosts.processes() if hosts.guards_of(pid)}
    await works(editor, tmp_path)
    await works(other, tmp_path)
    assert [] == remarks(other)


async def test_folder_that_is_removed(hosts: Hosts, tmp_path: Path) -> None:
    """A host would be out of reach for as long as it lives."""
    patch = (
        "def patch():\n"
        "    from rdit_lsp.host import host\n"
        "    host.UPKEEP = 0.05\n"
        "import rdit_lsp.host.daemon as daemon\n"
        "serve = daemon.serve_detached\n"
        "daemon.serve_detached = lambda *given: (patch(), serve(*given))"
    )
    editor = await hosts.start(patches=["import rdit_lsp.host.place", patch])
    host = hosts.pid
    moved = hosts.place.rename(hosts.place.with_name("moved"))
    while not (hosts.place / "host-1.pid").exists():
        await asyncio.sleep(0)
    assert host == (await hosts.ps())["host"]["pid"]
    await works(editor, tmp_path)
    for path in moved.iterdir():
        path.unlink()
    moved.rmdir()


# Hosts that do not answer, and other hosts.


async def test_host_that_is_stopped(hosts: Hosts, tmp_path: Path) -> None:
    """An editor would wait for a host that does not go on."""
    await hosts.start()
    host = hosts.pid
    os.kill(host, signal.SIGSTOP)
    editor = await hosts.start()
    await works(editor, tmp_path)
    (remark,) = remarks(editor)
    assert f"the host (process {host}) does not answer" in remark
    done = await asyncio.to_thread(hosts.rdit, "ps")
    assert 1 == done.returncode
    assert f"rdit: the host (process {host}) does not answer" in done.stderr
    done = await asyncio.to_thread(hosts.rdit, "stop", "--all")
    assert 0 == done.returncode
    assert "rdit: the host did not answer, and was killed with its programs.\n" == done.stderr
    await processes.ended(host)
    third = await hosts.start()
    await works(third, tmp_path)
    assert [] == remarks(third)


async def test_older_host_without_programs(hosts: Hosts, tmp_path: Path) -> None:
    """After an upgrade the code of before would go on serving."""
    assert 0 == await (await hosts.start(patches=[OLDER])).close()
    older = hosts.pid
    editor = await hosts.start()
    await processes.ended(older)
    assert older != hosts.pid
    await works(editor, tmp_path)
    assert [] == remarks(editor)


async def test_older_host_with_a_program(hosts: Hosts, tmp_path: Path) -> None:
    """An upgrade would end what runs since yesterday."""
    first = await hosts.start(patches=[OLDER])
    pid = await busy(first, tmp_path)
    older = hosts.pid
    editor = await hosts.start()
    await works(editor, tmp_path)
    (remark,) = remarks(editor)
    assert "The host is rdit 0.0.9, older than this rdit-lsp" in remark
    assert older == hosts.pid
    assert Path(f"/proc/{pid}").exists()


async def test_newer_host(hosts: Hosts, tmp_path: Path) -> None:
    """Two versions of one user would replace each other's host in turn."""
    assert 0 == await (await hosts.start()).close()
    newer = hosts.pid
    editor = await hosts.start(patches=[OLDER])
    await works(editor, tmp_path)
    assert [] == remarks(editor)
    assert newer == hosts.pid


async def test_another_generation(hosts: Hosts, tmp_path: Path) -> None:
    """Hosts that speak otherwise would be spoken to, or be ended with what they hold."""
    editor = await hosts.start()
    other = await hosts.start(patches=[OTHER_GENERATION])
    await works(editor, tmp_path)
    await works(other, tmp_path)
    second = int((hosts.place / "host-2.pid").read_text().split()[0])
    assert second != hosts.pid
    os.kill(second, signal.SIGTERM)
    await processes.ended(second)
    for name in ("host-2.lock", "host-2.log"):
        (hosts.place / name).unlink()


# Everything, many times.


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How often to kill."""
    return int(request.config.getoption("--kills"))


@pytest.mark.parametrize("seed", range(4))
async def test_killed_many_times(hosts: Hosts, tmp_path: Path, kills: int, seed: int) -> None:
    """Something would be left that no next start owns: a process, a socket, a folder."""
    chance = random.Random(seed)
    for number in range(kills // 4):
        editor = await hosts.start()
        document = editor.open(tmp_path / f"{number}.py", BUSY)
        document.start()
        if chance.random() < 0.5:
            await document.running(3)
        await asyncio.sleep(chance.random() / 20)  # Not to wait for anything: to be at any point.
        victims = chance.choice(["host", "guard", "forwarder", "both", "forwarder", "guard"])
        with suppress(OSError, IndexError, ValueError):
            host, guard = hosts.pid, hosts.guard
            for pid in {
                "host": [host],
                "guard": [guard],
                "forwarder": [editor.process.pid],
                "both": [guard, host],
            }[victims]:
                kill(pid)
        if number % 10 == 9:
            await works(await hosts.start(), tmp_path)
        kill(editor.process.pid)
        await editor.wait_until_gone()
    await works(await hosts.start(), tmp_path)
