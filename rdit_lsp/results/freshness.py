"""Whether a result is what a clean run would give now, and if not, why.

Computed, never set: a result is fresh when the key it was produced to is the key its statement has now,
and nothing has happened that keys cannot see. Knows results and keys, no document but for one question.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from rdit_lsp.document.project_files import Lookup, ProjectFiles, found
from rdit_lsp.document.state_keys import OFF_PATH, Chain, Keys
from rdit_lsp.results.outcome import REPEATABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping

    from rdit_lsp.document.document import Statement
    from rdit_lsp.document.project_files import Dependency, Stamp
    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.result import Result

EDITED = "edited since it ran"
_IMPORT_CHANGED = " has changed since it was imported"
_FOUND_CHANGED = " is now found elsewhere than when it was imported"


class Freshness:
    """The state keys of one document, and what its results are worth."""

    def __init__(self, shows_figures: Callable[[], bool]) -> None:
        """`shows_figures`: whether the document shows or saves its figures itself."""
        self._shows_figures = shows_figures
        self._files = ProjectFiles()
        self.keys = Keys(self._files.fingerprint)
        self.start: Key = self.keys.start(())
        """The key of the empty namespace."""
        self.shown_chain = Chain(self.keys)
        """The keys of the document as it is now."""
        self.run_chain = Chain(self.keys)
        """The keys of the document that runs."""
        self._lost = False
        """The process that made the results ended on its own."""
        self._awaited: set[Result] = set()
        """Results that the run from the top under way has yet to replace."""

    # What has happened.

    def begin_at(self, surroundings: Hashable) -> bool:
        """Let an empty namespace be one in these surroundings. Returns whether that is new."""
        before, self.start = self.start, self.keys.start(surroundings)
        return before != self.start

    def begin_process(self, key: Key) -> None:
        """Let the program be a new process, whose empty namespace has this key."""
        self.start, self._lost = key, False

    def lose_process(self) -> None:
        """Let every result be stale: the variables that they speak of are gone with their process."""
        self._lost = True

    def regain_process(self) -> None:
        """Let results count again: a process is in the state that they speak of."""
        self._lost = False

    def refresh_files(self) -> bool:
        """Look again at the project's imported files; returns whether any holds something else."""
        changed = self._files.look_again()
        if changed:
            self.shown_chain.forget()
            self.run_chain.forget()
        return changed

    def note_imports(
        self,
        before: Key,
        statement: Statement,
        files: Mapping[str, Stamp | None],
        lookups: Mapping[tuple[str, str], tuple[str, ...]],
    ) -> Mapping[Dependency, bytes]:
        """Note that in state `before`, `statement` has imported these files of the project.

        `lookups` are the modules that it looked for, by folder and name, and what there was of each.
        Returns what was in them then. The keys after it may have been worked out while it ran, without
        them, for a client that asked for results meanwhile: they are worked out again.
        """
        if not files and not lookups:
            return {}
        self.refresh_files()
        read: dict[Dependency, bytes] = {
            path: self._files.as_read(path, stamp) for path, stamp in files.items()
        }
        read.update((Lookup(*at), found(entries)) for at, entries in lookups.items())
        self.keys.imported(before, statement.text, statement.part, read)
        self.shown_chain.forget_after(before)
        self.run_chain.forget_after(before)
        return read

    def replaced(self, result: Result) -> None:
        """Await a result no more: another one is shown in its place."""
        self._awaited.discard(result)

    def await_again(self, results: Iterable[Result]) -> None:
        """Let results be stale until the run from the top under way has replaced them."""
        for result in results:
            self._awaited.add(result)
            result.changed()

    def settle_awaited(self, status: RunStatus) -> None:
        """Decide what the awaited results are worth that a run from the top did not replace.

        Where the run was stopped, they are what they were. Where the program itself ended it, a clean run
        has nothing below, so they stay visible but stale.
        """
        for result in self._awaited:
            result.changed()
            if status in ("error", "exit"):
                result.superseded = True
                result.key = OFF_PATH
        self._awaited.clear()

    # What follows from it.

    def is_fresh(self, result: Result, key: Key) -> bool:
        """Whether a result is what a clean run gives at a statement that leads to state `key`."""
        return (
            result.key == key
            and result.status in REPEATABLE
            and not self._lost
            and result not in self._awaited
            and not self._is_drawn_otherwise(result)
        )

    def could_be_fresh(self, results: Collection[Result | None]) -> bool:
        """Whether nothing but their keys can make results of ordinary statements stale."""
        return not self._lost and self._awaited.isdisjoint(results)

    def why_stale(self, result: Result, statement: Statement, cause: str | None) -> str | None:
        """Why a result that is not fresh is not; `cause` is what makes stale from above.

        None for one that was stopped: its status says that no clean run gives it.
        """
        if not self._is_as_it_ran(result, statement):
            return EDITED
        if reason := self._why_set_aside(result):
            return reason
        if result.status not in REPEATABLE:
            return None
        if self._lost:
            return "the process it ran in is gone"
        for read, fingerprint in result.imports.items():
            if self._files.fingerprint(read) != fingerprint:
                return _import_changed(read)
        if cause is None and not result.off_path:
            return "what runs before it has changed"
        return cause or "it ran out of order"

    def _is_as_it_ran(self, result: Result, statement: Statement) -> bool:
        return result.text == statement.text or (
            self.keys.syntax(result.text) == self.keys.syntax(statement.text)
        )

    def _why_set_aside(self, result: Result) -> str | None:
        """Why a result does not count, whatever state it was produced to."""
        if result in self._awaited:
            return "waiting to run"
        if self._is_drawn_otherwise(result):
            does = "now shows" if result.shows_parts else "no longer shows"
            return f"the file {does} its figures itself"
        if result.caught_interrupt:
            return "it caught an interrupt"
        if result.superseded:
            return "the last run from the top ended above it"
        return None

    def _is_drawn_otherwise(self, result: Result) -> bool:
        """Whether a part of a figure is shown as in a file that shows its figures itself, or not."""
        return result.shows_parts is not None and result.shows_parts is self._shows_figures()


def _import_changed(read: Dependency) -> str:
    if isinstance(read, Lookup):
        return f"{read.name}{_FOUND_CHANGED}"
    return f"{PurePath(read).name}{_IMPORT_CHANGED}"


def cause_below(result: Result, line: int, reason: str | None) -> str:
    """Why statements below are stale: the result at `line` is, for `reason`."""
    if reason == EDITED:
        return f"line {line} above was edited"
    if reason is not None and reason.endswith((_IMPORT_CHANGED, _FOUND_CHANGED)):
        return f"{reason} at line {line}"
    if result.status not in REPEATABLE:
        return f"line {line} above did not finish"
    return f"line {line} above is out of date"
