"""Frozen views of results at their statements; a view stays the same object while it is true."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.results.freshness import EDITED
from rdit_lsp.results.line_references import moved
from rdit_lsp.results.outcome import REPEATABLE
from rdit_lsp.results.snapshot import View

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rdit_lsp.document.document import Document, Statement
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.result import Result

_DOCSTRING = re.compile(r"[rRuU]?['\"]")
_SPARE = 64
"""Views of results that are not shown any more are dropped when there are so many more than of others."""


class Views:
    """The last view of each result, and of each statement without one."""

    def __init__(self) -> None:
        self._of_results: dict[Result, tuple[int, View]] = {}
        """With the revision of the result that it shows.

        Not a weak dictionary, which takes five times as long to look up, and each key stroke looks up many:
        so `forget` and `prune` drop what is not shown any more, and its outputs with it.
        """
        self._not_run: WeakKeyDictionary[Statement, View] = WeakKeyDictionary()

    def view(
        self,
        result: Result,
        document: Document,
        index: int,
        reason: str | None,
        outputs: Sequence[Output] | None = None,
        *,
        is_cause: bool = False,
    ) -> View:
        """The view of a result at statement `index`; `reason` says why it is stale.

        `outputs`: what it shows, where that is not only its own. `is_cause`: the reason is its own.
        """
        first, statement = document.firsts[index], document.statements[index]
        last = first + statement.height - 1
        view = self._last(result)
        is_for_itself = result.references is None and outputs is None
        if is_for_itself and view is not None and _is_at(view, index, first, last, reason):
            return view
        lines = _lines_now(result, document, reason)
        shown = result.outputs() if outputs is None else tuple(outputs)
        if result.references is not None and lines:
            path = result.references.path
            shown = tuple(moved(output, path, lines) for output in shown)
        if (
            view is None
            or not _is_at(view, index, first, last, reason)
            or view.lines != lines
            or (outputs is not None and view.outputs != shown)
        ):
            is_expr = statement.is_expr
            view = view_of(index, first, last, is_expr, result, reason, shown, lines, is_cause)
            view = _marked(view, result, statement.text)
            self._remember(result, view)
        return view

    def not_run(self, document: Document, index: int) -> View:
        """The view of a statement without a result, among others that have one."""
        first, statement = document.firsts[index], document.statements[index]
        view = self._not_run.get(statement)
        if view is None or view.first != first or view.index != index:
            last = first + statement.height - 1
            view = View(index, first, last, statement.is_expr, "notRun")
            self._not_run[statement] = view
        return view

    def _last(self, result: Result) -> View | None:
        found = self._of_results.get(result)
        return found[1] if found is not None and found[0] == result.revision else None

    def _remember(self, result: Result, view: View) -> None:
        self._of_results[result] = result.revision, view

    def forget(self, result: Result) -> None:
        """Drop the view of a result that another one has replaced."""
        self._of_results.pop(result, None)

    def prune(self, shown: Collection[Result]) -> None:
        """Drop the views of results other than `shown`, if they have become many."""
        if len(self._of_results) > 2 * len(shown) + _SPARE:
            kept = self._of_results.keys() & set(shown)
            self._of_results = {result: self._of_results[result] for result in kept}


def view_of(
    index: int,
    first: int,
    last: int,
    is_expr: bool,
    result: Result,
    reason: str | None,
    outputs: Sequence[Output],
    lines: Mapping[int, int],
    is_cause: bool = False,
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
        assigned=result.assigned,
        is_cause=is_cause,
        out_of_order=_ran_out_of_order(result, reason),
        reused=result.reused,
        note=result.note,
        ran_at=(result.ran_at or 0.0) if result.restored else None,
        lines=lines,
    )


def _marked(view: View, result: Result, text: str) -> View:
    """The view with what its text says about its result; `text` is the statement's, as it is now."""
    is_string, mark_line = is_docstring(view, text), _raised_at(view, result, text)
    if not (is_string or mark_line):
        return view  # As nearly all are; a copy takes as long as making the view did.
    return replace(view, is_docstring=is_string, mark_line=mark_line)


def _ran_out_of_order(result: Result, reason: str | None) -> bool:
    is_set_aside = result.caught_interrupt or result.superseded or result.figure_is_closed
    ran_now = result.off_path and not result.restored
    return reason is not None and ran_now and reason != EDITED and not is_set_aside


def is_docstring(view: View, text: str) -> bool:
    """Whether it is the value of the string that the document begins with; an f-string is none."""
    if view.index != 0:
        return False
    shown = [output for output in view.outputs if isinstance(output, Display)]
    # A string on its own is prose.
    is_string = len(shown) == 1 and "text/markdown" in shown[0].data
    return is_string and _DOCSTRING.match(text) is not None


def _raised_at(view: View, result: Result, text: str) -> int | None:
    """The line of the statement that raised its error, as it is now; None where that is unknown."""
    path = result.references.path if result.references is not None else None
    failure = next((output for output in view.outputs if isinstance(output, Failure)), None)
    if failure is None or path is None or result.status != "error":
        return None
    if view.stale_reason is not None and result.text != text:
        return None  # The lines of an edited statement are other lines now.
    # A fresh failure has the lines of now already; a stale one those of when it ran.
    by = view.first - result.first if view.stale_reason is not None else 0
    lines = [frame.line + by for frame in failure.frames if frame.file == path]
    inside = [line for line in lines if view.first <= line <= view.last]
    return inside[-1] if inside else None


def _is_at(view: View, index: int, first: int, last: int, reason: str | None) -> bool:
    return (
        view.index == index
        and view.first == first
        and view.last == last
        and view.stale_reason == reason
    )


def _lines_now(result: Result, document: Document, reason: str | None) -> Mapping[int, int]:
    """Where the lines are that a result speaks of; empty for one that is stale, where that is unknown."""
    if result.references is None or reason is not None or result.status not in REPEATABLE:
        return {}
    return result.references.lines_in(document)
