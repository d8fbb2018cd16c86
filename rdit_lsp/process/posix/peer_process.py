"""Another process of this user's, by its id and the time it began: wake it, kill it, wait for its end."""

from __future__ import annotations

import os
import signal
import time

from rdit_lsp.process.posix.groups import began

_NAP = 0.01


def is_alive(pid: int, since: int) -> bool:
    """Whether it is still the process that began at `since`, in ticks; 0 where the system does not say."""
    if since:
        return began(pid) == since
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def wake(pid: int) -> None:
    """Send SIGUSR1, by which a host looks after its socket."""
    os.kill(pid, signal.SIGUSR1)


def kill(pid: int, since: int) -> None:
    """Send SIGKILL."""
    if is_alive(pid, since):
        os.kill(pid, signal.SIGKILL)


def wait_for_end(pid: int, since: int, seconds: float) -> bool:
    """Wait until it has ended, but no longer than that; whether it has."""
    deadline = time.monotonic() + seconds
    while is_alive(pid, since):
        if time.monotonic() > deadline:
            return False
        time.sleep(_NAP)
    return True
