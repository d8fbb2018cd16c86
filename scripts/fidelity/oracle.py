"""What a clean run of a text gives: a new session in a new folder, without checkpoints."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from typing import TYPE_CHECKING, Any

from sources import CACHE

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.process.spawn import Launch
from rdit_lsp.program.checkpoint_policy import is_due
from rdit_lsp.session.planning import Request
from rdit_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources import Script

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.program.checkpoint_policy import IsDue
    from rdit_lsp.results.snapshot import View

Essence = tuple[Any, ...]
"""What a clean run must repeat of one result."""

SECONDS = 8.0
"""Seconds a run may take; an edit can make a script endless."""
PATIENCE = 60.0
"""Seconds after which a session is hung."""

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


class Silent:
    """A client that shows nothing, and does something when enough has happened."""

    can_answer = False

    def __init__(self) -> None:
        self.after = 0
        self.then: Callable[[], object] | None = None

    def on_change(self) -> None:
        """Count, and do it when it is time."""
        self.after -= 1
        if self.after <= 0 and self.then is not None:
            then, self.then = self.then, None
            asyncio.get_running_loop().call_soon(then)

    def on_output(self, *_: object) -> None:
        """Nothing."""

    def on_result(self, *_: object) -> None:
        """Nothing."""

    def on_input(self, _: str, answer: Callable[[None], None], *, password: bool) -> None:  # noqa: ARG002  (the protocol's name)
        """There is nobody to ask."""
        answer(None)


class Theatre:
    """One script, its interpreter and a folder for its runs."""

    def __init__(self, script: Script, python: Path, work: Path, guard: Guard) -> None:
        self.script = script
        self._python = python
        self._work = work
        self._guard = guard

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

    def open(
        self,
        lines: list[str],
        folder: Path,
        client: Silent,
        *,
        checkpoints: bool,
        is_due: IsDue = is_due,
    ) -> Session:
        """A session over this text; one thread and a fixed hash seed make runs repeatable."""
        file = folder / self.script.name
        environment = {
            "MPLCONFIGDIR": str(CACHE / "matplotlib"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(folder.parent / "tmp"),
        }
        launch = Launch(
            (str(self._python),), str(file), (str(file),), str(folder), environment,
            checkpoints=checkpoints,
        )  # fmt: skip
        document = documents.open_document(file.as_uri(), 1, "\n".join(lines))
        return Session(document, lambda: launch, client, self._guard, is_due=is_due)


class Oracle:
    """Clean runs of one script's texts, each done once, and twice more where there is doubt."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._known: dict[str, dict[int, Essence]] = {}
        self.slow: set[str] = set()
        """Texts that take too long to be run."""

    async def clean(self, lines: list[str]) -> dict[int, Essence] | None:
        """What each statement gives; None where the text does not compile or takes too long."""
        text = "\n".join(lines)
        if text not in self._known:
            self._known[text] = await self._run(lines, self._theatre.folder("pure"))
        found = self._known[text]
        return None if text in self.slow or -1 in found else found

    async def unsteady(self, lines: list[str], folder: Path) -> set[int]:
        """Statements that do not give the same in three clean runs.

        The last of them meets the files that the walk has left in `folder`.
        """
        first = self._known["\n".join(lines)]
        others = [
            await self._run(lines, self._theatre.folder("pure", like)) for like in (None, folder)
        ]
        indexes = {index for run in (first, *others) for index in run}
        return {i for i in indexes for other in others if other.get(i) != first.get(i)}

    async def _run(self, lines: list[str], folder: Path) -> dict[int, Essence]:
        session = self._theatre.open(lines, folder, Silent(), checkpoints=False)
        try:
            run = session.execute(Request("file", timeout=SECONDS))
            report = await asyncio.wait_for(run, PATIENCE)
        finally:
            await asyncio.wait_for(session.close(), PATIENCE)
        if report.status in ("timeout", "crashed"):
            self.slow.add("\n".join(lines))
        views = [view for view in report.views if view.status != "notRun"]
        return {view.index: essence(view, folder) for view in views}


def essence(view: View, folder: Path) -> Essence:
    """How a statement ended and what it put out, without what two runs may differ in."""
    streams = {"stdout": "", "stderr": ""}
    shown = []
    for output in view.outputs:
        item = as_json(output)
        if item["type"] in streams:
            # The two come through two pipes: how they mix is chance.
            streams[item["type"]] += item["text"]
        else:
            shown.append((item["type"], *_parts(item)))
    texts = {name: _level(text, folder) for name, text in streams.items() if text}
    return view.status, view.exit_code, texts, [tuple(_level(t, folder) for t in s) for s in shown]


def _parts(item: dict[str, Any]) -> Iterator[str]:
    text = item["text"]
    yield _QUOTED.sub("", f"{text}\n") if item["type"] == "error" else text
    for mime, value in sorted(item.get("data", {}).items()):
        yield f"{mime}: {value}" if mime != "text/plain" else mime


def _level(text: str, folder: Path) -> str:
    text = text.replace(str(folder.parent), "@")
    for pattern, by in _LEVELLED:
        text = pattern.sub(by, text)
    if len(text) <= _LONG:
        return text
    return f"{text[:200]}… {len(text)} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
