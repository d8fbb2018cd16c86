"""How a result looks, decided once for every client."""

from __future__ import annotations

from typing import get_args

import pytest

from rdit_lsp.api.encode import statement_result
from rdit_lsp.render.look import Look, look
from rdit_lsp.render.summary import MARKS, mark
from rdit_lsp.results.outcome import Status
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


def view(status: Status, stale_reason: str | None = None, exit_code: int | None = None) -> View:
    return View(0, 1, 1, False, status, stale_reason=stale_reason, exit_code=exit_code)


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


def test_every_look_has_a_mark_of_its_own() -> None:
    """Two looks would be told apart by colour alone, or one would have no mark."""
    assert [*get_args(Look)] == [*MARKS]
    assert len(MARKS) == len({*MARKS.values()})


def test_results_say_how_they_look() -> None:
    """Clients would have to decide it themselves, each in its own way."""
    assert "stopped" == statement_result(view("timeout"))["look"]
