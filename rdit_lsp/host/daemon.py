"""The process of the host: what it sets up before it serves, what it removes afterwards, and its log.

Knows processes and files; what is said on the socket is in `host`.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.host.start import Lock, connect, listen
from rdit_lsp.process.posix.group_record import GroupRecord, clean_up
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.posix.limits import raise_limit
from rdit_lsp.process.posix.systemd import give_scope

if TYPE_CHECKING:
    from rdit_lsp.host.place import Place

log = logging.getLogger(__name__)

_LONGEST_LOG = 1 << 19
"""Bytes of the log; as many are kept of what was before it."""


def serve_detached(fd: int, place: Place) -> None:
    """Serve the listening socket `fd` until there is nothing left to serve."""
    with suppress(OSError):
        # What lists of processes show; the command line is that of the process that started it.
        Path("/proc/self/comm").write_text("rdit-host")
    _serve(socket.socket(fileno=fd), place, BoundedLog(place.log), ends_when_idle=True)


def serve_in_foreground(place: Place) -> int:
    """Serve until SIGTERM or Ctrl-C, and log to standard error. Raises NoHostError.

    Returns the exit code.
    """
    with Lock(place):
        if connect(place) is not None:
            print("rdit: a host runs already; `rdit ps` shows it.", file=sys.stderr)
            return 1
        listener = socket.socket(fileno=listen(place).detach())
    _serve(listener, place, logging.StreamHandler(), ends_when_idle=False)
    return 0


def _serve(
    listener: socket.socket, place: Place, handler: logging.Handler, *, ends_when_idle: bool
) -> None:
    raise_limit()
    folder = Path(place.folder)
    left = clean_up(folder)
    # A fork: before any thread, and while there is little to copy.
    guard = Guard(GroupRecord(folder))
    if ends_when_idle:  # A service has a place of its own.
        give_scope("rdit-host", [os.getpid(), guard.pid], os.environ)
    try:
        import asyncio

        from rdit_lsp.host.host import Host
        from rdit_lsp.lsp.server import begin_logging

        begin_logging(handler)
        if left:
            log.warning("cleaned up after %d host(s) that were killed", left)
        asyncio.run(Host(place, listener, guard, ends_when_idle=ends_when_idle).run())
    finally:
        guard.close()


class BoundedLog(logging.StreamHandler):  # type: ignore[type-arg]  # It is generic for checkers only.
    """Standard error, which is a file: a long one is put aside, and another begun."""

    def __init__(self, path: str) -> None:
        super().__init__(sys.stderr)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """As `logging.Handler.emit`."""
        super().emit(record)
        try:
            if os.fstat(2).st_size > _LONGEST_LOG:
                self._begin_anew()
        except OSError:
            return  # A disk that is full, or a folder that was removed: there is no place to say so.

    def _begin_anew(self) -> None:
        os.replace(self._path, f"{self._path}.old")
        new = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for standard in (1, 2):
            os.dup2(new, standard)
        os.close(new)
