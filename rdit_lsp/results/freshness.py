"""Whether a result is what a clean run would give now, and if not, why.

Computed, never set: a result is fresh when the key it was produced to is the key its statement has now,
and nothing has happened that keys cannot see. What has happened is the same for all texts of a session
(`States`); which states a text leads through is each text's own (`Freshness`). Knows results and keys, no
document but for one question.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING
from weakref import WeakSet

from rdit_lsp.document.project_files import Lookup, ProjectFiles, found
from rdit_lsp.document.state_keys import OFF_PATH, Chain, Keys
from rdit_lsp.results.outcome import REPEATABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

    from rdit_lsp.document.document import Statement
    from rdit_lsp.document.project_files import Dependency, Stamp
    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.result import Result

EDITED = "edited since it ran"
NO_FIGURE = "no figure is open; Update draws it again"
_IMPORT_CHANGED = " has changed since it was imported"
_FOUND_CHANGED = " is now found elsewhere than when it was imported"


class States:
    """The state keys of one session, and what has happened to its program: of all texts alike."""

    def __init__(self) -> None:
        self._files = ProjectFiles()
        self.keys = Keys(self._files.fingerprint)
        self._chains: WeakSet[Chain] = WeakSet()
        self.run_chain = self.new_chain()
        """The keys of the document that runs."""
        self._lost = False
        """The process that made the results ended on its own."""
        self._awaited: set[Result] = set()
        """Results that the run from the top under way has yet to replace."""

    def new_chain(self) -> Chain:
        """A chain of keys that is worked out again whenever the files that it stands on change."""
        chain = Chain(self.keys)
        self._chains.add(chain)
        return chain

    # What has happened.

    @property
    def is_process_lost(self) -> bool:
        """Whether the variables that results speak of are gone with their process."""
        return self._lost

    def lose_process(self) -> None:
        """Let every result be stale: the variables that they speak of are gone with their process."""
        self._lost = True

    def regain_process(self) -> None:
        """Let results count again: a process is in the state that they speak of."""
        self._lost = False

    def fingerprint(self, read: Dependency) -> bytes:
        """The content of a file of the project as it was last looked at, hashed."""
        return self._files.fingerprint(read)

    def refresh_files(self) -> Sequence[Dependency]:
        """Look again at the project's imported files; returns those that hold something else."""
        changed = self._files.look_again()
        if changed:
            for chain in self._chains:
                chain.forget()
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
        for chain in self._chains:
            chain.forget_after(before)
        return read

    def replaced(self, result: Result) -> None:
        """Await a result no more: another one is shown in its place."""
        self._awaited.discard(result)

    def awaits(self, result: Result) -> bool:
        """Whether the run from the top under way has yet to replace a result."""
        return result in self._awaited

    def awaits_none_of(self, results: Iterable[Result | None]) -> bool:
        """Whether no result among these is to be replaced by the run from the top under way."""
        return self._awaited.isdisjoint(results)

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


class Freshness:
    """What results are worth beside one text."""

    def __init__(self, states: States, shows_figures: Callable[[], bool]) -> None:
        """`shows_figures`: whether the text shows or saves its figures itself."""
        self._states = states
        self._shows_figures = shows_figures
        self.start: Key = states.keys.start(())
        """The key of the empty namespace, in the surroundings that the text's client gives it."""
        self.shown_chain = states.new_chain()
        """The keys of the text as it is now."""

    def begin_at(self, surroundings: Hashable) -> bool:
        """Let an empty namespace be one in these surroundings. Returns whether that is new."""
        before, self.start = self.start, self._states.keys.start(surroundings)
        return before != self.start

    # What follows from it.

    def is_fresh(self, result: Result, key: Key) -> bool:
        """Whether a result is what a clean run gives at a statement that leads to state `key`.

        One that was restored is not: it may be right, but no program has its variables.
        """
        return not result.restored and self.is_right(result, key)

    def is_right(self, result: Result, key: Key) -> bool:
        """As `is_fresh`, also for a result that was restored."""
        return (
            result.key == key
            and result.status in REPEATABLE
            and (result.restored or not self._states.is_process_lost)
            and not self._states.awaits(result)
            and not self._is_drawn_otherwise(result)
        )

    def could_be_fresh(self, results: Collection[Result | None]) -> bool:
        """Whether nothing but their keys can make results of ordinary statements stale."""
        return not self._states.is_process_lost and self._states.awaits_none_of(results)

    def why_stale(self, result: Result, statement: Statement, cause: str | None) -> str | None:
        """Why a result that is not right is not; `cause` is what makes stale from above.

        None for one that was stopped: its status says that no clean run gives it.
        """
        if not self._is_as_it_ran(result, statement):
            return EDITED
        if reason := self._why_set_aside(result):
            return reason
        if result.status not in REPEATABLE:
            return "it did not finish" if result.restored else None
        if self._states.is_process_lost and not result.restored:
            return "the process it ran in is gone"
        for read, fingerprint in result.imports.items():
            if self._states.fingerprint(read) != fingerprint:
                return _import_changed(read)
        if cause is None and not result.off_path:
            return "what runs before it has changed"
        return cause or "it ran out of order"

    def _is_as_it_ran(self, result: Result, statement: Statement) -> bool:
        return result.text == statement.text or (
            self._states.keys.syntax(result.text) == self._states.keys.syntax(statement.text)
        )

    def _why_set_aside(self, result: Result) -> str | None:
        """Why a result does not count, whatever state it was produced to."""
        if self._states.awaits(result):
            return "waiting to run"
        if self._is_drawn_otherwise(result):
            does = "now shows" if result.shows_parts else "no longer shows"
            return f"the file {does} its figures itself"
        if result.caught_interrupt:
            return "it caught an interrupt"
        if result.superseded:
            return "the last run from the top ended above it"
        if result.figure_is_closed:
            return NO_FIGURE
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
