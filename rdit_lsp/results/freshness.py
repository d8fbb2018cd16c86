"""What a document's statements have given, and how far that is what a clean run would give now.

The state behind every snapshot: results, state keys, and what has happened that keys cannot see. Only the
session changes it. Knows neither processes nor clients.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from operator import attrgetter
from pathlib import PurePath
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rdit_lsp.document import document as documents
from rdit_lsp.document.project_files import ProjectFiles
from rdit_lsp.document.state_keys import OFF_PATH, Chain, Key, Keys
from rdit_lsp.outputs.display import Display
from rdit_lsp.results.ledger import Ledger
from rdit_lsp.results.line_references import moved
from rdit_lsp.results.matching import match, replaced_statements
from rdit_lsp.results.outcome import REPEATABLE
from rdit_lsp.results.result import Result
from rdit_lsp.results.snapshot import View

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Mapping, Sequence

    from rdit_lsp.document.document import Document, PlacedStatement, Statement
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.worker.statements import Span

log = logging.getLogger(__name__)

_AT_ONCE = 256
"""Statements of which it is found out at once whether all are fresh."""

_STATUS, _SHOWS_PARTS, _KEY = map(attrgetter, ("status", "shows_parts", "key"))

_IMPORT_CHANGED = " has changed since it was imported"


class Results:
    """The results of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        """The text that they are shown beside."""
        self.files = ProjectFiles()
        self.keys = Keys(self.files.fingerprint)
        self.start: Key = self.keys.start(())
        """The key of the empty namespace."""
        self.shown_chain = Chain(self.keys)
        """The keys of the document as it is now."""
        self.run_chain = Chain(self.keys)
        """The keys of the document that runs."""
        self.ledger = Ledger()
        self.lost = False
        """The process that made the results ended on its own."""
        self._unrun: WeakKeyDictionary[Statement, View] = WeakKeyDictionary()
        """How statements without a result were last seen."""
        self._awaited: set[Result] = set()
        """Results that the run from the top under way has yet to replace."""
        self._moved: dict[Statement, Statement | None] = {}
        """Where statements of runs under way have gone by edits; None for those that are gone."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.ledger)

    def look_at_files(self) -> bool:
        """Notice which files of the project have changed, if any."""
        changed = self.files.look_again()
        if changed:
            self.shown_chain.forget()
            self.run_chain.forget()
        return changed

    def note_imports(self, before: Key, statement: Statement, files: Sequence[str]) -> None:
        """In state `before`, `statement` has imported these files of the project.

        Somebody may have asked how fresh it is while it ran, and what it led to was worked out then
        without them.
        """
        if files:
            self.keys.imported(before, statement.text, statement.part, files)
            self.shown_chain.forget_after(before)
            self.run_chain.forget_after(before)

    def begin_at(self, surroundings: Hashable) -> bool:
        """From now on an empty namespace is one in these surroundings. Returns whether that is new."""
        before, self.start = self.start, self.keys.start(surroundings)
        return before != self.start

    def forget(self) -> None:
        """Drop all results, and the files behind them."""
        self.ledger.forget()
        self.lost = False

    def settle_moves(self) -> None:
        """No run is under way any more that could know statements of an older text."""
        self._moved.clear()

    def is_fresh(self, result: Result, key: Key) -> bool:
        """Whether a result is what a clean run gives at a statement that leads to state `key`."""
        return (
            result.key == key
            and result.status in REPEATABLE
            and not self.lost
            and result not in self._awaited
            and not self._would_be_drawn_otherwise(result)
        )

    def _would_be_drawn_otherwise(self, result: Result) -> bool:
        """Whether what is part of a figure is shown as in a file that shows its figures itself, or not."""
        return result.shows_parts is not None and (
            result.shows_parts is self.document.shows_figures
        )

    def shown(self, statement: Statement) -> Result | None:
        """The result at a run's statement, wherever that is now."""
        current = self.current(statement)
        return self.ledger.get(current) if current is not None else None

    def current(self, statement: Statement) -> Statement | None:
        """Where a run's statement is in the document as it is now."""
        while statement in self._moved:
            following = self._moved[statement]
            if following is None:
                return None
            statement = following
        return statement

    def show(self, statement: Statement, result: Result) -> None:
        """Show a result at a run's statement, if that is still there."""
        current = self.current(statement)
        if current is not None:
            before = self.ledger.get(current)
            if before is not None:
                self._awaited.discard(before)
            self.ledger.show(current, result)

    def take(self, document: Document, *, under_way: bool) -> None:
        """Follow the document through an edit; `under_way`: a run knows the statements of before."""
        before, self.document = self.document, document
        self._carry_over(before, document, under_way=under_way)

    def settle(self, document: Document, spans: Sequence[Span]) -> Document:
        """The document of a run with the statements that the interpreter has found in it."""
        settled = documents.settle(document, spans)
        if self.document.blocks == document.blocks:
            self._carry_over(self.document, settled, under_way=True)
            self.document = replace(self.document, blocks=settled.blocks)
        elif settled.blocks != document.blocks:
            log.warning("%s: the interpreter sees other statements in an older text", document.uri)
        return settled

    def _carry_over(self, old: Document, new: Document, *, under_way: bool) -> None:
        if not self.ledger and not under_way:
            return
        removed, added = replaced_statements(old, new)
        pairs = match(removed, added, self.keys, self._ran_as)
        self.ledger.move(removed, pairs)
        for _, statement in pairs:
            result = self.ledger.get(statement)
            if result is not None:
                # It may be back, after edits in between, at what it was when it ran.
                self.keys.same_syntax(result.text, statement.text)
        if under_way:
            self._moved.update(dict.fromkeys(removed))
            self._moved.update(pairs)
            for statement in added:
                # It stands for itself: the same block with other blank lines after it, or an old one again.
                self._moved.pop(statement, None)

    def _ran_as(self, statement: Statement) -> str | None:
        result = self.ledger.get(statement)
        return result.text if result is not None else None

    def views(self, first: int, last: int) -> list[View]:
        """The views of statements with a result on lines `first` to `last`, and why each is stale."""
        if not self.ledger:
            return []
        document = self.document
        self.shown_chain.follow(self.start, document.statements)
        begin = document.statement_index(first)
        cause = self._cause_above(begin)
        views: list[View] = []
        for index in range(begin, len(document.statements)):
            if document.firsts[index] > last:
                break
            result, reason, cause = self._judge(index, cause)
            if result is not None:
                views.append(self._seen(index, document, result, reason))
            elif not document.statements[index].is_broken:
                views.append(self._not_run(index))
        return views

    def _cause_above(self, end: int) -> str | None:
        """What keeps the statement at index `end` from being fresh: the first above that is not."""
        for begin in range(0, end, _AT_ONCE):
            indexes = range(begin, min(begin + _AT_ONCE, end))
            if self._are_all_fresh(indexes):
                continue
            for index in indexes:
                _, _, cause = self._judge(index, None)
                if cause is not None:
                    return cause
        return None

    def _are_all_fresh(self, indexes: range) -> bool:
        """Whether these statements ended well and are fresh; False, too, where it takes a closer look.

        It is asked of thousands of statements at each key, so there is no loop of Python's in it.
        """
        statements = self.document.statements[indexes.start : indexes.stop]
        results = self.ledger.shown_at(statements)
        return (
            None not in results
            and not self.lost
            and set(map(_STATUS, results)) == {"ok"}
            and set(map(_SHOWS_PARTS, results)) == {None}
            and list(map(_KEY, results)) == self.shown_chain.after(indexes)
            and self._awaited.isdisjoint(results)
        )

    def _judge(self, index: int, cause: str | None) -> tuple[Result | None, str | None, str | None]:
        """The result at a statement, why it is stale, and what makes stale what is below it.

        `cause` is what does so from above.
        """
        statement, line = self.document.statements[index], self.document.firsts[index]
        key = self.shown_chain[index + 1]
        result = self.ledger.recall(statement, key)
        if result is None:
            return None, None, cause or f"line {line} above has not been run"
        if result.status == "running":
            return result, None, cause
        if not self.is_fresh(result, key):
            reason = self._why_stale(result, statement, cause)
            return result, reason, cause or _cause(result, line, reason)
        if result.status in ("error", "exit"):
            cause = cause or f"a run of the file ends at line {line}"
        return result, None, cause

    def _not_run(self, index: int) -> View:
        """The view of a statement without a result, among others that have one."""
        first, statement = self.document.firsts[index], self.document.statements[index]
        view = self._unrun.get(statement)
        if view is None or view.first != first or view.index != index:
            last = first + statement.height - 1
            view = View(index, first, last, statement.is_expr, "notRun")
            self._unrun[statement] = view
        return view

    def _why_stale(self, result: Result, statement: Statement, cause: str | None) -> str | None:
        if not self._is_as_it_ran(result, statement):
            return "edited since it ran"
        if reason := self._why_set_aside(result):
            return reason
        if result.status not in REPEATABLE:
            return None  # The status says it: this is not what a clean run gives.
        if self.lost:
            return "the process it ran in is gone"
        for file, fingerprint in result.imports.items():
            if self.files.fingerprint(file) != fingerprint:
                return f"{PurePath(file).name}{_IMPORT_CHANGED}"
        if cause is None and not result.off_path:
            return "what it depends on has changed"
        return cause or "it ran out of order"

    def _is_as_it_ran(self, result: Result, statement: Statement) -> bool:
        return result.text == statement.text or (
            self.keys.syntax(result.text) == self.keys.syntax(statement.text)
        )

    def _why_set_aside(self, result: Result) -> str | None:
        """Why a result does not count, whatever state it was produced to."""
        if result in self._awaited:
            return "not run again yet"
        if self._would_be_drawn_otherwise(result):
            does = "now shows" if result.shows_parts else "no longer shows"
            return f"the file {does} its figures itself"
        if result.caught_interrupt:
            return "it caught an interrupt"
        if result.superseded:
            return "the last run from the top ended above it"
        return None

    def await_again(self, todo: Sequence[PlacedStatement]) -> None:
        """From now on, the earlier results of what is to run from the top wait to be replaced."""
        for placed in todo:
            result = self.shown(placed.statement)
            if result is not None:
                self._awaited.add(result)
                result.changed()

    def settle_awaited(self, status: RunStatus) -> None:
        """A run from the top is over: decide what the earlier results it did not replace are worth.

        Where it was stopped, they are what they were. Where the program itself ended, a clean run has
        nothing below, so they are kept for the eye only.
        """
        for result in self._awaited:
            result.changed()
            if status in ("error", "exit"):
                result.superseded = True
                result.key = OFF_PATH
        self._awaited.clear()

    def scope_views(
        self, document: Document, ran: Mapping[Statement, Result], scope: Sequence[PlacedStatement]
    ) -> list[View]:
        """What a run answers with: the results of its own, and those that it found still valid."""
        chain = self.run_chain
        chain.follow(self.start, document.statements)
        views = []
        for placed in scope:
            result = ran.get(placed.statement)
            if result is None:
                shown = self.shown(placed.statement)
                if shown is not None and self.is_fresh(shown, chain[placed.index + 1]):
                    if not shown.reused:
                        shown.reused = True
                        shown.changed()
                    result = shown
            if result is None:
                result = Result(placed.statement.text, status="notRun")
            reason = None
            if result.status in REPEATABLE and result.key != chain[placed.index + 1]:
                caught = result.caught_interrupt
                reason = "it caught an interrupt" if caught else "it ran out of order"
            views.append(self._seen(placed.index, document, result, reason))
        return views

    def _seen(self, index: int, document: Document, result: Result, reason: str | None) -> View:
        """The view of a result; the last one where it still tells the truth."""
        first, statement = document.firsts[index], document.statements[index]
        last = first + statement.height - 1
        view = result.view
        is_for_itself = result.mentions is None and result.updated_by is None
        if is_for_itself and view is not None and _is_at(view, index, first, last, reason):
            return view
        lines = _lines_now(result, document, reason)
        outputs: Sequence[Output] = result.outputs
        if result.updated_by is not None:
            outputs, reason = self._updated(result, result.updated_by, document, reason)
        if result.mentions is not None and lines:
            path = result.mentions.path
            outputs = [moved(output, path, lines) for output in outputs]
        if (
            view is None
            or not _is_at(view, index, first, last, reason)
            or view.lines != lines
            or (result.updated_by is not None and list(view.outputs) != outputs)
        ):
            view = view_of(index, first, last, statement.is_expr, result, reason, outputs, lines)
            result.view = view
        return view

    def _updated(
        self,
        result: Result,
        updated_by: Container[Result],
        document: Document,
        reason: str | None,
    ) -> tuple[Sequence[Output], str | None]:
        """The outputs of a result with what later statements have made of them, and why it is stale.

        Which they are can be told only now: a later statement may be gone, edited, or back again.
        """
        updates: dict[str, Display] = {}
        chain = self.shown_chain if document is self.document else self.run_chain
        for index, statement in enumerate(document.statements):
            current = self.current(statement)
            later = self.ledger.recall(current, chain[index + 1]) if current is not None else None
            if later is None or later not in updated_by:
                continue
            updates |= later.updates
            if later.status != "running" and not self.is_fresh(later, chain[index + 1]):
                line = document.firsts[index]
                reason = reason or f"line {line} below, which has changed it, is stale"
        outputs = [
            updates.get(output.id or "", output) if isinstance(output, Display) else output
            for output in result.outputs
        ]
        return outputs, reason


