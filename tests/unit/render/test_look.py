"""How a result looks, decided once for every client."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

import pytest

from rdit_lsp.api.encode import statement_result
from rdit_lsp.outputs.display import Display
from rdit_lsp.render.look import Look, look
from rdit_lsp.render.summary import MARKS, caveats, labelled, mark, state_in_words
from rdit_lsp.results.outcome import REPEATABLE, Status
from rdit_lsp.results.snapshot import View

EXPECTED: dict[Status, tuple[Look, str]] = {
    "ok": ("fresh", "→"),
    "error": ("error", "✗"),
    "interrupted": ("stopped", "■"),
    "timeout": ("stopped", "■"),
    "exit": ("stopped", "■"),
    "crashed": ("error", "✗"),
    "notRun": ("notRun", "·"),
    "running": ("running", "⋯"),
}


NOON = datetime(2026, 11, 26, 12, 0, 30).timestamp()
"""A moment here."""


def view(
    status: Status,
    stale_reason: str | None = None,
    exit_code: int | None = None,
    ran_at: float | None = None,
    **more: Any,
) -> View:
    return View(
        0,
        1,
        1,
        False,
        status,
        stale_reason=stale_reason,
        exit_code=exit_code,
        ran_at=ran_at,
        **more,
    )


@pytest.mark.parametrize("status", get_args(Status))
def test_every_status_has_a_look(status: Status) -> None:
    """Hints, or a client that draws results itself, would have no mark for a result, or another's."""
    expected, sign = EXPECTED[status]
    assert (expected, sign) == (look(view(status)), mark(view(status)))


@pytest.mark.parametrize("status", sorted({*get_args(Status)} - {"notRun", "running"}))
def test_stale_comes_before_how_it_ended(status: Status) -> None:
    """A result that is no longer right would look as if it were, or as an error of the present text."""
    assert ("stale", "~") == (look(view(status, "why")), mark(view(status, "why")))


@pytest.mark.parametrize("code", [None, 0, 3])
def test_an_exit_looks_stopped_whatever_its_code(code: int | None) -> None:
    """`sys.exit(0)` would look like any statement, although nothing below it has run."""
    assert "stopped" == look(view("exit", exit_code=code))


@pytest.mark.parametrize("status", sorted(REPEATABLE))
def test_a_restored_result_never_looks_fresh(status: Status) -> None:
    """Variables would seem to be there that no program has."""
    restored = view(status, ran_at=NOON)
    assert ("restored", "↺") == (look(restored), mark(restored))
    assert "stale" == look(view(status, "why", ran_at=NOON))


def test_a_restored_result_says_so_in_words() -> None:
    """In an editor that shows text alone it would look like one of now."""
    text = Display("result", {"text/plain": "42"})
    restored = view("ok", ran_at=NOON, outputs=(text,))
    assert "↺ 42 (restored)" == labelled(restored)
    run = "restored from a run at 2026-11-26 12:00"
    assert f"{run}; run to have its variables" == state_in_words(restored)
    assert [run] == caveats(restored)
    stale = view("ok", "it was edited", ran_at=NOON, outputs=(text,), is_cause=True)
    assert "~ 42 (restored, stale: it was edited)" == labelled(stale)
    assert f"{run}; stale: it was edited" == state_in_words(stale)
    assert [run, "stale: it was edited"] == caveats(stale)
    failed = view("error", ran_at=NOON)
    assert f"{run}; failed, as a clean run does" == state_in_words(failed)


def test_a_restored_result_says_when_it_ran() -> None:
    """A client could not tell last night's result from last year's."""
    found = statement_result(view("ok", ran_at=0.5))
    assert (True, "1970-01-01T00:00:00.500000+00:00") == (found["restored"], found["ranAt"])
    assert {"restored", "ranAt"}.isdisjoint(statement_result(view("ok")))


def test_every_look_has_a_mark_of_its_own() -> None:
    """Two looks would be told apart by colour alone, or one would have no mark."""
    assert [*get_args(Look)] == [*MARKS]
    assert len(MARKS) == len({*MARKS.values()})


def test_results_say_how_they_look() -> None:
    """Clients would have to decide it themselves, each in its own way."""
    assert "stopped" == statement_result(view("timeout"))["look"]
