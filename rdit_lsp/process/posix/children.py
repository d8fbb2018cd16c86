"""Child processes of the server and how they exit, including orphans it adopts as subreaper.

Knows process ids and how they are waited for; nothing of what the processes do.

Forks of workers are grandchildren whose parents have exited. Linux hands such orphans to the nearest
ancestor that asked for them (`PR_SET_CHILD_SUBREAPER`), which is how the server gets their exit codes. It
adopts the background processes of user programs in the same way, and has to reap them.
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
"""Ids of the children that a `Child` waits for, or the caller of `leave_out`."""


class Child:
    """A process that the server waits for."""

    def __init__(
        self, pid: int, on_exit: Callable[[int], None], wait: Callable[[], int] | None = None
    ) -> None:
        """`on_exit` is called with the exit code, -N for signal N. `wait` blocks and returns that code.

        Without `wait` the process is one that the server has adopted.
        """
        self.pid = pid
        self.on_exit = on_exit
        self._wait = wait or self._wait_for_adopted
        _known.add(pid)
        loop = asyncio.get_running_loop()
        try:
            self._fd = os.pidfd_open(pid)
        except (AttributeError, OSError):
            waiting = loop.run_in_executor(None, self._wait)
            waiting.add_done_callback(lambda done: self._reaped(done.result()))
        else:
            loop.add_reader(self._fd, self._reap)

    def kill(self) -> None:
        """Send SIGKILL."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self._reaped(self._wait())

    def _reaped(self, code: int) -> None:
        _known.discard(self.pid)
        self.on_exit(code)
        if _reaps_others:
            reap_others()

    def _wait_for_adopted(self) -> int:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            return 0  # It was never adopted, so its exit code went to another process.


_adopts = False
_reaps_others = False


def adopt_orphans() -> bool:
    """Become the parent of descendants that lose theirs. Returns whether that is possible."""
    global _adopts
    if not _adopts and sys.platform == "linux":
        import ctypes  # Not before: a server that starts no program needs none.

        _adopts = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    return _adopts


def reap_orphans(known: int) -> None:
    """From now on reap every child that no `Child` waits for, whenever one exits, except `known`.

    For a process that has no other children: the server.
    """
    global _reaps_others
    _reaps_others = True
    leave_out(known)
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, reap_others)


def leave_out(pid: int) -> None:
    """Leave the child `pid` to the caller, which reaps it and then says so by `reaped`."""
    _known.add(pid)


def reaped(pid: int) -> None:
    """The caller has reaped the child `pid`, which it had left out."""
    _known.discard(pid)
    if _reaps_others:
        reap_others()


def reap_others() -> None:
    """Reap the children that have exited and that no `Child` waits for."""
    with suppress(ChildProcessError):
        # WNOWAIT first: the exit code of a known child belongs to the one that waits for it.
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if found.si_pid in _known:
                # `waitid` would find it again and again. Its `Child` goes on here once it has reaped it.
                return
            os.waitpid(found.si_pid, 0)
