"""Texts that change while results are shown, and while they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.sessions import UNTIL_TOLD, statuses, text_of, texts

from rdit_lsp.document.edit import Change, Edit
from rdit_lsp.session.planning import WayBack

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

NUMBERS = "x = 1\nx + 1\ny = x * 2\ny\n"


@pytest.fixture
async def numbers(opened: Opener) -> OpenSession:
    """A session whose script has run."""
    session = opened(NUMBERS)
    await session.run()
    return session


async def test_exactly_what_follows_is_stale(numbers: OpenSession) -> None:
    """A result that an edit put in doubt would look current, or one above it would not."""
    numbers.replace(NUMBERS.replace("* 2", "* 3"))
    assert {1: "", 2: "2", 3: "", 4: "2"} == numbers.shown()
    assert {3: "edited since it ran", 4: "line 3 above was edited"} == numbers.stale()


async def test_undo_makes_fresh(numbers: OpenSession) -> None:
    """Undoing an edit would not bring the results back at once."""
    before = numbers.shown()
    numbers.edit(Change("4", (0, 4), (0, 4)))
    assert {1, 2, 3, 4} == {*numbers.stale()}
    numbers.edit(Change("", (0, 4), (0, 5)))
    assert (before, {}) == (numbers.shown(), numbers.stale())


async def test_undo_after_a_run(numbers: OpenSession) -> None:
    """Going back to an earlier text would forget what it gave."""
    numbers.replace(NUMBERS.replace("x = 1", "x = 5"))
    await numbers.run("stale")
    assert "10" == numbers.shown()[4]
    numbers.replace(NUMBERS)
    assert ("2", {}) == (numbers.shown()[4], numbers.stale())
    numbers.replace(NUMBERS.replace("x = 1", "x = 5"))
    assert ("10", {}) == (numbers.shown()[4], numbers.stale())


async def test_undo_of_a_deletion(numbers: OpenSession) -> None:
    """Deleting everything and taking that back would lose the results."""
    before = numbers.shown()
    numbers.replace("")
    assert {} == numbers.shown()
    numbers.replace(NUMBERS)
    assert (before, {}) == (numbers.shown(), numbers.stale())


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\nx + 1\n\n\n# comment\ny = x * 2\ny\n",
        "x=1  # one\nx+1\ny = (x *\n     2)\ny\n",
        "\n\nx = 1\nx + 1\ny = x * 2\ny",
        "# %%\nx = (1)\nx + 1\n# %%\ny = x * 2\ny\n",
    ],
    ids=["blank lines", "layout", "no end", "cells"],
)
async def test_comments_and_layout_change_nothing(numbers: OpenSession, text: str) -> None:
    """Running a formatter would make every result stale."""
    numbers.replace(text)
    assert ({}, ["", "2", "", "2"]) == (numbers.stale(), [*numbers.shown().values()])
    assert WayBack("kept") == (await numbers.run("stale")).way_back


async def test_results_move_with_their_statements(numbers: OpenSession) -> None:
    """A line inserted above would leave results beside the wrong code."""
    numbers.insert(2, "\n# a comment\n\n")
    assert {1: "", 5: "2", 6: "", 7: "2"} == numbers.shown()


async def test_swapped_statements(opened: Opener) -> None:
    """Two statements that change places would keep each other's results."""
    session = opened("x = 1\nprint('a', x)\nprint('b', x)\n")
    await session.run()
    session.replace("x = 1\nprint('b', x)\nprint('a', x)\n")
    assert {1: "", 2: "b 1\n", 3: "a 1\n"} == session.shown()
    assert {2, 3} == {*session.stale()}


async def test_broken_line_leaves_the_rest_alone(numbers: OpenSession) -> None:
    """Typing half a statement would take all results off the screen."""
    numbers.insert(2, "foo(\n")
    assert ("", "2") == (numbers.shown()[1], numbers.shown()[5])
    assert 1 not in numbers.stale()
    numbers.edit(Change("", (1, 0), (2, 0)))
    assert {} == numbers.stale()


async def test_edits_that_come_in_another_order(numbers: OpenSession) -> None:
    """Edits of a client that sends them out of order would leave a text that was never typed."""
    late = Edit(3, (Change("", (0, 4), (0, 5)),))
    early = Edit(2, (Change("# a comment\n", (0, 0), (0, 0)),))
    numbers.session.edit(Edit(4, (Change("9", (0, 4), (0, 4)),)))
    numbers.session.edit(late)
    numbers.session.edit(early)
    assert 4 == numbers.session.document.version
    assert NUMBERS.count("\n") + 1 == numbers.session.document.text.count("\n")


