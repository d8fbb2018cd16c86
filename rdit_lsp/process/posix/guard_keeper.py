"""Replaces a guard that is killed, at once: the next thing to be killed may be the server.

For servers, which live long. Knows the guard's process; nothing of what it guards.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from rdit_lsp.process.posix import children

if TYPE_CHECKING:
    from rdit_lsp.process.posix.guard import Guard

log = logging.getLogger(__name__)

_INTERVAL = 1.0
"""Seconds between two looks at a guard where the system does not say that it has exited."""
_AGAIN = 5.0
"""Seconds until a replacement is tried again that could not be started."""


def keep(guard: Guard) -> None:
    """From now on replace the guard whenever it has been killed, as long as the event loop runs."""
    children.leave_out(guard.pid)
    loop = asyncio.get_running_loop()
    try:
        fd = os.pidfd_open(guard.pid)
    except (AttributeError, OSError):
        # A thread that waits for it would keep the server from exiting.
        loop.call_later(_INTERVAL, _look, guard)
    else:
        loop.add_reader(fd, _exited, guard, fd)


def _look(guard: Guard) -> None:
    try:
        is_alive = os.waitpid(guard.pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        is_alive = False
    if is_alive:
        asyncio.get_running_loop().call_later(_INTERVAL, _look, guard)
    else:
        _replace(guard)


def _exited(guard: Guard, fd: int) -> None:
    asyncio.get_running_loop().remove_reader(fd)
    os.close(fd)
    with suppress(ChildProcessError):
        os.waitpid(guard.pid, 0)
    _replace(guard)


def _replace(guard: Guard) -> None:
    children.reaped(guard.pid)
    try:
        guard.replace()
    except OSError as error:
        log.error("the guard was killed, and another one cannot be started: %s", error)
        asyncio.get_running_loop().call_later(_AGAIN, _replace, guard)
    else:
        log.warning("the guard was killed; process %d is in its place", guard.pid)
        keep(guard)
