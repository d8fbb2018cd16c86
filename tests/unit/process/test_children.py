"""Children of the server: how each exit is learnt, and what is reaped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.far_end import SECONDS, start_sleeper

from rdit_lsp.process.posix import children
from rdit_lsp.process.posix.children import Child

if TYPE_CHECKING:
    from collections.abc import Iterator


def exit_of(child_of: int) -> asyncio.Future[int]:
    """The exit code that a `Child` reports."""
    code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    Child(child_of, code.set_result)
    return code


def start_shell(script: str) -> int:
    return os.posix_spawnp("sh", ["sh", "-c", script], os.environ)


def is_left(pid: int) -> bool:
    """Whether there is such a child, be it a zombie."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


@pytest.fixture
def reaping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module as it is before any test has changed it, and after."""
    monkeypatch.setattr(children, "_reaps_others", False)
    known = set(children._known)
    yield
    children._known.clear()
    children._known.update(known)


@pytest.mark.parametrize("has_pidfd", [True, False])
async def test_exit_codes(monkeypatch: pytest.MonkeyPatch, *, has_pidfd: bool) -> None:
    """A crash could not be told from `sys.exit`, on some systems."""
    if not has_pidfd:
        monkeypatch.delattr(os, "pidfd_open")
    assert 3 == await asyncio.wait_for(exit_of(start_shell("exit 3")), SECONDS)
    code = exit_of(start_shell("kill -SEGV $$"))
    assert -signal.SIGSEGV == await asyncio.wait_for(code, SECONDS)


async def test_kill() -> None:
    """A fork that was dropped would live on."""
    code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    child = Child(start_sleeper(), code.set_result)
    child.kill()
    assert -signal.SIGKILL == await asyncio.wait_for(code, SECONDS)
    child.kill()  # It is gone, and its id may be another's: nothing happens.


async def test_owner_may_change() -> None:
    """Who adopts a fork would not learn how it ends."""
    code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    child = Child(start_sleeper(), lambda _: pytest.fail("the former owner"))
    child.on_exit = code.set_result
    child.kill()
    assert -signal.SIGKILL == await asyncio.wait_for(code, SECONDS)


async def test_process_that_was_never_adopted() -> None:
    """The exit of another process's child would be an error, and a fork seem to live for ever."""
    shell = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE)
    assert shell.stdout is not None
    pid = int(shell.stdout.readline())
    code = exit_of(pid)
    os.kill(pid, signal.SIGKILL)
    assert 0 == await asyncio.wait_for(code, SECONDS)
    shell.communicate()


@pytest.mark.usefixtures("reaping")
async def test_unknown_children_are_reaped() -> None:
    """Background processes of user programs would stay as zombies as long as the server lives."""
    known, other = start_shell("exit 1"), start_shell("exit 2")
    os.waitid(os.P_PID, other, os.WEXITED | os.WNOWAIT)
    os.waitid(os.P_PID, known, os.WEXITED | os.WNOWAIT)
    children._known.add(known)
    children.reap_others()
    assert 1 == os.waitstatus_to_exitcode(os.waitpid(known, 0)[1])
    children.reap_others()
    with pytest.raises(ChildProcessError):
        os.waitpid(other, 0)


@pytest.mark.usefixtures("reaping")
async def test_zombies_behind_a_known_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal for several children comes once, when the first of them was still to be waited for."""
    monkeypatch.setattr(children, "_reaps_others", True)
    code = exit_of(start_shell("exit 1"))
    other = start_shell("exit 2")
    os.waitid(os.P_PID, other, os.WEXITED | os.WNOWAIT)
    assert is_left(other)
    assert 1 == await asyncio.wait_for(code, SECONDS)
    assert not is_left(other)


@pytest.mark.usefixtures("reaping")
async def test_reaping_goes_on_after_a_known_child() -> None:
    """One child that is waited for would keep all zombies behind it."""
    loop = asyncio.get_running_loop()
    children.reap_orphans(known=os.getpid())
    try:
        code = exit_of(start_shell("exit 1"))
        other = start_shell("exit 2")
        assert 1 == await asyncio.wait_for(code, SECONDS)
        while is_left(other):
            await asyncio.sleep(0)
    finally:
        loop.remove_signal_handler(signal.SIGCHLD)


@pytest.mark.skipif(sys.platform != "linux", reason="subreapers are Linux's")
def test_subreaper() -> None:
    """Forks would be init's children, and how they end nobody would learn."""
    script = (
        "import os, subprocess, sys\n"
        "from rdit_lsp.process.posix import children\n"
        "assert children.adopt_orphans()\n"
        "sh = subprocess.run(['sh', '-c', 'sleep 0 & exit 0'], check=True)\n"
        "print(os.wait()[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=SECONDS
    )
    assert b"0\n" == done.stdout