async def test_several_changes_of_one_edit(opened: Opener) -> None:
    """Changes that come together would be made in the text before all of them."""
    session = opened("a\nb\nc\n")
    session.edit(
        Change("x = 1\ny = 2\n"),
        Change("x + y\n", (2, 0), (2, 0)),
        Change("10\ny = 20", (0, 4), (1, 5)),
        Change("y\n", (3, 0), (9, 9)),
    )
    assert "x = 10\ny = 20\nx + y\ny\n" == session.session.document.text
    assert ["", "", "30", "20"] == texts(await session.run())


async def test_columns_are_those_of_the_edits_encoding(opened: Opener) -> None:
    """Behind an emoji, a key would land at another place."""
    session = opened("s = '😀'; s\n")
    behind = (0, 7)  # Two code units of UTF-16, one character.
    session.session.edit(Edit(2, (Change("!", behind, behind),), "utf-16"))
    assert "s = '😀!'; s\n" == session.session.document.text


# While something runs.

HELD = f"import os, time\n{UNTIL_TOLD}\n3 * 7\n7\n"
"""A script whose run is at its second statement until the test lets it go."""


async def test_results_come_to_statements_that_have_moved(opened: Opener) -> None:
    """A result that comes after an edit would appear beside another statement, or nowhere."""
    session = opened(HELD)
    run = session.start()
    await session.running(2)
    session.insert(1, "# one\n# two\n")
    session.edit(Change("8", (5, 0), (5, 1)))
    session.let_go()
    report = await session.end_of(run)
    assert ("ok", ["", "", "21", "7"]) == (report.status, texts(report))
    assert ("21", "7") == (session.shown()[5], session.shown()[6])
    assert {6: "edited since it ran"} == session.stale()


async def test_statement_that_is_deleted_while_it_runs(opened: Opener) -> None:
    """The result of a deleted statement would land on what is at its line now."""
    session = opened(HELD)
    run = session.start()
    await session.running(2)
    session.edit(Change("", (1, 0), (2, 0)))
    session.let_go()
    assert ["ok"] * 4 == statuses(await session.end_of(run))
    assert {1: "", 2: "21", 3: "7"} == session.shown()
    assert {2, 3} == {*session.stale()}


async def test_undo_while_something_runs(opened: Opener) -> None:
    """An edit that is taken back before the run ends would make its results stale for good."""
    session = opened(HELD)
    run = session.start()
    await session.running(2)
    for text in (HELD.replace("3 * 7", "3 * 8"), "", HELD):
        session.replace(text)
    session.let_go()
    await session.end_of(run)
    assert ({}, "21") == (session.stale(), session.shown()[3])


async def test_text_that_breaks_while_it_runs(opened: Opener) -> None:
    """A line that is half typed when a run ends would lose the results around it."""
    session = opened(HELD)
    run = session.start()
    await session.running(2)
    session.insert(4, "foo(\n")
    session.let_go()
    assert ["", "", "21", "7"] == texts(await session.end_of(run))
    session.edit(Change("", (3, 0), (4, 0)))
    assert ({}, "7") == (session.stale(), session.shown()[4])


async def test_edit_of_what_is_still_to_run(opened: Opener) -> None:
    """A run would take in what was typed after it was asked for."""
    session = opened(HELD)
    run = session.start()
    await session.running(2)
    session.replace(HELD.replace("3 * 7", "3 * 8"))
    session.let_go()
    assert "21" == texts(await session.end_of(run))[2]
    assert {3: "edited since it ran", 4: "line 3 above was edited"} == session.stale()
    report = await session.run("stale")
    assert "24" == texts(report)[2]
    assert {} == session.stale()


async def test_statement_put_in_while_something_runs(opened: Opener) -> None:
    """What follows a new statement would be called fresh although a clean run has it otherwise."""
    session = opened(HELD)
    run = session.start()
    await session.running(2)
    session.insert(3, "print('new')\n")
    session.let_go()
    await session.end_of(run)
    assert {4, 5} == {*session.stale()}
    assert "notRun" == session.status(3)


async def test_update_of_a_text_that_does_not_compile(numbers: OpenSession) -> None:
    """It would cost the results that are shown."""
    before = numbers.shown()
    numbers.insert(5, "foo(\n")
    assert "error" == (await numbers.run("stale")).status
    views = numbers.session.snapshot().views
    assert before == {view.first: text_of(view) for view in views if view.status == "ok"}
