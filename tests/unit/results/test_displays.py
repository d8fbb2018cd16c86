"""What statements display on their own: in order, replaced, taken back, bounded."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from support.results import ran_well, replace_text, result_at, views

from rdit_lsp.outputs.display import Display
from rdit_lsp.results.displays import LARGEST, MOST, Displays
from rdit_lsp.results.links import DisplayLinks
from rdit_lsp.results.result import Result

if TYPE_CHECKING:
    from rdit_lsp.results.results import Results


def display(text: str, name: str | None = None) -> Display:
    """A display of a text, which code can replace by its name."""
    return Display("display", {"text/plain": text}, id=name)


def shown(result: Result) -> list[str]:
    """The texts of a result's outputs."""
    return [output.text for output in result.captured if isinstance(output, Display)]


@pytest.fixture
def displays() -> Displays:
    """Nothing is displayed."""
    return Displays(DisplayLinks())


def test_in_order(displays: Displays) -> None:
    """Displays would come in another order, or replace each other although they have no name."""
    result = Result("loop")
    for text in "abc":
        displays.show(result, display(text), update=False)
    assert ["a", "b", "c"] == shown(result)


def test_update_in_place(displays: Displays) -> None:
    """A progress bar would come once more for each step."""
    result = Result("loop")
    displays.show(result, display("0 %", "bar"), update=False)
    displays.show(result, display("text"), update=False)
    for text in ("50 %", "100 %"):
        displays.show(result, display(text, "bar"), update=True)
    assert ["100 %", "text"] == shown(result)


def test_update_of_what_is_shown_twice(displays: Displays) -> None:
    """One of two displays of a name would stay what it was."""
    result = Result("twice")
    for _ in range(2):
        displays.show(result, display("old", "name"), update=False)
    displays.show(result, display("new", "name"), update=True)
    assert ["new", "new"] == shown(result)


def test_update_of_nothing(displays: Displays) -> None:
    """An update of what is not there would show it; in Jupyter it does not."""
    result = Result("update")
    displays.show(result, display("a", "name"), update=True)
    displays.show(result, display("b"), update=True)
    assert [] == result.captured


def test_update_is_seen(displays: Displays) -> None:
    """A view of before the update would be shown again."""
    result = Result("show")
    displays.show(result, display("a", "name"), update=False)
    before = result.revision
    displays.show(result, display("b", "name"), update=True)
    assert result.revision > before


def test_name_of_a_result_that_is_gone() -> None:
    """A document that runs for days would keep every result that ever displayed something."""
    links = DisplayLinks()
    displays = Displays(links)
    result = Result("gone")
    displays.show(result, display("a", "name"), update=False)
    del result
    gc.collect()
    other = Result("update")
    displays.show(other, display("b", "name"), update=True)
    assert [] == other.captured
    assert {} == links.updates(other)


def test_clear(displays: Displays) -> None:
    """`clear_output()` would leave something, or what it has said of too many displays."""
    result = Result("clear")
    for _ in range(MOST + 1):
        displays.show(result, display("a"), update=False)
    assert result.note is not None
    displays.clear(result, wait=False)
    assert ([], None) == (result.captured, result.note)


def test_clear_when_something_follows(displays: Displays) -> None:
    """`clear_output(wait=True)` would flicker, or leave the last picture beside the next one."""
    result = Result("clear")
    displays.show(result, display("a"), update=False)
    displays.clear(result, wait=True)
    assert ["a"] == shown(result)
    displays.show(result, display("b"), update=False)
    assert ["b"] == shown(result)
    displays.show(result, display("c"), update=False)
    assert ["b", "c"] == shown(result)


def test_text_follows_too(displays: Displays) -> None:
    """Printing after `clear_output(wait=True)` would not clear."""
    result = Result("clear")
    displays.show(result, display("a"), update=False)
    displays.clear(result, wait=True)
    displays.output_follows(result)
    assert [] == result.captured


@pytest.mark.parametrize("size", [1, LARGEST // 3])
def test_too_many(displays: Displays, size: int) -> None:
    """A loop that displays without end would fill the memory, or hide that something is missing."""
    result = Result("loop")
    count = MOST + 3 if size == 1 else 5
    for _ in range(count):
        displays.show(result, display("x" * size), update=False)
    kept = len(result.captured)
    assert kept < count
    assert size * kept <= LARGEST
    note = "Displays that are not shown because there are too many: "
    assert (result.note or "").startswith(f"{note}{count - kept};")


# What a later statement makes of a display.


def seen(results: Results) -> list[tuple[list[str], str | None]]:
    """The displays of each statement as they are shown, and why they are stale."""
    return [
        ([o.text for o in view.outputs if isinstance(o, Display)], view.stale_reason)
        for view in views(results)
    ]


TEXT = "first\nsecond\nthird\n"


@pytest.fixture
def updated() -> Results:
    """The second statement has put `b` in the place of the first one's `a`."""
    results = ran_well(TEXT)
    displays = Displays(results.shared.links)
    displays.show(result_at(results, 0), display("a", "name"), update=False)
    displays.show(result_at(results, 1), display("b", "name"), update=True)
    return results


def test_later_statement_updates(updated: Results) -> None:
    """The display would stay what its own statement made of it."""
    assert [(["b"], None), ([], None), ([], None)] == seen(updated)


def test_update_goes_with_its_statement(updated: Results) -> None:
    """What a deleted statement made of a display would stay."""
    replace_text(updated, "first\nthird\n")
    assert (["a"], None) == seen(updated)[0]
    replace_text(updated, TEXT)
    assert (["b"], None) == seen(updated)[0]


def test_update_is_as_stale_as_its_statement(updated: Results) -> None:
    """A display would look current that an edited statement has made."""
    replace_text(updated, "first\nother\nthird\n")
    assert (["b"], "line 2 below, which has changed it, is stale") == seen(updated)[0]
    replace_text(updated, TEXT)
    assert (["b"], None) == seen(updated)[0]


def test_last_update_counts() -> None:
    """Of two later statements the first would win."""
    results = ran_well(TEXT)
    displays = Displays(results.shared.links)
    displays.show(result_at(results, 0), display("a", "name"), update=False)
    for index, text in ((2, "c"), (1, "b")):
        displays.show(result_at(results, index), display(text, "name"), update=True)
    assert (["c"], None) == seen(results)[0]
    replace_text(results, "first\nsecond\n")
    assert (["b"], None) == seen(results)[0]
