"""A process of its own, that belongs to no terminal and outlives the one that starts it.

A plain fork: start it before any thread or event loop. It costs nothing where a new interpreter would first
have to start. Imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_DESCRIPTORS = 1 << 16
"""What is closed where the system does not say how many there may be: more take too long."""


def detach(run: Callable[[int], None], fd: int, log: str) -> None:
    """Have another process call `run` with `fd` under another number; what it writes goes to `log`.

    Of this process's descriptors it keeps that one only. Raises OSError.
    """
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        # The leader of a session could get a terminal by opening one: its child cannot.
        os.setsid()
        if os.fork() == 0:
            run(_keep_only(fd, log))
    except BaseException:  # noqa: BLE001  (whatever it is, nothing above this may go on in the copy)
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


def _keep_only(fd: int, log: str) -> int:
    """Let go of the folder, the terminal and all descriptors but `fd`; the number it has then."""
    # What is imported later is to be found from elsewhere, too.
    sys.path[:] = [os.path.abspath(path) for path in sys.path]
    os.chdir("/")
    os.umask(0o077)
    kept = os.dup2(fd, 3)
    os.set_inheritable(kept, False)
    os.closerange(kept + 1, min(os.sysconf("SC_OPEN_MAX"), _MOST_DESCRIPTORS))
    null = os.open(os.devnull, os.O_RDWR)
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        out = os.dup(null)  # A full disk: what would be in the log is lost.
    for source, target in ((null, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(out)
    return kept
