"""The socket of a host, and the files beside it: there as long as the host is, and no longer.

Knows files and a socket; nothing of what is said on it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from rdit_lsp.host import place as places
from rdit_lsp.host.place import NoHostError
from rdit_lsp.host.start import BACKLOG, Lock, connect, listen
from rdit_lsp.process.posix.groups import began

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.host.place import Place

log = logging.getLogger(__name__)

_AGAIN = 1.0
"""Seconds until connections are taken again where there were no descriptors left for one."""
_LOCK_TAKES = 2.0
_NAP = 0.01


class Listener:
    """Takes connections at the place of the host."""

    def __init__(
        self,
        place: Place,
        listening: socket.socket,
        on_connection: Callable[[socket.socket], None],
    ) -> None:
        """`listening` is bound to the place already. Call `open` next."""
        self._place = place
        self._socket = listening
        self._on_connection = on_connection
        self._is_closed = False
        self._identity: tuple[int, int] | None = None
        """Device and inode of the socket's file."""

    def open(self) -> None:
        """Take connections from now on."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._make_again)
        self._serve(self._socket)
        self._write_process()

    def touch(self) -> None:
        """Keep cleaners away from the files."""
        place = self._place
        for path in (place.folder, place.socket, place.lock, place.process, place.log):
            with suppress(OSError):
                os.utime(path)

    def look_after(self) -> None:
        """Make again what a cleaner has removed."""
        if self._is_there() or self._is_closed:
            return
        lock = Lock(self._place)
        try:
            places.make(self._place)
            if lock.take():
                try:
                    self._make_again()
                finally:
                    lock.release()
        except NoHostError as error:
            log.warning("the host's socket is gone, and cannot be made again: %s", error)

    async def close(self, *, patiently: bool = False) -> bool:
        """Take no more connections, and remove the files. Returns whether that was done.

        `patiently`: not while a client connects or starts a host, and would find this one gone.
        """
        if self._is_closed:
            return True
        lock = Lock(self._place)
        is_locked = await _take(lock)
        if patiently and (is_locked is False or self._accept()):
            if is_locked:
                lock.release()
            return False
        self._is_closed = True
        self._stop_serving()
        if self._is_there():
            for path in (self._place.socket, self._place.process):
                with suppress(OSError):
                    os.unlink(path)
        if is_locked:
            lock.release()
        return True

    def _make_again(self) -> None:
        """Make the files again that were removed. Needs the lock, which may be held for this host."""
        if self._is_there() or self._is_closed:
            return
        try:
            other = connect(self._place)
            if other is not None:
                other.close()
                log.warning("another host has taken the place of this one")
                return
            fresh = socket.socket(fileno=listen(self._place).detach())
        except (NoHostError, OSError) as error:
            log.warning("the host's socket is gone, and cannot be made again: %s", error)
            return
        log.warning("the host's socket was removed, and is made again")
        self._stop_serving()
        self._serve(fresh)
        self._write_process()

    def _is_there(self) -> bool:
        try:
            found = os.stat(self._place.socket)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def _serve(self, listening: socket.socket) -> None:
        self._socket = listening
        with suppress(OSError):
            found = os.stat(self._place.socket)
            self._identity = found.st_dev, found.st_ino
        listening.setblocking(False)
        # Also for one that listens already: to clients it is of the process that said so last.
        listening.listen(BACKLOG)
        asyncio.get_running_loop().add_reader(listening, self._accept)

    def _stop_serving(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> bool:
        """Take all that wait; whether there were any."""
        found = False
        while True:
            try:
                connected, _ = self._socket.accept()
            except BlockingIOError:
                return found
            except OSError as error:
                log.error("a connection cannot be taken: %s", error)
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._socket)
                loop.call_later(_AGAIN, self._go_on_with, self._socket)
                return found
            found = True
            self._on_connection(connected)

    def _go_on_with(self, listening: socket.socket) -> None:
        if listening is self._socket and listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self._accept)

    def _write_process(self) -> None:
        """Write who serves: clients that find no socket wake it up, and others name it."""
        new = f"{self._place.process}.new"
        try:
            with open(new, "w", encoding="ascii") as file:
                file.write(f"{os.getpid()} {began(os.getpid()) or 0}")
            os.replace(new, self._place.process)
        except OSError as error:
            log.warning("%s: %s", self._place.process, error.strerror)
            with suppress(OSError):
                os.unlink(new)


async def _take(lock: Lock) -> bool | None:
    """Take the lock as soon as it is free; False where that takes too long, None if there can be none."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _LOCK_TAKES
    try:
        while not lock.take():
            if loop.time() > deadline:
                return False
            await asyncio.sleep(_NAP)
    except NoHostError:
        return None  # The folder is gone, and so is every way to this host.
    return True
