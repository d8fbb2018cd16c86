"""How fresh results are, why they are not, and that a part of a document shows what the whole does."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from support.results import document, end, ran_well, reasons, replace_text, result_at, views

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.display import Display
from rdit_lsp.results.result import Result
from rdit_lsp.results.results import Results

if TYPE_CHECKING:
    from rdit_lsp.results.outcome import Status

STATEMENTS = 900
KINDS = (
    "x{} = 1",
    "x{} = (\n    1\n)",
    "# Above.\nx{} = 1\n",
    "x{0} = 1; y{0} = 2",
    "x{}",
)


def ran(random: Random) -> Results:
    """A long document all of which has run well."""
    kinds = random.choices(KINDS, k=STATEMENTS)
    return ran_well("\n".join(kind.format(number) for number, kind in enumerate(kinds)))


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
            expected = [
                view for view in views(results) if view.first <= last and view.last >= first
            ]
            assert expected == window


# Why a result is stale.

TEXT = "a = 1\nb = 2\na\nb\n"


def test_all_fresh() -> None:
    """A document that has run from the top would have something stale."""
    results = ran_well(TEXT)
    assert {} == reasons(results)
    assert [0, 1, 2, 3] == [view.index for view in views(results)]


def test_nothing_to_show() -> None:
    """A document that has not run would show that nothing has run, at each of its lines."""
    results = Results(document(TEXT))
    assert ([], False) == (views(results), bool(results))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            TEXT.replace("b = 2", "b = 3"),
            {2: "edited since it ran", 3: "line 2 above was edited", 4: "line 2 above was edited"},
        ),
        (
            TEXT.replace("b = 2", "new = 0\nb = 2"),
            dict.fromkeys((3, 4, 5), "line 2 above has not been run"),
        ),
        (
            TEXT.replace("a = 1\n", ""),
            {
                1: "what runs before it has changed",
                2: "line 1 above is out of date",
                3: "line 1 above is out of date",
            },
        ),
        (TEXT.replace("b\n", "c = 1\n"), {4: "edited since it ran"}),
        (TEXT.replace("b = 2", "b = 2  # two"), {}),
        (TEXT.replace("b = 2", "b = (2)"), {}),
        ("# first\n" + TEXT, {}),
    ],
    ids=["edited", "inserted", "deleted", "last", "comment", "layout", "above"],
)
def test_reasons_of_an_edit(text: str, expected: dict[int, str]) -> None:
    """A stale result would not say what made it so, or name another line."""
    results = ran_well(TEXT)
    replace_text(results, text)
    assert expected == reasons(results)
    replace_text(results, TEXT)
    assert {} == reasons(results)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("interrupted", dict.fromkeys((3, 4), "line 2 above did not finish")),
        ("timeout", dict.fromkeys((3, 4), "line 2 above did not finish")),
        ("crashed", dict.fromkeys((3, 4), "line 2 above did not finish")),
        ("error", dict.fromkeys((3, 4), "a run of the file ends at line 2")),
        ("exit", dict.fromkeys((3, 4), "a run of the file ends at line 2")),
    ],
)
def test_reasons_below_what_did_not_end_well(status: Status, expected: dict[int, str]) -> None:
    """Results below a failure would look current although a clean run does not come to them."""
    results = ran_well(TEXT)
    for index in (2, 3):
        result_at(results, index).key = -1  # From another run.
    end(results, 1, status)
    assert expected == reasons(results)


def test_process_that_is_gone() -> None:
    """Results of variables that are gone would look current, and an edit would hide why not."""
    results = ran_well(TEXT)
    results.states.lose_process()
    gone = "the process it ran in is gone"
    assert dict.fromkeys((1, 2, 3, 4), gone) == reasons(results)
    replace_text(results, TEXT.replace("b = 2", "b = 3"))
    assert {1: gone, 2: "edited since it ran"} == {n: reasons(results)[n] for n in (1, 2)}


def test_statement_that_runs_is_not_stale() -> None:
    """What runs just now would be called stale."""
    results = ran_well(TEXT)
    result_at(results, 0).status = "running"
    assert 1 not in reasons(results)


def test_caught_interrupt() -> None:
    """A statement that survived an interrupt would pass for what a clean run gives."""
    results = ran_well(TEXT)
    result = result_at(results, 1)
    result.caught_interrupt, result.key = True, -1
    assert "it caught an interrupt" == reasons(results)[2]


def test_environment() -> None:
    """Results of another interpreter or other arguments would look current."""
    results = ran_well(TEXT)
    assert results.freshness.begin_at("other")
    assert not results.freshness.begin_at("other")
    assert {1, 2, 3, 4} == {*reasons(results)}
    results.freshness.begin_at(())
    assert {} == reasons(results)


def test_broken_statement_shows_what_it_was() -> None:
    """While a statement is typed, its result would be gone."""
    results = ran_well("a = 1\nf(a)\n")
    replace_text(results, "a = 1\nf(a\n")
    assert {2: "edited since it ran"} == reasons(results)


def test_broken_statement_has_not_failed_to_run() -> None:
    """At half a word there would be a mark that it has not run."""
    results = ran_well("a = 1\n")
    replace_text(results, "a = 1\nf(\n")
    assert [1] == [view.first for view in views(results)]


# A run from the top.


def waiting() -> Results:
    """A run from the top is under way, and has come to the second statement."""
    results = ran_well(TEXT)
    results.await_again(results.document.placed)
    end(results, 0)
    return results


def test_what_waits_to_be_replaced() -> None:
    """Results of before would look current while they are made anew."""
    assert dict.fromkeys((2, 3, 4), "waiting to run") == reasons(waiting())


@pytest.mark.parametrize("status", ["ok", "interrupted", "timeout", "crashed"])
def test_stopped_run_leaves_what_was(status: Status) -> None:
    """Stopping a run from the top would cost the results below."""
    results = waiting()
    results.states.settle_awaited("ok" if status == "ok" else "interrupted")
    assert {} == reasons(results)


@pytest.mark.parametrize("status", ["error", "exit"])
def test_run_that_ended_itself(status: Status) -> None:
    """Below a failure a clean run has nothing; what is shown there would look current."""
    results = waiting()
    end(results, 1, status)
    results.states.settle_awaited("error" if status == "error" else "exit")
    ended = "the last run from the top ended above it"
    assert {3: ended, 4: ended} == reasons(results)
    # No edit and undo makes it current.
    replace_text(results, "")
    replace_text(results, TEXT)
    assert ["ok", status, "notRun", "notRun"] == [view.status for view in views(results)]


# Figures.


def figure(part: bool | None) -> Display:
    """A display that stands for a figure, or for a part of one."""
    about = {} if part is None else {"part": part}
    return Display("result", {"text/plain": "Axes"}, {"rdit": about})


def test_parts_of_figures() -> None:
    """A part of a figure would be shown as one, although the file shows its figures itself."""
    results = ran_well("ax = axes()\nax\n")
    result = result_at(results, 1)
    result.captured, result.shows_parts = [figure(part=True)], True
    assert {} == reasons(results)
    replace_text(results, "ax = axes()\nax\nplt.show()\n")
    assert "the file now shows its figures itself" == reasons(results)[2]
    result.shows_parts = False
    assert 2 not in reasons(results)
    replace_text(results, "ax = axes()\nax\n")
    assert "the file no longer shows its figures itself" == reasons(results)[2]


# While something runs.


def test_result_comes_to_where_its_statement_is() -> None:
    """A result that comes after edits would be shown nowhere, or at another statement."""
    results = Results(document(TEXT))
    ran = results.document.statements[2]
    replace_text(results, "# above\n" + TEXT.replace("\na\n", "\n\na  # here\n"), under_way=True)
    results.show(ran, Result("a", status="ok"))
    assert [(5, "ok")] == [(v.first, v.status) for v in views(results) if v.status != "notRun"]


def test_result_of_a_statement_that_is_gone() -> None:
    """It would land on what is at its line now."""
    results = Results(document("a\nb\n"))
    ran = results.document.statements[0]
    replace_text(results, "b\n", under_way=True)
    results.show(ran, Result("a", status="ok"))
    assert [] == views(results)
    assert results.current(ran) is None


def test_statement_that_comes_back() -> None:
    """Deleting what runs and taking that back would lose its result."""
    results = Results(document(TEXT))
    ran = results.document.statements[2]
    for text in ("", TEXT, "a = 1\n", TEXT):
        replace_text(results, text, under_way=True)
    now = results.current(ran)
    assert now is None or now is results.document.statements[2]


# Views.


def test_views_are_reused() -> None:
    """At each key all views of a long document would be made anew."""
    results = ran_well(TEXT)
    before = views(results)
    replace_text(results, TEXT + "# below\n")
    assert all(a is b for a, b in zip(before, views(results), strict=True))


@pytest.mark.parametrize(
    "text", ["# above\n" + TEXT, TEXT.replace("a = 1", "a = 2")], ids=["moved", "stale"]
)
def test_views_of_what_has_changed_are_new(text: str) -> None:
    """A client that compares views would not draw what has changed."""
    results = ran_well(TEXT)
    before = views(results)
    replace_text(results, text)
    assert not any(a is b for a, b in zip(before, views(results), strict=True))


def test_views_are_frozen() -> None:
    """What was handed out would change under its reader."""
    results = ran_well("a\n")
    (view,) = views(results)
    result = result_at(results, 0)
    result.captured.append(Display("result", {"text/plain": "1"}))
    result.status = "error"
    result.changed()
    assert ((), "ok") == (view.outputs, view.status)
    (now,) = views(results)
    assert (1, "error") == (len(now.outputs), now.status)


def test_views_of_results_that_are_gone() -> None:
    """A document that is run again and again would keep the outputs of every run."""
    results = ran_well(TEXT)
    for _ in range(200):
        for index in range(len(results.document.statements)):
            end(results, index)
        views(results)
    assert len(results._views._of_results) == len(results.document.statements)
    for number in range(400):
        replace_text(results, f"{TEXT}x{number} = 1\n")
        end(results, 4)
        views(results)
    assert len(results._views._of_results) < 100
