"""The processes that a test has started, directly or through others.

A process that was started by a worker of an editor's server has no ancestor among the test's processes
once those have ended, so neither parents nor process groups find it. Each keeps the environment that it
was started with.
"""

from __future__ import annotations

import os
import select
import signal
import time
import uuid
from pathlib import Path

VARIABLE = "RDIT_EDITOR_TEST"


class Processes:
    """All processes whose environment carries this test's mark."""

    def __init__(self) -> None:
        self.environment = {VARIABLE: uuid.uuid4().hex}
        self._mark = f"{VARIABLE}={self.environment[VARIABLE]}".encode()

    def alive(self) -> list[int]:
        """The process ids of those that have not ended, zombies left out."""
        found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [pid for pid in found if self._is_ours(pid)]

    def wait_until_none(self, limit: float = 60.0) -> None:
        """Return as soon as none is alive; after `limit` seconds fail and name those that are."""
        until = time.monotonic() + limit
        while pids := self.alive():
            if time.monotonic() > until:
                raise AssertionError(f"still alive: {[_command(pid) for pid in pids]}")
            _wait_for_end(pids[0], until)

    def kill(self) -> None:
        """End whatever is left, so that a failed test does not burden the next one."""
        for pid in self.alive():
            _kill(pid)

    def _is_ours(self, pid: int) -> bool:
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            # It has ended in the meantime, or is another user's.
            return False
        return self._mark in environment.split(b"\0")


def _wait_for_end(pid: int, until: float) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
    finally:
        os.close(descriptor)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        # It has ended by itself.
        return


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return f"{pid}, ended"
