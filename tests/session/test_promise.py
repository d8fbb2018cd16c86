"""The promise itself: a result shown as fresh is what a clean run of the text gives.

Random edits, undos, runs of every scope, interrupts and kills, by several clients with texts of their own,
on a real session with a real worker; the oracle is a fresh session over the same text.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support import oracle
from support.observers import SilentObserver
from support.sessions import Place, open_session

from rdit_lsp.document import document as documents
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import Request, RequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.planning import Scope

T = TypeVar("T")

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
MOST_CLIENTS = 3
SCOPES: list[Scope] = ["file", "stale", "toHere", "statement", "range", "cell", "fromHere"]


@dataclass
class Window:
    """What one client has of the document."""

    attachment: Attachment
    lines: list[str]
    undo: list[list[str]]
    """The texts before its last edits."""


class Promise(RuleBasedStateMachine):
    """One document in the hands of erratic users."""

    guard: Guard
    place: Place
    loop: asyncio.AbstractEventLoop
    known: dict[str, dict[int, oracle.Essence]]
    """What a clean run gives, by text."""

    @initialize(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=6))
    def open(self, lines: list[str]) -> None:
        """Open a document."""
        self.observer = SilentObserver()
        first = self._wait(self._opened("\n".join(lines)))
        self.shared = first.session
        self.shared.observe(self.observer)
        self.windows = [Window(first, lines, [])]
        self.current = self.windows[0]
        self.kept: list[str] = []

    @property
    def lines(self) -> list[str]:
        """The text of the client that acts."""
        return self.current.lines

    @property
    def session(self) -> Attachment:
        """What the client that acts has of the session."""
        return self.current.attachment

    @rule(data=st.data())
    def open_another(self, data: st.DataObject) -> None:
        """One more client comes, with the same text or another; it is the one that acts then."""
        if len(self.windows) < MOST_CLIENTS:
            new = data.draw(st.lists(st.sampled_from(LINES), max_size=2))
            self._attach([*new, *self.lines])

    @rule(number=st.integers(0, MOST_CLIENTS))
    def turn_to(self, number: int) -> None:
        """Another client acts."""
        self.current = self.windows[number % len(self.windows)]

    @rule(reopens=st.booleans())
    def close_one(self, *, reopens: bool) -> None:
        """A client goes; the last one comes again, as others may."""
        self.session.detach()
        lines = self.lines
        self.windows.remove(self.current)
        if reopens or not self.windows:
            self._attach(lines)
        self.current = self.windows[-1]

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
        if self.current.undo:
            self.current.lines = self.current.undo.pop()
            self._show()

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), stop_on_error=st.booleans())
    def run(self, data: st.DataObject, scope: Scope, *, stop_on_error: bool) -> None:
        """Run something to its end."""
        self._run(data, scope, stop_on_error=stop_on_error)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), after=st.integers(1, 12))
    def run_and_interrupt(self, data: st.DataObject, scope: Scope, after: int) -> None:
        """Interrupt a run somewhere."""
        self.observer.act_after(after, self.session.interrupt)
        self._run(data, scope)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), after=st.integers(1, 12))
    def run_and_kill(self, data: st.DataObject, scope: Scope, after: int) -> None:
        """Kill the worker somewhere in a run."""
        self.observer.act_after(after, self._kill)
        self._run(data, scope)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), after=st.integers(1, 8))
    def run_and_edit(self, data: st.DataObject, scope: Scope, after: int) -> None:
        """Edit in the middle of a run."""
        index = data.draw(st.integers(0, max(len(self.lines) - 1, 0)))
        new = data.draw(st.sampled_from(LINES))
        lines = [*self.lines[:index], new, *self.lines[index + 1 :]]
        self.observer.act_after(after, lambda: self._change(lines))
        self._run(data, scope)
        if self.lines is not lines:
            self._change(lines)

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), always=st.booleans())
    def run_and_roll_back(self, data: st.DataObject, scope: Scope, *, always: bool) -> None:
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
        self._wait(self._reset())

    @invariant()
    def fresh_is_true(self) -> None:
        """What is shown as fresh is what a clean run gives, beside each text."""
        for window in self.windows:
            self._check(window.attachment)

    def _check(self, attachment: Attachment) -> None:
        shown = oracle.fresh_essences(attachment.snapshot().views)
        if not shown:
            return
        clean = self._clean(attachment.document.text)
        if -1 in clean:
            return  # While it is typed a file may not compile; what has run stays as it was.
        expected = {index: clean.get(index) for index in shown}
        assert expected == shown, f"after editing to {attachment.document.text!r}"

    def teardown(self) -> None:
        """Close the document."""
        if hasattr(self, "shared"):
            self._wait(self.shared.close())

    def _change(self, lines: list[str]) -> None:
        self.current.undo.append(self.lines)
        self.current.lines = lines
        self._show()

    def _attach(self, lines: list[str]) -> None:
        self.windows.append(Window(self._wait(self._attached("\n".join(lines))), lines, []))
        self.current = self.windows[-1]

    def _show(self) -> None:
        old = self.session.document
        self.session.change(documents.replace_text(old, old.version + 1, "\n".join(self.lines)))

    def _run(self, data: st.DataObject, scope: Scope, **how: Any) -> None:
        # What is drawn must not depend on what a race has left.
        line = data.draw(st.integers(0, 20)) % len(self.session.document.lines) + 1
        request = Request(scope, lines=(line, line), line=line, **how)
        self._wait(self._perform(request))
        self.observer.forget_action()

    async def _perform(self, request: Request) -> None:
        with suppress(RequestError, WorkerError):
            await self.session.execute(request)

    async def _reset(self) -> None:
        await self.session.reset()

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

    def _clean(self, text: str) -> dict[int, oracle.Essence]:
        if text not in self.known:
            report = self._wait(oracle.clean_run(text, self.place, self.guard))
            self.known[text] = oracle.essences(report.views)
        return self.known[text]

    async def _opened(self, text: str) -> Attachment:
        return open_session(text, self.place, SilentObserver(), self.guard)

    async def _attached(self, text: str) -> Attachment:
        place = self.place
        return self.shared.attach(place.document(text), place.launch, SilentObserver())

    def _wait(self, what: Awaitable[T]) -> T:
        async def wait() -> T:
            return await asyncio.wait_for(what, oracle.PATIENCE)

        return self.loop.run_until_complete(wait())


@pytest.mark.filterwarnings("default")
def test_fresh_results_are_those_of_a_clean_run(tmp_path: Path) -> None:
    """The one thing rdit promises would not hold."""
    Promise.guard = Guard()
    Promise.place = Place(tmp_path)
    Promise.loop = asyncio.new_event_loop()
    Promise.known = {}
    count = int(os.environ.get("RDIT_PROMISE_EXAMPLES", "60"))
    try:
        run = Promise.TestCase()
        run.settings = settings(  # type: ignore[misc]  # Hypothesis tells to set it so.
            max_examples=count,
            stateful_step_count=20,
            deadline=None,
            derandomize="RDIT_PROMISE_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        with oracle.keeping_every_state():
            run.runTest()
    finally:
        Promise.loop.close()
        Promise.guard.close()
