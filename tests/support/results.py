"""Results without programs: documents whose statements have run, as far as a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.document import document as documents
from rdit_lsp.results.result import Result
from rdit_lsp.results.results import Results

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.results.outcome import Status
    from rdit_lsp.results.snapshot import View


def document(text: str) -> Document:
    """A document with this text."""
    return documents.open_document("file:///d.py", 1, text)


def ran_well(text: str) -> Results:
    """A document all of whose statements have run well, from the top."""
    results = Results(document(text))
    for index, statement in enumerate(results.document.statements):
        if not statement.is_broken:
            end(results, index)
    return results


def end(results: Results, index: int, status: Status = "ok") -> Result:
    """A statement has run in its turn and ended so; its new result."""
    statement = results.document.statements[index]
    chain = results.states.run_chain
    chain.follow(results.freshness.start, results.document.statements)
    result = Result(statement.text, status=status, key=chain[index + 1])
    results.show(statement, result)
    results.ledger.keep(result)
    return result


def result_at(results: Results, index: int) -> Result:
    """The result that a statement shows."""
    found = results.shown(results.document.statements[index])
    assert found is not None
    return found


def replace_text(results: Results, text: str, *, under_way: bool = False) -> None:
    """Another text takes the place of the document's; `under_way`: while something runs."""
    old = results.document
    results.take(documents.replace_text(old, old.version + 1, text), under_way=under_way)


def views(results: Results) -> list[View]:
    """All that is shown."""
    return results.views(1, len(results.document.lines))


def reasons(results: Results) -> dict[int, str]:
    """First line → why its result is stale, for those that are."""
    return {v.first: v.stale_reason for v in views(results) if v.stale_reason is not None}
