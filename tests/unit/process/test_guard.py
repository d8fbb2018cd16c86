"""What is left when the server is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.far_end import SECONDS, start_sleeper

from rdit_lsp.process.posix import groups, guard_keeper
from rdit_lsp.process.posix.group_record import GroupRecord, clean_up
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.posix.guard_keeper import keep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SERVER = """\
import os, sys
from rdit_lsp.process.posix.guard import Guard
guard = Guard()
(guard.folder / "socket").touch()
guard.watch(int(sys.argv[1]))
guard.watch(int(sys.argv[2]))
guard.forget(int(sys.argv[2]))
print(guard.folder, guard.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def sleepers() -> Iterator[list[int]]:
    """Two processes, each in a group of its own."""
    pids = [start_sleeper() for _ in range(2)]
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def ignores(pid: int, signs: Iterable[int]) -> bool:
    """Whether a process has begun to ignore these signals."""
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    return all(ignored >> (sign - 1) & 1 for sign in signs)


async def test_server_that_is_killed(sleepers: list[int]) -> None:
    """Workers and files of a server that was killed would stay for good."""
    watched, forgotten = sleepers
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, f"{watched}", f"{forgotten}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        folder, guard = server.stdout.readline().split()
        assert Path(folder.decode()).is_dir()
        server.kill()
        await processes.ended(int(guard))
    assert not Path(folder.decode()).exists()
    ended = os.waitid(os.P_PID, watched, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    assert signal.SIGKILL == ended.si_status
    assert os.waitid(os.P_PID, forgotten, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def test_guard_outlives_what_ends_the_server() -> None:
    """Ctrl-C, or an editor that ends the server's group, would end the guard before its work."""
    guard = Guard()
    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    while not ignores(guard.pid, signs):
        os.sched_yield()
    assert guard.pid == os.getsid(guard.pid)
    for sign in signs:
        os.kill(guard.pid, sign)
    (guard.folder / "output.txt").touch()
    guard.close()
    assert not guard.folder.exists()


def test_folder_is_private() -> None:
    """Other users could read a program's output, or connect to its socket."""
    guard = Guard()
    try:
        assert 0o700 == guard.folder.stat().st_mode & 0o777
    finally:
        guard.close()


def test_guard_that_was_killed() -> None:
    """The server would fail at its next worker because a helper is gone."""
    guard = Guard()
    os.kill(guard.pid, signal.SIGKILL)
    os.waitid(os.P_PID, guard.pid, os.WEXITED | os.WNOWAIT)
    guard.watch(1 << 22)
    guard.close()
    assert not guard.folder.exists()


async def replaced(guard: Guard, pid: int) -> None:
    """Wait until another guard has taken the place of process `pid`."""
    while guard.pid == pid:
        await asyncio.sleep(0)


@pytest.mark.parametrize("has_pidfd", [True, False])
async def test_guard_is_replaced(
    sleepers: list[int], monkeypatch: pytest.MonkeyPatch, *, has_pidfd: bool
) -> None:
    """With the guard killed, everything would outlive a server that is killed next."""
    if not has_pidfd:
        monkeypatch.delattr(os, "pidfd_open")
        monkeypatch.setattr(guard_keeper, "_INTERVAL", 0.01)
    guard = Guard()
    guard.watch(sleepers[0])
    keep(guard)
    for _ in range(3):
        killed = guard.pid
        os.kill(killed, signal.SIGKILL)
        await asyncio.wait_for(replaced(guard, killed), SECONDS)
    guard.watch(sleepers[1])
    guard.forget(sleepers[0])
    guard.close()
    assert not guard.folder.exists()
    assert signal.SIGKILL == end_of(sleepers[1])
    assert is_alive(sleepers[0])


async def test_guard_that_is_stopped() -> None:
    """The server would wait for ever once the pipe to a stopped guard is full."""
    guard = Guard()
    keep(guard)
    stopped = guard.pid
    os.kill(stopped, signal.SIGSTOP)
    for _ in range(1 << 16):
        guard.watch(1 << 22)
    await asyncio.wait_for(replaced(guard, stopped), SECONDS)
    guard.close()
    assert not guard.folder.exists()


async def test_guard_that_cannot_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """One failure, as where the system has no process left, would be the end of guarding."""
    monkeypatch.setattr(guard_keeper, "_AGAIN", 0.01)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    guard = Guard()
    keep(guard)
    killed = guard.pid
    os.kill(killed, signal.SIGKILL)
    for _ in range(100):
        await asyncio.sleep(0)
    monkeypatch.undo()
    await asyncio.wait_for(replaced(guard, killed), SECONDS)
    guard.close()
    assert not guard.folder.exists()


def end_of(pid: int) -> int:
    """Wait for the signal that ends a child."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    return ended.si_status


def is_alive(pid: int) -> bool:
    """Whether a child has not ended."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


RECORDING = """\
import os, sys
from pathlib import Path
from rdit_lsp.process.posix.group_record import GroupRecord
from rdit_lsp.process.posix.guard import Guard
guard = Guard(GroupRecord(Path(sys.argv[1])))
guard.watch(int(sys.argv[2]))
guard.watch(int(sys.argv[3]))
guard.forget(int(sys.argv[3]))
print(guard.folder, guard.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def recording(
    tmp_path: Path, sleepers: list[int]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A server with a record, whose guard has been killed, and its folder."""
    command = [sys.executable, "-c", RECORDING, str(tmp_path), *map(str, sleepers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        folder, guard = server.stdout.readline().split()
        os.kill(int(guard), signal.SIGKILL)
        yield server, Path(folder.decode())
        server.kill()


def test_server_killed_with_its_guard(
    tmp_path: Path, sleepers: list[int], recording: tuple[subprocess.Popen[bytes], Path]
) -> None:
    """What both of them have left would stay for good."""
    server, folder = recording
    assert 0 == clean_up(tmp_path)  # It is alive.
    server.kill()
    server.wait()
    (tmp_path / f"watched-{1 << 22}").write_text("half a li")
    assert 2 == clean_up(tmp_path)
    assert signal.SIGKILL == end_of(sleepers[0])
    assert is_alive(sleepers[1])
    assert not folder.exists()
    assert [] == list(tmp_path.iterdir())


CHILD = "sleep 0.2; sleep 1000 & exit 0"
"""A program that exits and leaves a child, after its server has died."""


def test_program_that_exits_behind_its_server(tmp_path: Path) -> None:
    """A child that is younger than all the server has written would stay for good."""
    command = [sys.executable, "-c", RECORDING, str(tmp_path)]
    program = subprocess.Popen(["sh", "-c", CHILD], start_new_session=True)
    with subprocess.Popen(
        [*command, str(program.pid), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        _, guard = server.stdout.readline().split()
        os.kill(int(guard), signal.SIGKILL)
        server.kill()
    program.wait()
    assert 1 == len(groups.members(program.pid))
    assert 1 == clean_up(tmp_path)
    while groups.members(program.pid):
        os.sched_yield()


def test_ids_that_are_used_again(
    tmp_path: Path, sleepers: list[int], recording: tuple[subprocess.Popen[bytes], Path]
) -> None:
    """A process that has got the id of one of the server's would be killed in its place."""
    server, _ = recording
    server.kill()
    server.wait()
    (record,) = tmp_path.iterdir()
    first, *rest = record.read_text().splitlines()
    kept = [line for line in rest if not line.startswith("@")]
    record.write_text("\n".join([first, *kept, "@1", f"+{sleepers[0]}", ""]))
    assert 1 == clean_up(tmp_path)
    assert is_alive(sleepers[0])
    record.write_text("\n".join([first.rpartition(" ")[0] + " earlier-boot", *rest]))
    assert 1 == clean_up(tmp_path)
    assert is_alive(sleepers[0])


def test_folder_that_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose first client had a TMPDIR that went with its shell could keep no output."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "shell"))
    (tmp_path / "shell").mkdir()
    guard = Guard()
    guard.folder.rmdir()
    (tmp_path / "shell").rmdir()
    guard.touch()
    assert 0o700 == guard.folder.stat().st_mode & 0o777
    guard.close()
    assert not guard.folder.exists()


def test_record_stays_small(tmp_path: Path) -> None:
    """A server that lives for weeks would fill the folder."""
    record = GroupRecord(tmp_path)
    record.begin([tmp_path])
    for group in range(20_000):
        record.add(group + 2)
        record.remove(group + 2)
    record.add(1 << 22)
    record.touch()
    assert record.path.stat().st_size < 1 << 17
    assert f"+{1 << 22}" in record.path.read_text()


def test_record_without_room(tmp_path: Path) -> None:
    """A disk that is full would keep programs from starting."""
    record = GroupRecord(tmp_path / "gone")
    record.begin([tmp_path])
    record.add(1 << 22)
    record.touch()
    assert 0 == clean_up(tmp_path / "gone")


def test_folder_where_the_user_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full or shared `/tmp` could not be avoided."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    guard = Guard()
    assert tmp_path == guard.folder.parent
    guard.close()
    assert [] == list(tmp_path.iterdir())
