"""The promise itself: a result shown as fresh is what a clean run of the text gives.

Random edits, undos, runs of every scope, interrupts and kills, on a real session with a real worker; the
oracle is a fresh session over the same text.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.silent import Silent

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import Launch, WorkerError
from rdit_lsp.session.planning import Request, RequestError
from rdit_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.document.document import Document
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.report import Report

LINES = [
    "x = 1",
    "x=1",
    "x = (1)  # the same",
    "x = 2",
    "x += 1",
    "x",
    "x;",
    "l = []",
    "l.append(x)",
    "l",
    "print(x)",
    "print('a'); print('b')",
    "def f():\n    return x",
    "def f():\n    # the same\n    return x",
    "def f():\n    return x + 1",
    "f()",
    "if x > 1:\n    print('big')\nelse:\n    print('small')",
    "for i in range(3):\n    x += i",
    "for i in range(100_000): pass",
    "try:\n    for i in range(100_000): pass\nexcept KeyboardInterrupt:\n    print('caught')",
    "1 / 0",
    "raise SystemExit(x)",
    "del x",
    "1",
    "2",
    "'text'",
    "# a comment",
    "",
    "y = = 1",
    "print('''a\nb''')",
]
SCOPES = ["file", "stale", "toHere", "statement", "range", "cell", "fromHere"]
SECONDS = 60.0


class _Watching(Silent):
    """Shows nothing, and does something when enough has happened."""

    def __init__(self) -> None:
        self.after = 0
        self.then: Callable[[], object] | None = None

    def on_change(self) -> None:
        self.after -= 1
        if self.after <= 0 and self.then is not None:
            then, self.then = self.then, None
            asyncio.get_running_loop().call_soon(then)


class Promise(RuleBasedStateMachine):
    """One document in the hands of an erratic user."""

    guard: Guard
    folder: str
    loop: asyncio.AbstractEventLoop
    known: dict[str, dict[int, Any]]
    """What a clean run gives, by text."""

    @initialize(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=6))
    def open(self, lines: list[str]) -> None:
        """Open a document."""
        self.lines = lines
        self.undo: list[list[str]] = []
        self.client = _Watching()
        self.session = self._session(self._document(), self.client, checkpoints=True)
        self.kept: list[str] = []

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """Replace, insert or delete some lines."""
        begin = data.draw(st.integers(0, len(self.lines)))
        end = data.draw(st.integers(begin, min(begin + 2, len(self.lines))))
        new = data.draw(st.lists(st.sampled_from(LINES), max_size=2))
        self._change([*self.lines[:begin], *new, *self.lines[end:]])

    @rule()
    def undo_edit(self) -> None:
        """Take the last edit back."""
        if self.undo:
            self.lines = self.undo.pop()
            self._show()

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), stop_on_error=st.booleans())
    def run(self, data: st.DataObject, scope: str, *, stop_on_error: bool) -> None:
        """Run something to its end."""
        self._run(data, scope, stop_on_error=stop_on_error)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), after=st.integers(1, 12))
    def run_and_interrupt(self, data: st.DataObject, scope: str, after: int) -> None:
        """Interrupt a run somewhere."""
        self.client.after, self.client.then = after, self.session.interrupt
        self._run(data, scope)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), after=st.integers(1, 12))
    def run_and_kill(self, data: st.DataObject, scope: str, after: int) -> None:
        """Kill the worker somewhere in a run."""
        self.client.after, self.client.then = after, self._kill
        self._run(data, scope)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), after=st.integers(1, 8))
    def run_and_edit(self, data: st.DataObject, scope: str, after: int) -> None:
        """Edit in the middle of a run."""
        index = data.draw(st.integers(0, max(len(self.lines) - 1, 0)))
        new = data.draw(st.sampled_from(LINES))
        lines = [*self.lines[:index], new, *self.lines[index + 1 :]]
        self.client.after, self.client.then = after, lambda: self._change(lines)
        self._run(data, scope)
        if self.lines is not lines:
            self._change(lines)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), always=st.booleans())
    def run_and_roll_back(self, data: st.DataObject, scope: str, *, always: bool) -> None:
        """Run something that is taken back, always or if it fails."""
        policy = "rollback_always" if always else "commit_on_success"
        self._run(data, scope, policy=policy)

    @rule()
    def keep(self) -> None:
        """Make a checkpoint by hand."""
        self._wait(self._keep())

    @rule(number=st.integers(0, 3))
    def restore(self, number: int) -> None:
        """Go back to a checkpoint, whatever the text has become."""
        if self.kept:
            self._wait(self._restore(self.kept[number % len(self.kept)]))

    @rule()
    def kill_between_runs(self) -> None:
        """Kill the worker while nothing runs."""
        self._kill()

    @rule()
    def reset(self) -> None:
        """Start over."""
        self._wait(self.session.reset())

    @invariant()
    def fresh_is_true(self) -> None:
        """What is shown as fresh is what a clean run gives."""
        document = self.session.document
        shown = {v.index: _essence(v) for v in self.session.snapshot().views if _is_fresh(v)}
        if not shown:
            return
        clean = self._clean(document)
        if -1 in clean:
            return  # While it is typed a file may not compile; what has run stays as it was.
        expected = {index: clean.get(index) for index in shown}
        assert expected == shown, f"after editing to {document.text!r}"

    def teardown(self) -> None:
        """Close the document."""
        if hasattr(self, "session"):
            self._wait(self.session.close())

    def _change(self, lines: list[str]) -> None:
        self.undo.append(self.lines)
        self.lines = lines
        self._show()

    def _show(self) -> None:
        old = self.session.document
        self.session.change(documents.replace_text(old, old.version + 1, "\n".join(self.lines)))

    def _run(self, data: st.DataObject, scope: str, **how: Any) -> None:
        # What is drawn must not depend on what a race has left.
        line = data.draw(st.integers(0, 20)) % len(self.session.document.lines) + 1
        request = Request(scope, lines=(line, line), line=line, **how)
        self._wait(self._perform(request))
        self.client.then = None

    async def _perform(self, request: Request) -> None:
        with suppress(RequestError, WorkerError):
            await self.session.execute(request)

    async def _keep(self) -> None:
        with suppress(RequestError, WorkerError):
            self.kept.append((await self.session.checkpoint()).id)

    async def _restore(self, identifier: str) -> None:
        with suppress(RequestError, WorkerError):
            await self.session.restore(identifier)

    def _kill(self) -> None:
        pid = self.session.status.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _clean(self, document: Document) -> dict[int, Any]:
        if document.text not in self.known:
            session = self._session(self._document(), _Watching())
            report = self._wait(self._report(session))
            self.known[document.text] = {
                view.index: _essence(view) for view in report.views if view.status != "notRun"
            }
            self._wait(session.close())
        return self.known[document.text]

    async def _report(self, session: Session) -> Report:
        return await session.execute(Request("file"))

    def _document(self) -> Document:
        return documents.open_document("file:///p.py", 1, "\n".join(self.lines))

    def _session(
        self, document: Document, client: _Watching, *, checkpoints: bool = False
    ) -> Session:
        launch = Launch(
            (sys.executable,),
            f"{self.folder}/p.py",
            ("p.py",),
            self.folder,
            checkpoints=checkpoints,
        )

        async def make() -> Session:
            # A checkpoint before every statement, so that every way back is taken.
            return Session(
                document, lambda: launch, client, self.guard, is_due=lambda *_, **__: True
            )

        return self._wait(make())

    def _wait(self, what: Any) -> Any:
        async def wait() -> Any:
            return await asyncio.wait_for(what, SECONDS)

        return self.loop.run_until_complete(wait())


def _is_fresh(view: View) -> bool:
    return view.stale_reason is None and view.status in ("ok", "error", "exit")


def _essence(view: View) -> tuple[Any, ...]:
    """What a clean run must repeat. Where a comment above has moved lines, their numbers differ."""
    items = [as_json(output) for output in view.outputs]
    texts = [(item["type"], re.sub(r"line \d+", "line", item["text"])) for item in items]
    return view.status, view.exit_code, texts


@pytest.mark.filterwarnings("default")
def test_fresh_results_are_those_of_a_clean_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The one thing rdit promises would not hold."""
    Promise.guard = Guard()
    Promise.folder = str(tmp_path_factory.mktemp("promise"))
    Promise.loop = asyncio.new_event_loop()
    Promise.known = {}
    count = int(os.environ.get("RDIT_PROMISE_EXAMPLES", "60"))
    try:
        run = Promise.TestCase()
        run.settings = settings(
            max_examples=count,
            stateful_step_count=20,
            deadline=None,
            derandomize="RDIT_PROMISE_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run.runTest()
    finally:
        Promise.loop.close()
        Promise.guard.close()
