"""Sessions without a server: a real interpreter, and no LSP between it and the test."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rdit_lsp.document import document as documents
from rdit_lsp.document.edit import Change, Edit
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.process.spawn import Launch, WorkerError
from rdit_lsp.program.checkpoint_policy import is_due
from rdit_lsp.session.planning import Request
from rdit_lsp.session.session import Session
from support.observers import LIMIT, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rdit_lsp.document.document import Document
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.program.history import History
    from rdit_lsp.results.snapshot import Inspection, View
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.planning import Scope
    from rdit_lsp.session.report import Report


@dataclass(frozen=True)
class Place:
    """Where a program runs, and with what."""

    folder: Path
    name: str = "script.py"
    """The file in that folder that the document is."""
    python: str = sys.executable
    env: Mapping[str, str | None] = field(default_factory=dict)
    checkpoints: bool = True
    """Whether states of the program are kept."""

    def document(self, text: str) -> Document:
        """The file with this text, which need not be on disk."""
        return documents.open_document((self.folder / self.name).as_uri(), 1, text)

    def launch(self) -> Launch:
        """How a process is started there."""
        path, folder = str(self.folder / self.name), str(self.folder)
        return Launch((self.python,), path, (path,), folder, self.env, checkpoints=self.checkpoints)


def _is_due(history: History, cost: float, *, hot: bool) -> bool:
    return keeps_every_state or is_due(history, cost, hot=hot)


keeps_every_state = False
"""Whether sessions opened here keep every state; set by `oracle.keeping_every_state`."""


def open_session(text: str, place: Place, observer: SessionObserver, guard: Guard) -> Attachment:
    """The one client of a session of a document with this text; nothing of it has run."""
    return _attached(text, place, place.launch, observer, guard)


def _attached(
    text: str,
    place: Place,
    launch: Callable[[], Launch],
    observer: SessionObserver,
    guard: Guard,
) -> Attachment:
    document = place.document(text)
    return Session(document, guard, is_due=_is_due).attach(document, launch, observer)


UNTIL_TOLD = "while not os.path.exists('go'): time.sleep(0.01)"
"""A statement that ends when the test says so; it needs `os` and `time`."""

ENDLESS = "while not print('inside', flush=True): time.sleep(600)"
"""A statement that does not end, and says when an interrupt will find it; it needs `time`."""


class OpenSession:
    """A session that a test drives, and what it has shown so far."""

    def __init__(self, text: str, place: Place, guard: Guard) -> None:
        self.place = place
        """It may become another one, as settings may."""
        self.refusal: str | None = None
        """Why no interpreter can be started, where the test has it so."""
        self.seen = Recorder()
        """The observer that the session was opened with."""
        self.session = _attached(text, place, self._launch, self.seen, guard)
        """What the test has of it, as its one client."""

    # What is done to it.

    def start(self, scope: Scope = "file", **how: Any) -> asyncio.Future[Report]:
        """Ask for a run without waiting for it; `how` as in `Request`."""
        return self.session.execute(Request(scope, **how))

    async def run(self, scope: Scope = "file", **how: Any) -> Report:
        """Run something to its end."""
        return await self.end_of(self.start(scope, **how))

    async def end_of(self, run: asyncio.Future[Report]) -> Report:
        """Wait for the end of a run that was asked for."""
        return await asyncio.wait_for(asyncio.shield(run), LIMIT)

    def let_go(self) -> None:
        """Let `UNTIL_TOLD` end, now and from now on."""
        (self.place.folder / "go").touch()

    def replace(self, text: str) -> None:
        """Change the text to an entirely new one."""
        old = self.session.document
        self.session.change(documents.replace_text(old, old.version + 1, text))

    def edit(self, *changes: Change) -> None:
        """Edit the text, as one message of an editor does."""
        self.session.edit(Edit(self.session.document.version + 1, changes))

    def insert(self, line: int, text: str) -> None:
        """Insert `text` before a line, which counts from 1."""
        self.edit(Change(text, (line - 1, 0), (line - 1, 0)))

    # What it shows.

    async def running(self, line: int) -> None:
        """Wait until the statement that begins on `line` runs."""
        await self.seen.until(
            lambda: self.view(line) is not None and self.status(line) == "running"
        )

    async def inside(self) -> None:
        """Wait until `ENDLESS` runs: an interrupt that came before would be lost."""
        await self.said("inside\n")

    async def said(self, text: str) -> None:
        """Wait until the program has written `text` to its standard output."""
        await self.seen.until(lambda: text in self.seen.written())

    @property
    def pid(self) -> int:
        """Process id of the program, which there must be."""
        pid = self.session.status.pid
        assert pid is not None
        return pid

    def view(self, line: int) -> View | None:
        """The result of the statement that begins on `line`, as it is shown now."""
        views = self.session.snapshot().views
        return next((view for view in views if view.first == line and view.index >= 0), None)

    def status(self, line: int) -> str:
        """Its status."""
        view = self.view(line)
        assert view is not None
        return view.status

    def shown(self) -> dict[int, str]:
        """First line → text of all results, as they are shown now."""
        return {view.first: text_of(view) for view in self.session.snapshot().views}

    def stale(self) -> dict[int, str]:
        """First line → why it is stale, for the results that are."""
        views = self.session.snapshot().views
        return {view.first: view.stale_reason for view in views if view.stale_reason is not None}

    async def variable(self, name: str) -> str | None:
        """What a name of the namespace stands for, in a line; None where it stands for nothing."""
        found = await self.inspect({"what": "hover", "expression": name})
        assert found is not None, "nothing can be looked at"
        return found.answer.get("summary")

    async def inspect(
        self, question: Mapping[str, Any], deadline: float = LIMIT
    ) -> Inspection | None:
        """The answer to a question about the namespace; None where none comes in time."""
        return await self.session.inspect(question, deadline)

    def _launch(self) -> Launch:
        if self.refusal is not None:
            raise WorkerError(self.refusal)
        return self.place.launch()


class Climb(Protocol):
    """Sets the seconds after which each means of the ladder is used against what does not stop."""

    def __call__(self, *seconds: float) -> None:
        """One number for each rung."""


class Opener(Protocol):
    """Opens sessions in one folder."""

    def __call__(
        self,
        text: str,
        name: str = "script.py",
        *,
        python: str = sys.executable,
        checkpoints: bool = True,
    ) -> OpenSession:
        """A session of a document with this text; nothing of it has run."""


def text_of(view: View) -> str:
    """The text of all outputs of a result."""
    return "".join(str(as_json(output)["text"]) for output in view.outputs)


def texts(report: Report) -> list[str]:
    """The text of each result that a run answers with."""
    return [text_of(view) for view in report.views]


def statuses(report: Report) -> list[str]:
    """The status of each result that a run answers with."""
    return [view.status for view in report.views]
