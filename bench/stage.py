"""What one row sets up: servers, kernels, files. All of it ends with the row."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from support.lsp_client import LspClient

from bench.floor import Floor
from bench.kernel import Kernel
from bench.server import COMMAND_LINE, Rdit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from bench.server import Document

C = TypeVar("C", bound=LspClient)


class Stage:
    """Used as a context manager; what is asked of it is ended in reverse order."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def rdit(self, env: Mapping[str, str] | None = None, **settings: object) -> Rdit:
        """A started server; `settings` are further keys of the section `rdit`."""
        return self.ends(await Rdit.begin(self.folder(), env, **settings))

    def host(self) -> Mapping[str, str]:
        """The environment in which servers have a host of their own, which ends with the row."""
        folder = self.folder()
        env = {"RDIT_HOST": "auto", "RDIT_HOST_DIR": str(folder), "RDIT_CACHE_DIR": f"{folder}/c"}
        stop = [COMMAND_LINE, "stop", "--all"]
        self._stack.callback(subprocess.run, stop, env={**os.environ, **env}, check=True)
        return env

    async def ran(self, text: str, **settings: object) -> Document:
        """A document that has run, in a server of its own."""
        return await (await self.rdit(None, **settings)).ran(text)

    def kernel(self) -> Kernel:
        """ipykernel, which has run something."""
        kernel = self._stack.enter_context(Kernel())
        kernel.run("1+1")
        return kernel

    def floor(self) -> Floor:
        """A child behind two pipes, which has run something."""
        floor = self._stack.enter_context(Floor())
        floor.run("1+1")
        return floor

    def folder(self) -> Path:
        """A new folder."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    def python(self, source: str) -> Callable[[], object]:
        """A function that runs a file with this source with plain Python."""
        path = self.folder() / "script.py"
        path.write_text(source, encoding="utf-8")
        return lambda: subprocess.run([sys.executable, path], check=True, capture_output=True)

    def ends(self, client: C) -> C:
        """Shut a server down at the end."""
        self._stack.push_async_callback(_end, client)
        return client

    def at_end(self, action: Callable[[], Awaitable[object]]) -> None:
        """Do something at the end, before what was set up earlier is ended."""
        self._stack.push_async_callback(action)


async def _end(client: LspClient) -> None:
    try:
        await client.close()
    finally:
        if client.process.returncode is None:
            client.process.kill()
