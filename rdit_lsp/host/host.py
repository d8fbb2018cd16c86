"""The host: serves clients of every kind on one socket, over sessions that outlive them.

One language server for each editor, with the editor's own streams; commands of the command line. It ends
when there is nothing to serve. Knows connections; what is said to editors is in `lsp`, and what happens to
documents in `session`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from rdit_lsp.host.code_on_disk import CodeOnDisk
from rdit_lsp.host.connection import Connection, GreetingError, Hello, answer
from rdit_lsp.host.control import Control
from rdit_lsp.host.greeting import TAKEN, peer_of
from rdit_lsp.host.listener import Listener
from rdit_lsp.lsp.server import converse, create_server, watch_processes
from rdit_lsp.lsp.transport import Transport
from rdit_lsp.process.posix.group_record import TOUCH
from rdit_lsp.process.posix.groups import began
from rdit_lsp.results.archive import Archive, cache_folder
from rdit_lsp.session.client import Client
from rdit_lsp.session.hub import Hub
from rdit_lsp.session.status import HostInfo
from rdit_lsp.version import VERSION, is_older

if TYPE_CHECKING:
    import socket

    from rdit_lsp.host.place import Place
    from rdit_lsp.process.posix.guard import Guard

log = logging.getLogger(__name__)

IDLE = 60.0
"""Seconds without clients and sessions after which it ends."""
UPKEEP = 10.0
"""Seconds between two looks at the socket's file, and at whether there is something to serve."""


_GREETING_TAKES = 10.0
"""Seconds that a client has to introduce itself."""
_GOING_TAKES = 5.0
"""Seconds that connections have to end when the host does."""


class Host:
    """The sessions of one user, and who is connected."""

    def __init__(
        self, place: Place, listening: socket.socket, guard: Guard, *, ends_when_idle: bool
    ) -> None:
        """Call `run` next."""
        info = HostInfo(os.getpid(), VERSION, datetime.now(timezone.utc))
        self.hub = Hub(guard, info, Archive(cache_folder()))
        self._listener = Listener(place, listening, self._connected)
        self._guard = guard
        self._ends_when_idle = ends_when_idle
        self._connections: set[asyncio.Task[None]] = set()
        self._busy_at = time.monotonic()
        """When there was something to serve the last time; it stands still while the machine sleeps."""
        self._touched = time.monotonic()
        self._code = CodeOnDisk()
        self._began = began(os.getpid())
        self._is_over = asyncio.Event()

    async def run(self) -> None:
        """Serve until there is nothing to serve, or a signal ends it."""
        watch_processes(self._guard)
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self._is_over.set)
        # A handler, not `SIG_IGN`, which the programs it starts would inherit.
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        self._listener.open()
        try:
            while not self._is_over.is_set():
                await self._look_after()
                await self._wait(UPKEEP)
        finally:
            await self._listener.close()
            await self.hub.close_all()
            await self._end_connections()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing that would be lost if it ended: no session, no other client."""
        others = len(self._connections) - (asyncio.current_task() in self._connections)
        return not others and not self.hub.is_used

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._is_over.wait(), seconds)
        except asyncio.TimeoutError:
            return

    async def _look_after(self) -> None:
        self._listener.look_after()
        if time.monotonic() - self._touched >= TOUCH:
            self._touched = time.monotonic()
            self._listener.touch()
            self._guard.touch()
        if not self.is_idle:
            self._busy_at = time.monotonic()
        elif self._ends_when_idle and time.monotonic() - self._busy_at >= IDLE:
            await self._retire()

    async def _retire(self) -> bool:
        """End unless a client comes at this moment; whether it ends."""
        if await self._listener.close(patiently=True):
            self._is_over.set()
        return self._is_over.is_set()

    async def _end_connections(self) -> None:
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_GOING_TAKES)

    # Connections.

    def _connected(self, connected: socket.socket) -> None:
        if peer_of(connected) not in (None, os.getuid()):
            log.error("a process of another user has connected, and is not served")
            connected.close()
            return
        task = asyncio.create_task(self._serve(Connection(connected)))
        self._connections.add(task)
        task.add_done_callback(self._disconnected)

    def _disconnected(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        self._busy_at = time.monotonic()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a connection has ended by a mistake of rdit's", exc_info=error)

    async def _serve(self, connection: Connection) -> None:
        try:
            line = await asyncio.wait_for(connection.line(), _GREETING_TAKES)
            if line:  # Others only look whether there is a host.
                await self._serve_role(connection, Hello.decode(line))
        except (GreetingError, asyncio.TimeoutError, OSError) as error:
            log.info("a connection has ended: %s", error)
        finally:
            connection.close()

    async def _serve_role(self, connection: Connection, hello: Hello) -> None:
        if hello.role == "lsp":
            await self._serve_editor(connection, hello)
        else:
            await connection.send(answer(accepted=True, began=self._began))
            await Control(self.hub, connection, self._is_over.set).serve()

    # Editors.

    async def _serve_editor(self, connection: Connection, hello: Hello) -> None:
        remark = self._out_of_date(hello)
        if remark is not None and self.is_idle and await self._retire():
            await connection.send(answer(accepted=False, began=self._began))
            return
        await connection.send(answer(accepted=True, began=self._began))
        incoming, outgoing, early = await asyncio.wait_for(connection.streams(), _GREETING_TAKES)
        try:
            await connection.send_line(TAKEN)
        except OSError:
            os.close(incoming)
            os.close(outgoing)
            raise
        client = Client(pid=hello.pid, environ=hello.environment, umask=hello.umask)
        server = create_server(self.hub, client, remark)
        transport = await Transport.open(incoming, outgoing, early)
        watching = asyncio.create_task(_close_with(connection, transport))
        try:
            code = await converse(server, transport)
        finally:
            watching.cancel()
            server.leave()
            await transport.finish()
        await connection.send_line(b"%d" % code)

    def _out_of_date(self, hello: Hello) -> str | None:
        """A sentence for a client that expects newer code than this process runs."""
        if is_older(VERSION, hello.version):
            which = f"is rdit {VERSION}, older than this rdit-lsp ({hello.version})"
        elif self._code.has_changed():
            which = "was started before rdit was installed anew"
        else:
            return None
        return (
            f"The host {which}, and goes on as it has programs: `rdit stop --all` ends them and it."
        )


async def _close_with(connection: Connection, transport: Transport) -> None:
    """Close an editor's streams once its forwarder has died."""
    await connection.gone()
    transport.abort()
