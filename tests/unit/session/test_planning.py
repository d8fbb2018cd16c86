"""What a request runs, decided from keys alone."""

from __future__ import annotations

import pytest

from rdit_lsp.document import document as documents
from rdit_lsp.session.planning import Request, RequestError, check, plan, statements_in_scope

DOCUMENT = documents.open_document("file:///d.py", 1, "a\nb\nc\n\n# %%\nd\n")
CHAIN = [10, 11, 12, 13, 14]


@pytest.mark.parametrize(
    ("live", "saved", "fresh", "ends", "expected"),
    [
        (None, (), "", "", ("abcd", True, "start")),
        (14, (), "abcd", "", ("", False, "kept")),
        (None, (), "abcd", "", ("", False, "kept")),
        (13, (), "abc", "", ("d", False, "live")),
        (14, (), "abc", "", ("abcd", True, "start")),
        (11, (), "a", "", ("bcd", False, "live")),
        (11, (), "ad", "", ("bc", False, "live")),
        (10, (), "", "", ("abcd", False, "live")),
        (None, (), "ab", "b", ("", False, "kept")),
        (12, (), "abd", "", ("c", False, "live")),
        # What lies deepest on the way is nearest; later states and those of other texts do not count.
        (14, (12,), "abc", "", ("cd", False, "checkpoint")),
        (14, (11, 12, 13), "ab", "", ("cd", False, "checkpoint")),
        (12, (11,), "abc", "", ("cd", False, "live")),
        (11, (12,), "abc", "", ("cd", False, "checkpoint")),
        (12, (12,), "ab", "", ("cd", False, "live")),
        (None, (14, 99), "abc", "", ("abcd", True, "start")),
        (None, (13,), "abcd", "", ("", False, "kept")),
    ],
)
def test_stale(
    live: int | None,
    saved: tuple[int, ...],
    fresh: str,
    ends: str,
    expected: tuple[str, bool, str],
) -> None:
    """`stale` would run more than the least, or less than the promise takes."""
    decided = plan(
        Request("stale"),
        DOCUMENT,
        CHAIN,
        live,
        saved,
        lambda placed: placed.statement.text in fresh,
        lambda placed: placed.statement.text in ends,
    )
    assert decided.way_back is not None
    todo = "".join(placed.statement.text for placed in decided.todo)
    assert expected == (todo, decided.restart, decided.way_back.kind)
    if decided.way_back.kind == "checkpoint":
        assert decided.checkpoint == CHAIN[decided.todo[0].index]
    else:
        assert decided.checkpoint is None


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("range", lines=(2, 3)), "bc"),
        (Request("statement", line=4), "d"),
        (Request("cell", line=1), "abc"),
        (Request("cell", line=6), "d"),
        (Request("fromHere", line=3), "cd"),
        (Request("toHere", lines=(1, 2)), "ab"),
        (Request("toHere", line=5), "abc"),
    ],
)
def test_scopes(request_: Request, expected: str) -> None:
    """A scope would take in other statements."""
    found = statements_in_scope(request_, DOCUMENT)
    assert expected == "".join(placed.statement.text for placed in found)


@pytest.mark.parametrize(
    "request_",
    [
        Request("range", lines=(3, 2)),
        Request("range", lines=(0, 2)),
        Request("range", lines=(99, 100)),
        Request("statement", line=99),
        Request("statement"),
        Request("fromHere", line=7),
    ],
)
def test_nonsense_is_refused(request_: Request) -> None:
    """A request outside the document would run something all the same."""
    with pytest.raises(RequestError):
        check(request_, DOCUMENT)
