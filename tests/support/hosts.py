"""Hosts under test, each in a folder of its own, and what is left of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support import processes
from support.editor import RDIT_LSP, Editor, Kind
from support.lsp_client import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Kind("neovim", ("utf-16",), '{"rdit": {"resultNotifications": true}}')
"""An editor with a client of rdit's own."""

_RDIT = Path(sys.executable).with_name("rdit")

PATCHED = """\
import sys
{patches}
from rdit_lsp.__main__ import rdit_lsp
sys.argv = ["rdit-lsp"]
rdit_lsp()
"""
"""A forwarder, and the host that it starts, with some values changed."""


class Hosts:
    """The host of one folder, the editors that use it, and the command line."""

    def __init__(self) -> None:
        # Not pytest's folder, whose path may be too long for a socket.
        self.folder = Path(tempfile.mkdtemp(prefix="rdit-test-"))
        self.env: dict[str, str] = {
            "RDIT_HOST": "auto",
            "RDIT_HOST_DIR": str(self.folder / "host"),
            "RDIT_CACHE_DIR": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"),
        }
        (self.folder / "tmp").mkdir()
        self.editors: list[Editor] = []
        self.mistakes: tuple[str, ...] = ()
        """How the last lines of tracebacks begin that are to be expected in the log."""

    @property
    def place(self) -> Path:
        """The folder of socket, lock and log."""
        return Path(self.env["RDIT_HOST_DIR"])

    @property
    def pid(self) -> int:
        """The process of the host."""
        return int((self.place / "host-1.pid").read_text().split()[0])

    @property
    def guard(self) -> int:
        """The process of its guard: its only child that runs no user code."""
        return self.guards_of(self.pid)[0]

    def guards_of(self, pid: int) -> list[int]:
        """The guards among a process's children."""
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [child for child in map(int, children) if is_guard(child)]

    async def start(
        self,
        kind: Kind = RESULTS,
        *,
        env: Mapping[str, str] | None = None,
        patches: Sequence[str] = (),
        root: Path | None = None,
        cwd: Path | None = None,
    ) -> Editor:
        """An editor whose server is the host, which is started if there is none."""
        editor = Editor()
        command: list[str | Path] = [RDIT_LSP]
        if patches:
            command = [sys.executable, "-c", PATCHED.format(patches="\n".join(patches))]
        self.editors.append(editor)
        await editor.launch(command, env={**self.env, **(env or {})}, cwd=cwd)
        await editor.say_hello(kind, root)
        return editor

    def rdit(self, *arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return subprocess.run(
            [_RDIT, *arguments],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            env={**os.environ, **self.env},
            **how,
        )

    async def ps(self) -> dict[str, Any]:
        """What `rdit ps --json` writes."""
        done = await asyncio.to_thread(self.rdit, "ps", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def processes(self) -> dict[int, str]:
        """Every living process that comes from this host or an editor of it."""
        return processes.with_variable("RDIT_HOST_DIR", self.env["RDIT_HOST_DIR"])

    async def all_gone(self) -> None:
        """Wait until there is none."""
        while found := self.processes():
            for pid, command in found.items():
                await processes.ended(pid, command)

    async def close(self) -> None:
        """End everything; the host owns what is left, and leaves nothing itself."""
        for editor in self.editors:
            if editor.process.returncode is None:
                editor.process.kill()
                await editor.wait_until_gone()
        done = await asyncio.to_thread(self.rdit, "stop", "--all")
        assert done.returncode == 0, done.stderr
        try:
            await self.all_gone()
        finally:
            for pid in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert [] == self._tracebacks(), (self.place / "host-1.log").read_text()
        assert [] == self._tracebacks(), (self.place / "host-1.log").read_text()
        left = {path.name for path in self.place.iterdir()} if self.place.is_dir() else set()
        assert set() == left - {"host-1.lock", "host-1.log", "host-1.log.old"}
        assert [] == list((self.folder / "tmp").iterdir())
        shutil.rmtree(self.folder)

    def _tracebacks(self) -> list[str]:
        """The last lines of tracebacks in the log: mistakes of rdit's own."""
        log = self.place / "host-1.log"
        lines = log.read_text().splitlines() if log.is_file() else []
        found = [line for line in lines if re.match(r"(\w+\.)*\w+Error\b", line)]
        return [line for line in found if not line.startswith(self.mistakes)]


def is_guard(pid: int) -> bool:
    """Whether a child of a host is its guard: a fork of it, or an interpreter of its own."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False  # It has ended.
    return b"rdit-lsp" in command or b"guard.py" in command or b"rdit_lsp.__main__" in command


def remarks(editor: Editor) -> list[str]:
    """The messages that the server has logged at the editor, so far."""
    return [params["message"] for params in editor.received("window/logMessage")]
