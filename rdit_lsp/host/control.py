"""What the command line asks a host for: `ps`, `stop` and `attach`, as lines of JSON.

Knows sessions; nothing of how a terminal shows what is said.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

from rdit_lsp.api import encode
from rdit_lsp.document.uris import is_file, path_of
from rdit_lsp.host.follower import Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rdit_lsp.host.connection import Connection
    from rdit_lsp.session.hub import Hub
    from rdit_lsp.session.session import Session


_SHOWN = ("uri", "state", "pid", "python", "queued", "clients", "startedAt", "detachedSince")
"""What `ps` has of a session's status."""


class Control:
    """The commands of one connection."""

    def __init__(self, hub: Hub, connection: Connection, end_host: Callable[[], None]) -> None:
        self._hub = hub
        self._connection = connection
        self._end_host = end_host

    async def serve(self) -> None:
        """Answer until the client goes. Raises OSError once it has gone."""
        while line := await self._connection.line():
            await self._answer(_decode(line))

    async def _answer(self, request: dict[str, Any]) -> None:
        command, path = request.get("command"), str(request.get("path"))
        if command == "ps":
            await self._connection.send(await self._ps())
        elif command == "stop":
            await self._connection.send({"stopped": await self._stop(path)})
        elif command == "stopAll":
            await self._connection.send({"stopped": sum(_has_program(s) for s in self._hub)})
            self._end_host()
        elif command == "attach":
            await self._attach(path)
        else:
            await self._connection.send({"error": f"{command!r} is no command of this host"})

    async def _ps(self) -> dict[str, Any]:
        host = self._hub.host
        rows = await asyncio.gather(*map(_row, self._hub))
        return {"host": None if host is None else encode.host_info(host), "sessions": rows}

    async def _stop(self, path: str) -> bool:
        found = [session for session in self._of_file(path) if _has_program(session)]
        for session in found:
            # Those who have it open keep its results; otherwise there is nothing to keep it for.
            await (session.stop() if session.attachments else self._hub.stop(session))
        return bool(found)

    async def _attach(self, path: str) -> None:
        session = next(iter(self._of_file(path)), None)
        await self._connection.send({"attached": session is not None})
        if session is None:
            return
        follower = Follower(session)
        try:
            await follower.follow(self._connection)
        finally:
            follower.close()

    def _of_file(self, path: str) -> Iterable[Session]:
        """The sessions of a file, by whichever of its names."""
        names = {path, os.path.realpath(path)}
        for session in self._hub:
            own = path_of(session.uri)
            if is_file(session.uri) and names & {own, os.path.realpath(own)}:
                yield session


def _decode(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _has_program(session: Session) -> bool:
    return session.status.has_program or session.status.running is not None


async def _row(session: Session) -> dict[str, Any]:
    """One entry of `sessions` in the answer to `ps`."""
    status = encode.session_status(session.status)
    uri = status["uri"]
    return {
        "file": path_of(uri) if is_file(uri) else None,
        **{name: status[name] for name in _SHOWN if name in status},
        "memory": await session.memory(),
    }
