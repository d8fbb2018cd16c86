"""The socket at which a worker finds the server again after user code has closed its end of the channel.

Knows a path and what connects to it; nothing of what is said.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Home:
    """A listening socket in the server's private folder."""

    def __init__(self, path: Path, on_connection: Callable[[socket.socket], None]) -> None:
        """Call `listen` next."""
        self.path = path
        self._on_connection = on_connection
        self._socket: socket.socket | None = None

    def listen(self) -> None:
        """Take connections from now on."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(self.path))
        self._socket.listen(1)
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Take no more, and remove the path."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        assert self._socket is not None
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return  # It hung up before it was accepted.
        self._on_connection(connection)
