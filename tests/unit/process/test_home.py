"""Where a worker finds the server again."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from support.far_end import SECONDS

from rdit_lsp.process.home import Home

if TYPE_CHECKING:
    from pathlib import Path


async def test_worker_comes_back(tmp_path: Path) -> None:
    """A program that closes all descriptors would be lost."""
    came: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
    home = Home(tmp_path / "home", came.set_result)
    home.listen()
    with socket.socket(socket.AF_UNIX) as far:
        far.connect(str(home.path))
        with await asyncio.wait_for(came, SECONDS) as near:
            far.sendall(b"here")
            assert b"here" == near.recv(4)
    home.close()


async def test_nothing_is_left(tmp_path: Path) -> None:
    """The server's folder would fill with sockets of programs that are gone."""
    home = Home(tmp_path / "home", lambda connection: connection.close())
    home.listen()
    assert home.path.exists()
    home.close()
    assert not home.path.exists()
    home.close()  # As after a start that failed.
