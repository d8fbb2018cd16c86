"""What is left when the server is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.far_end import start_sleeper

from rdit_lsp.process.posix.guard import Guard

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
    guard.folder.rmdir()


def test_folder_where_the_user_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full or shared `/tmp` could not be avoided."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    guard = Guard()
    assert tmp_path == guard.folder.parent
    guard.close()
    assert [] == list(tmp_path.iterdir())
