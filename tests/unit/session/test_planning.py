"""What a request runs, decided from keys alone, and that no state makes it run too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document import document as documents
from rdit_lsp.session.planning import (
    Request,
    RequestError,
    check,
    plan,
    statements_in_scope,
    way_back_to,
)

if TYPE_CHECKING:
    from rdit_lsp.session.planning import Scope

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


# Whatever is known, live and kept.

INDEXES = st.sets(st.integers(0, 3))
KEYS = st.sampled_from([None, *CHAIN, 99])
SAVED = st.sets(st.sampled_from([*CHAIN, 99]))


@given(
    scope=st.sampled_from(["stale", "toHere"]),
    line=st.integers(1, 6),
    live=KEYS,
    saved=SAVED,
    fresh=INDEXES,
    ends=INDEXES,
    stop_on_error=st.booleans(),
)
def test_update_runs_all_that_is_stale_and_no_more(
    scope: Scope,
    line: int,
    live: int | None,
    saved: set[int],
    fresh: set[int],
    ends: set[int],
    stop_on_error: bool,
) -> None:
    """A stale result would stay, or something would run in a state that it does not belong to."""
    request = Request(scope, line=line, stop_on_error=stop_on_error)
    decided = plan(
        request,
        DOCUMENT,
        CHAIN,
        live,
        saved,
        lambda placed: placed.index in fresh,
        lambda placed: placed.index in ends,
    )
    stale = [p.index for p in decided.scope if p.index not in fresh]
    blocked = next(
        (p.index for p in decided.scope if stop_on_error and p.index in ends & fresh), len(CHAIN)
    )
    due = [] if stale and blocked < stale[0] else stale
    todo = [placed.index for placed in decided.todo]
    if not due:
        assert ([], False, None) == (todo, decided.restart, decided.checkpoint)
        return
    # They follow each other without a gap, up to the last one that is due.
    assert todo == list(range(todo[0], due[-1] + 1))
    assert todo[0] <= due[0]
    assert CHAIN[todo[0]] == begin(live, decided.checkpoint, restart=decided.restart)
    # Nothing nearer was to be had.
    assert {*CHAIN[todo[0] + 1 : due[0] + 1]}.isdisjoint({live, *saved})


def begin(live: int | None, checkpoint: int | None, *, restart: bool) -> int | None:
    """The state in which a plan begins."""
    if restart:
        return CHAIN[0]
    return live if checkpoint is None else checkpoint


@given(index=st.integers(0, 4), live=KEYS, saved=SAVED)
def test_way_back(index: int, live: int | None, saved: set[int]) -> None:
    """Going back would lead to a state that is not there, or past a nearer one."""
    kind, start = way_back_to(index, CHAIN, live, saved)
    states = {"live": {live}, "checkpoint": saved, "start": {CHAIN[0]}}
    assert CHAIN[start] in states[kind]
    assert start <= index
    assert kind == "live" or CHAIN[start] != live
    assert {*CHAIN[start + 1 : index + 1]}.isdisjoint({live, *saved})


@pytest.mark.parametrize("scope", ["statement", "range", "cell", "fromHere"])
@pytest.mark.parametrize("live", [None, 14])
def test_live_scopes_run_what_they_name(scope: Scope, live: int | None) -> None:
    """A statement by hand would not run because its result is known."""
    request = Request(scope, line=2, lines=(2, 2))
    decided = plan(request, DOCUMENT, CHAIN, live, CHAIN, lambda _: True, lambda _: True)
    assert "b" in [placed.statement.text for placed in decided.todo]
    assert list(decided.scope) == list(decided.todo)
    assert (live is None, None, None) == (decided.restart, decided.checkpoint, decided.way_back)


def test_live_scopes_leave_out_what_is_broken() -> None:
    """A line that is half typed would keep its neighbours from running."""
    document = documents.open_document("file:///d.py", 1, "a\nfoo(\n\nb\n")
    decided = plan(
        Request("range", lines=(1, 4)), document, CHAIN, 10, (), lambda _: False, lambda _: False
    )
    assert all(not placed.statement.is_broken for placed in decided.todo)


@pytest.mark.parametrize("fresh", [True, False])
def test_file(fresh: bool) -> None:
    """A run of the file would leave out what is known, or begin in the middle."""
    decided = plan(
        Request("file", fresh=fresh), DOCUMENT, CHAIN, 14, CHAIN, lambda _: True, lambda _: False
    )
    assert (fresh, None) == (decided.restart, decided.checkpoint)
    assert fresh or "abcd" == "".join(placed.statement.text for placed in decided.todo)
