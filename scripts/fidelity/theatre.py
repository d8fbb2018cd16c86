"""Where one script is played: folders for its runs, sessions over its texts, and clean runs of them.

What a clean run is and what must be the same in two is said in `tests/support/oracle.py`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from functools import partial
from typing import TYPE_CHECKING

from sources import CACHE
from support import oracle
from support.sessions import Place, open_session

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sources import Script

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.events import SessionObserver

SECONDS = 8.0
"""Seconds a run may take; an edit can make a script endless."""

_LEVELLED = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"line \d+"), "line"),
    (re.compile(r"\.py:\d+"), ".py"),
    (re.compile(r"tmp[a-z0-9_]{8}"), "tmp"),
)
"""What differs between two runs of one program, or where a line above has come or gone."""
_QUOTED = re.compile(r"^ {4,}.*\n", re.MULTILINE)
"""Source in a traceback: a comment or a `;` may have come since."""
_LONG = 2000


class Theatre:
    """One script, its interpreter and a folder for its runs."""

    def __init__(self, script: Script, python: Path, work: Path, guard: Guard) -> None:
        self.script = script
        self.guard = guard
        self._python = python
        self._work = work

    def folder(self, name: str, like: Path | None = None) -> Path:
        """A new copy of the script's folder, or of one like it where runs have left files.

        Names of equal length make paths of equal length.
        """
        place = self._work / name
        shutil.rmtree(place, ignore_errors=True)
        folder = place / self.script.path.parent.name
        if like is not None or self.script.folder.is_dir():
            shutil.copytree(like or self.script.folder, folder, symlinks=True)
        else:
            folder.mkdir(parents=True)
            shutil.copy(self.script.path, folder)
        (place / "tmp").mkdir()
        return folder

    def place(self, folder: Path) -> Place:
        """The script in this folder; one thread and a fixed hash seed make runs repeatable."""
        environment = {
            "MPLCONFIGDIR": str(CACHE / "matplotlib"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(folder.parent / "tmp"),
        }
        return Place(folder, self.script.name, str(self._python), environment)

    def open(self, lines: list[str], folder: Path, observer: SessionObserver) -> Attachment:
        """A session over this text, with checkpoints."""
        return open_session("\n".join(lines), self.place(folder), observer, self.guard)


class CleanRuns:
    """Clean runs of one script's texts, each done once, and twice more where there is doubt."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._known: dict[str, dict[int, oracle.Essence]] = {}
        self.slow: set[str] = set()
        """Texts that take too long to be run."""

    async def of(self, lines: list[str]) -> dict[int, oracle.Essence] | None:
        """What each statement gives; None where the text does not compile or takes too long."""
        text = "\n".join(lines)
        if text not in self._known:
            self._known[text] = await self._run(text, self._theatre.folder("pure"))
        found = self._known[text]
        return None if text in self.slow or -1 in found else found

    async def unsteady(self, lines: list[str], folder: Path) -> set[int]:
        """Statements that do not give the same in three clean runs.

        The last of them meets the files that the walk has left in `folder`.
        """
        text = "\n".join(lines)
        first = self._known[text]
        others = [
            await self._run(text, self._theatre.folder("pure", like)) for like in (None, folder)
        ]
        indexes = {index for run in (first, *others) for index in run}
        return {i for i in indexes for other in others if other.get(i) != first.get(i)}

    async def _run(self, text: str, folder: Path) -> dict[int, oracle.Essence]:
        place = self._theatre.place(folder)
        report = await oracle.clean_run(text, place, self._theatre.guard, timeout=SECONDS)
        if report.status in ("timeout", "crashed"):
            self.slow.add(text)
        return oracle.essences(report.views, partial(level, folder))


def fresh_in(views: Iterable[View], folder: Path) -> dict[int, oracle.Essence]:
    """What is shown as fresh of a run in `folder`."""
    return oracle.fresh_essences(views, partial(level, folder))


def level(folder: Path, kind: str, text: str) -> str:
    """A text without what two clean runs in folders like `folder` may differ in."""
    if kind == "error":
        text = _QUOTED.sub("", f"{text}\n")
    text = text.replace(str(folder.parent), "@")
    for pattern, by in _LEVELLED:
        text = pattern.sub(by, text)
    if len(text) <= _LONG:
        return text
    return f"{text[:200]}… {len(text)} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
