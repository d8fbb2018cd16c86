"""Child processes of the server and their ends, also of those that another process of its made.

Knows process ids and how they are waited for; nothing of what the processes do.

Copies of workers are grandchildren whose parents have ended. Linux hands such orphans to the nearest
ancestor that asked for them (`PR_SET_CHILD_SUBREAPER`), which is how the server learns how they ended. It
gets the background processes of user programs in the same way, and has to bury them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_CHILD_SUBREAPER = 36

_known: set[int] = set()
"""Children that somebody here waits for."""


class Child:
    """A process whose end the server waits for."""

    def __init__(
        self, pid: int, on_exit: Callable[[int], None], wait: Callable[[], int] | None = None
    ) -> None:
        """`on_exit` is called with the exit code, -N for signal N. `wait` blocks and returns that code."""
        self.pid = pid
        self.on_exit = on_exit
        self._wait = wait or self._wait_for_adopted
        _known.add(pid)
        loop = asyncio.get_running_loop()
        try:
            self._fd = os.pidfd_open(pid)
        except (AttributeError, OSError):
            waiting = loop.run_in_executor(None, self._wait)
            waiting.add_done_callback(lambda done: self._ended(done.result()))
        else:
            loop.add_reader(self._fd, self._exited)

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _exited(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self._ended(self._wait())

    def _ended(self, code: int) -> None:
        _known.discard(self.pid)
        self.on_exit(code)
        if _buries_others:
            bury_others()

    def _wait_for_adopted(self) -> int:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            return 0  # It was never adopted, so nobody can say how it ended.


_adopts = False
_buries_others = False


def adopt_orphans() -> bool:
    """Be the parent of descendants that lose theirs, from now on. Returns whether that is possible."""
    global _adopts
    if not _adopts and sys.platform == "linux":
        import ctypes  # Not before: most servers are ended without it.

        _adopts = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    return _adopts


def bury_orphans(known: int) -> None:
    """From now on wait for every child that nobody here knows, whenever one ends, but not for `known`.

    For a process that has no other children: the server.
    """
    global _buries_others
    _buries_others = True
    _known.add(known)
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, bury_others)


def bury_others() -> None:
    """Wait for the children that have ended and that nobody here knows."""
    with suppress(ChildProcessError):
        # Looked at first, without waiting for it: somebody may want to know how it ended.
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if found.si_pid in _known:
                return  # Who waits for it will come back here.
            os.waitpid(found.si_pid, 0)
