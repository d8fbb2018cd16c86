"""Editors for the time of a scene, and nothing left of them afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rdit_editors.editor import Editor
from rdit_editors.processes import Processes
from rdit_editors.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

E = TypeVar("E", bound=Editor)

_RDIT = str(Path(sys.executable).with_name("rdit"))


@contextmanager
def on_stage(kind: type[E], folder: Path) -> Iterator[E]:
    """An unopened editor. After the scene it is quit, and all that it started must end with it.

    After a scene that failed it is not quit: the editor may be in any state, and the failure of the
    scene is the one to report.
    """
    processes = Processes()
    editor = kind(folder, processes)
    try:
        yield editor
        editor.quit()
        processes.wait_until_none()
    finally:
        editor.close()
        processes.kill()


class SharedStage:
    """Editors that have one document open, over one host."""

    def __init__(self, folder: Path) -> None:
        self.processes = Processes()
        self._folder = folder
        # Not pytest's folder, whose path may be too long for a socket.
        self._host = Path(tempfile.mkdtemp(prefix="rdit-host-"))
        self._editors: list[Editor] = []

    def enter(self, kind: type[E]) -> E:
        """One more editor, unopened, with the document of those before it."""
        editor = kind(self._folder / f"{len(self._editors)}-{kind.name}", self.processes)
        editor.hosting = {
            "RDIT_HOST_DIR": str(self._host / "run"),
            "RDIT_CACHE_DIR": str(self._host / "cache"),
        }
        if self._editors:
            editor.document = self._editors[0].document
        self._editors.append(editor)
        return editor

    def rdit(self, *arguments: str) -> str:
        """What the command line says of the host."""
        done = subprocess.run(
            [_RDIT, *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def in_terminal(self, *arguments: str, columns: int, rows: int) -> Terminal:
        """The command line in a terminal."""
        command, cwd = [_RDIT, *arguments], self._editors[0].document.parent
        return Terminal(command, cwd=cwd, env=self._environment(), columns=columns, rows=rows)

    def _environment(self) -> dict[str, str]:
        hosting = self._editors[0].hosting
        return {**self.processes.environment, **hosting, "PATH": "/usr/bin:/bin"}

    def finish(self) -> None:
        """End the host and what it has, and see that nothing is left of it and of the editors."""
        self.rdit("stop", "--all")
        self.processes.wait_until_none()

    def clear(self) -> None:
        """End whatever there still is."""
        for editor in self._editors:
            editor.close()
        self.processes.kill()
        shutil.rmtree(self._host)


@contextmanager
def on_shared_stage(folder: Path) -> Iterator[SharedStage]:
    """A stage for several editors; the scene itself quits those that it does not kill."""
    stage = SharedStage(folder)
    try:
        yield stage
        stage.finish()
    finally:
        stage.clear()
