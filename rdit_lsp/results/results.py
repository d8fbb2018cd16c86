"""What statements have given beside one text, and how far that is what a clean run of it would give now.

The state behind every snapshot: which result each statement shows (`ledger`), what it is worth
(`freshness`) and how it is seen (`views`), through every edit. Each client of a session has a text of its
own; what does not depend on the text is `shared`. Only the session changes it. Knows neither processes nor
clients.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.display import Display
from rdit_lsp.results.freshness import Freshness, cause_below
from rdit_lsp.results.ledger import Ledger
from rdit_lsp.results.matching import match, replaced_statements
from rdit_lsp.results.outcome import REPEATABLE
from rdit_lsp.results.result import Result
from rdit_lsp.results.shared import SharedResults
from rdit_lsp.results.views import Views

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from rdit_lsp.document.document import Document, PlacedStatement, Statement
    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.freshness import States
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.worker.statements import Span

log = logging.getLogger(__name__)

_AT_ONCE = 256
"""Statements of which it is found out at once whether all are right."""

_STATUS, _SHOWS_PARTS, _KEY = map(attrgetter, ("status", "shows_parts", "key"))


class Results:
    """The results of a session beside one text."""

    def __init__(self, document: Document, shared: SharedResults | None = None) -> None:
        """`shared` is what the other texts of the session have, too; without it, there are none."""
        self.shared = shared = SharedResults() if shared is None else shared
        self._document = document
        self.freshness = Freshness(shared.states, lambda: self._document.shows_figures)
        self.ledger = Ledger(shared.store)
        self._views = Views()
        self._rejection: View | None = None
        self._moved: dict[Statement, Statement | None] = {}
        """Where statements of runs under way have gone by edits; None for those that are gone."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.ledger)

    @property
    def states(self) -> States:
        """The states of the session's program, which no text has for itself."""
        return self.shared.states

    def beside(self, document: Document) -> Results:
        """The results beside another text, which begins with all that this one shows."""
        other = Results(self._document, self.shared)
        other.ledger.copy(self.ledger)
        other.freshness.start = self.freshness.start
        other.take(document, under_way=False)
        return other

    @property
    def document(self) -> Document:
        """The text that they are shown beside."""
        return self._document

    def forget(self) -> None:
        """Drop all results, and the files behind them."""
        self.ledger.forget()
        self.states.regain_process()
        self._rejection = None
        self._views = Views()

    # Which result is where.

    def shown(self, statement: Statement) -> Result | None:
        """The result at a run's statement, wherever that is now."""
        current = self.current(statement)
        return self.ledger.get(current) if current is not None else None

    def recalled(self, statement: Statement, key: Key) -> Result | None:
        """As `shown`, but the one kept for state `key` where there is one."""
        current = self.current(statement)
        return self.ledger.recall(current, key) if current is not None else None

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
                self.states.replaced(before)
                self._views.forget(before)
            self.ledger.show(current, result)

    def mirror(self, placed: PlacedStatement, before: Key, result: Result) -> None:
        """Show what a run of another text gives at its statement `placed`, if it is true of this one, too.

        So it is where this text has the same statement in the same state, `before`.
        """
        statements, chain = self._document.statements, self.freshness.shown_chain
        chain.follow(self.freshness.start, statements)
        index = chain.index(before, likely=placed.index)
        if index is None or index >= len(statements):
            return
        statement, syntax = statements[index], self.states.keys.syntax
        if placed.statement.part == statement.part and (
            syntax(placed.statement.text) == syntax(statement.text)
        ):
            self.show(statement, result)

    def leave_picture(self, statement: Statement, earlier: Result | None) -> None:
        """Show the picture that a statement had before it ran again and found no figure, if it had one."""
        has_picture = earlier is not None and any(
            isinstance(output, Display) and output.has_picture for output in earlier.captured
        )
        if earlier is not None and has_picture and earlier.text == statement.text:
            earlier.figure_is_closed = True
            self._show_again(statement, earlier)

    def put_back(self, document: Document, replaced: Mapping[Statement, Result]) -> None:
        """Show the fresh results that a run of `document` had `replaced`, and that was taken back.

        What it has put in their place is worth less: a clean run does not have the state it ran in. An
        error stays: it is what the run was to find out.
        """
        chain = self.states.run_chain
        chain.follow(self.freshness.start, document.statements)
        for placed in document.placed:
            earlier, now = replaced.get(placed.statement), self.shown(placed.statement)
            if earlier is None or now is None or now.status != "ok":
                continue
            key = chain[placed.index + 1]
            if self.freshness.is_fresh(earlier, key) and not self.freshness.is_fresh(now, key):
                self._show_again(placed.statement, earlier)

    def _show_again(self, statement: Statement, result: Result) -> None:
        result.changed()
        self.show(statement, result)

    def reject(self, document: Document, view: View | None) -> None:
        """Show why `document` does not compile, or with None that it does; ignored for an older text."""
        if view is None or document.lines == self._document.lines:
            self._rejection = view

    def take(self, document: Document, *, under_way: bool) -> None:
        """Follow the document through an edit; `under_way`: a run knows the statements of before."""
        before, self._document = self._document, document
        if before.lines != document.lines:
            self._rejection = None
        self._carry_over(before, document, under_way=under_way)

    def settle(self, document: Document, spans: Sequence[Span]) -> Document:
        """The document of a run with the statements that the interpreter has found in it."""
        settled = documents.settle(document, spans)
        if self._document.blocks == document.blocks:
            self._carry_over(self._document, settled, under_way=True)
            self._document = replace(self._document, blocks=settled.blocks)
        elif settled.blocks != document.blocks:
            log.warning("%s: the interpreter sees other statements in an older text", document.uri)
        return settled

    def settle_moves(self) -> None:
        """Forget where statements of older texts went: no run knows them any more."""
        self._moved.clear()

    def _carry_over(self, old: Document, new: Document, *, under_way: bool) -> None:
        if not self.ledger and not under_way:
            return
        keys = self.states.keys
        removed, added = replaced_statements(old, new)
        pairs = match(removed, added, keys, self._ran_as)
        self.ledger.move(removed, pairs)
        for _, statement in pairs:
            result = self.ledger.get(statement)
            if result is not None:
                # It may be back, after edits in between, at what it was when it ran.
                keys.same_syntax(result.text, statement.text)
        if under_way:
            self._moved.update(dict.fromkeys(removed))
            self._moved.update(pairs)
            for statement in added:
                # It stands for itself: the same block with other blank lines after it, or an old one
                # again. Looked up in the table it would lead back to itself for ever.
                self._moved.pop(statement, None)
        self._views.prune(self.ledger.shown)

    def _ran_as(self, statement: Statement) -> str | None:
        result = self.ledger.get(statement)
        return result.text if result is not None else None

    # What they are worth, and how they are seen.

    def is_fresh(self, placed: PlacedStatement) -> bool:
        """Whether a run's statement shows, or has kept, what a clean run of that run's text gives."""
        key = self.states.run_chain[placed.index + 1]
        result = self.recalled(placed.statement, key)
        return result is not None and self.freshness.is_fresh(result, key)

    def views(self, first: int, last: int) -> list[View]:
        """The views of statements with a result on lines `first` to `last`, and why each is stale.

        Before them, with index -1, why the document does not compile, where it does not.
        """
        rejected = [self._rejection] if self._rejection is not None else []
        return rejected + (self._views_of_statements(first, last) if self.ledger else [])

    def _views_of_statements(self, first: int, last: int) -> list[View]:
        document = self._document
        self.freshness.shown_chain.follow(self.freshness.start, document.statements)
        begin = document.statement_index(first)
        cause = self._cause_above(begin)
        views: list[View] = []
        for index in range(begin, len(document.statements)):
            if document.firsts[index] > last:
                break
            above = cause
            result, reason, cause = self._judge(index, above)
            if result is not None:
                is_cause = reason is not None and reason != above
                views.append(self._seen(index, document, result, reason, is_cause=is_cause))
            elif not document.statements[index].is_broken:
                views.append(self._views.not_run(document, index))
        return views

    def _cause_above(self, end: int) -> str | None:
        """What keeps the statement at index `end` from being right: the first above that is not."""
        for begin in range(0, end, _AT_ONCE):
            indexes = range(begin, min(begin + _AT_ONCE, end))
            if self._are_all_right(indexes):
                continue
            for index in indexes:
                _, _, cause = self._judge(index, None)
                if cause is not None:
                    return cause
        return None

    def _are_all_right(self, indexes: range) -> bool:
        """Whether these statements ended well and are right; False, too, where it takes a closer look.

        It is asked of thousands of statements at each key, so it has no loop that Python interprets.
        """
        statements = self._document.statements[indexes.start : indexes.stop]
        results = self.ledger.shown_at(statements)
        return (
            None not in results
            and self.freshness.could_be_fresh(results)
            and set(map(_STATUS, results)) == {"ok"}
            and set(map(_SHOWS_PARTS, results)) == {None}
            and list(map(_KEY, results)) == self.freshness.shown_chain.after(indexes)
        )

    def _judge(self, index: int, cause: str | None) -> tuple[Result | None, str | None, str | None]:
        """The result at a statement, why it is stale, and what makes stale what is below it.

        `cause` is what does so from above.
        """
        statement, line = self._document.statements[index], self._document.firsts[index]
        key = self.freshness.shown_chain[index + 1]
        result = self.ledger.recall(statement, key)
        if result is None:
            return None, None, cause or f"line {line} above has not been run"
        if result.status == "running":
            return result, None, cause
        if not self.freshness.is_right(result, key):
            reason = self.freshness.why_stale(result, statement, cause)
            return result, reason, cause or cause_below(result, line, reason)
        if result.status in ("error", "exit"):
            cause = cause or f"a run of the file ends at line {line}"
        return result, None, cause

    def await_again(self, todo: Sequence[PlacedStatement]) -> None:
        """Let the earlier results of what is to run from the top wait to be replaced."""
        shown = (self.shown(placed.statement) for placed in todo)
        self.states.await_again(result for result in shown if result is not None)

    def reuse(self, document: Document, scope: Sequence[PlacedStatement]) -> None:
        """Note that a run of `document` has found the fresh results in its scope still valid."""
        chain = self.states.run_chain
        chain.follow(self.freshness.start, document.statements)
        for placed in scope:
            shown = self.shown(placed.statement)
            is_fresh = shown is not None and self.freshness.is_fresh(shown, chain[placed.index + 1])
            if shown is not None and is_fresh and not shown.reused:
                shown.reused = True
                shown.changed()

    def scope_views(
        self, document: Document, ran: Mapping[Statement, Result], scope: Sequence[PlacedStatement]
    ) -> list[View]:
        """What a run answers with: the results of its own, and those that it found still valid."""
        self.reuse(document, [placed for placed in scope if placed.statement not in ran])
        return [self._scope_view(document, ran.get(p.statement), p) for p in scope]

    def _scope_view(
        self, document: Document, result: Result | None, placed: PlacedStatement
    ) -> View:
        key = self.states.run_chain[placed.index + 1]
        if result is None:
            shown = self.shown(placed.statement)
            is_fresh = shown is not None and self.freshness.is_fresh(shown, key)
            result = shown if is_fresh else None
        if result is None:
            result = Result(placed.statement.text, status="notRun")
        reason = None
        if result.status in REPEATABLE and result.key != key:
            caught = result.caught_interrupt
            reason = "it caught an interrupt" if caught else "it ran out of order"
        return self._seen(placed.index, document, result, reason)

    def _seen(
        self,
        index: int,
        document: Document,
        result: Result,
        reason: str | None,
        *,
        is_cause: bool = False,
    ) -> View:
        """The view of a result, with what later statements have made of its displays."""
        updaters = self.shared.links.updaters(result)
        outputs = None
        if updaters:
            outputs, reason = self._updated(result, updaters, document, reason)
        return self._views.view(result, document, index, reason, outputs, is_cause=is_cause)

    def _updated(
        self, result: Result, updaters: Container[Result], document: Document, reason: str | None
    ) -> tuple[Sequence[Output], str | None]:
        """The outputs of a result with what later statements have made of them, and why it is stale.

        Which they are is known only now: a later statement may be gone, edited, or back again.
        """
        updates: dict[str, Display] = {}
        freshness = self.freshness
        is_shown = document is self._document
        chain = freshness.shown_chain if is_shown else self.states.run_chain
        for index, statement in enumerate(document.statements):
            later = self.recalled(statement, chain[index + 1])
            if later is None or later not in updaters:
                continue
            updates |= self.shared.links.updates(later)
            if later.status != "running" and not freshness.is_right(later, chain[index + 1]):
                line = document.firsts[index]
                reason = reason or f"line {line} below, which has changed it, is stale"
        outputs = [
            updates.get(output.id or "", output) if isinstance(output, Display) else output
            for output in result.outputs()
        ]
        return outputs, reason
