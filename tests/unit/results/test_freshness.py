"""What is seen of a part of a long document is what is seen there of the whole."""

from __future__ import annotations

from random import Random

import pytest

from rdit_lsp.document import document as documents
from rdit_lsp.results.result import Result
from rdit_lsp.results.results import Results

STATEMENTS = 900
KINDS = (
    "x{} = 1",
    "x{} = (\n    1\n)",
    "# Above.\nx{} = 1\n",
    "x{0} = 1; y{0} = 2",
    "x{}",
)


def ran(random: Random) -> Results:
    """A document all of which has run well."""
    kinds = random.choices(KINDS, k=STATEMENTS)
    text = "\n".join(kind.format(number) for number, kind in enumerate(kinds))
    results = Results(documents.open_document("file:///long.py", 1, text))
    chain = results.freshness.run_chain
    chain.follow(results.freshness.start, results.document.statements)
    for index, statement in enumerate(results.document.statements):
        if not statement.is_broken:
            result = Result(statement.text, status="ok", key=chain[index + 1])
            results.show(statement, result)
            results.ledger.keep(result)
    return results


def disturb(results: Results, random: Random) -> None:
    """Do something that makes results stale, or fresh again."""
    document = results.document
    result = results.shown(random.choice(document.statements))
    what = random.choice(["status", "parts", "await", "text", "text"])
    if what == "text":
        line = random.randrange(len(document.lines))
        new = random.choice(
            ["", "x = 5", document.lines[line], f"{document.lines[line]} # c", "z0"]
        )
        edited = documents.edit(document, document.version + 1, line, line, [new])
        results.take(edited, under_way=False)
    elif result is None:
        return
    elif what == "status":
        result.status = random.choice(["ok", "error", "exit", "running", "interrupted"])
    elif what == "parts":
        result.shows_parts = random.choice([None, True, False])
    else:
        results.await_again([placed for placed in document.placed if random.random() < 0.001])
    if result is not None:
        result.changed()


@pytest.mark.parametrize("seed", range(60))
def test_a_window_shows_what_the_whole_does(seed: int) -> None:
    """A result would be fresh or stale depending on how much of the file is on the screen."""
    random = Random(seed)
    results = ran(random)
    for _ in range(3):
        disturb(results, random)
        for _ in range(4):
            first = random.randrange(len(results.document.lines)) + 1
            last = first + random.choice([0, 60, 5000])
            window = results.views(first, last)
            whole = results.views(1, len(results.document.lines))
            expected = [view for view in whole if view.first <= last and view.last >= first]
            assert expected == window
