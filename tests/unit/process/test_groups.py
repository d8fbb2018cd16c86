"""What `/proc` says of groups and of processor time."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.far_end import start_sleeper

from rdit_lsp.process.posix import groups

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def test_living_members_of_a_group() -> None:
    """A child of a program that was killed would be forgotten, or one that is gone waited for."""
    pid = start_sleeper()
    assert {pid} == groups.members(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # It is a zombie now.
    assert set() == groups.members(pid)
    os.waitpid(pid, 0)


def test_children_are_members() -> None:
    """Ending the processes that a program has started would end none of them."""
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True
    )
    assert shell.stdout is not None
    child = int(shell.stdout.readline())
    assert {shell.pid, child} == groups.members(shell.pid)
    os.killpg(shell.pid, signal.SIGKILL)
    shell.communicate()


def test_time_of_what_runs_and_of_what_sleeps(tmp_path: Path) -> None:
    """The signal to be inspected would come while a program is in a write, or never."""
    pid = start_sleeper()
    fd = os.pidfd_open(pid)
    while groups.ticks_of_runnable(pid) is not None:
        assert not select.select([fd], [], [], 0)[0]  # It has begun, and does not sleep yet.
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)
    assert groups.ticks_of_runnable(pid) is None
    own = groups.ticks_of_runnable(os.getpid())
    assert own is not None
    while groups.ticks_of_runnable(os.getpid()) == own:
        sum(range(10_000))  # Until the clock has ticked.
    later = groups.ticks_of_runnable(os.getpid())
    assert later is not None
    assert later > own