def _is_at(view: View, index: int, first: int, last: int, reason: str | None) -> bool:
    return (
        view.index == index
        and view.first == first
        and view.last == last
        and view.stale_reason == reason
    )


def view_of(
    index: int,
    first: int,
    last: int,
    is_expr: bool,
    result: Result,
    reason: str | None,
    outputs: Sequence[Output],
    lines: Mapping[int, int],
) -> View:
    """How a result is seen at its statement; `reason` says why it is stale, `lines` as `View.lines`."""
    return View(
        index=index,
        first=first,
        last=last,
        is_expr=is_expr,
        status=result.status,
        outputs=tuple(outputs),
        seconds=result.seconds,
        exit_code=result.exit_code,
        stale_reason=reason,
        reused=result.reused,
        note=result.note,
        lines=lines,
    )


def _lines_now(result: Result, document: Document, reason: str | None) -> Mapping[int, int]:
    """Where the lines are that a result speaks of; nobody knows for one that is stale."""
    if result.mentions is None or reason is not None or result.status not in REPEATABLE:
        return {}
    return result.mentions.lines_in(document)


def _cause(result: Result, line: int, reason: str | None) -> str:
    if reason == "edited since it ran":
        return f"line {line} above was edited"
    if reason is not None and reason.endswith(_IMPORT_CHANGED):
        return f"{reason} at line {line}"
    if result.status not in REPEATABLE:
        return f"line {line} above did not finish"
    return f"line {line} above is stale"
