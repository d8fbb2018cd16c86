"""State keys: equal for texts that mean the same, and for nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rdit_lsp.document.state_keys import OFF_PATH, Beginning, Keys

if TYPE_CHECKING:
    from rdit_lsp.document.state_keys import Key


def keys() -> Keys:
    return Keys(lambda path: path.encode())


SAME = [
    ("x = 1", "x=1"),
    ("x = 1", "x = (1)  # one"),
    ("f(a, b)", "f(\n    a,  # first\n    b,\n)"),
    ("s = 'a'", 's = "a"'),
    ("s = 'a' 'b'", "s = 'ab'"),
    ("def f():\n    return 1", "def f():\n\n  # why\n  return 1"),
    ("x;", "x ;  # hidden"),
    ("a; b", "a;b"),
    ("x = 0x10", "x = 16"),
    ("x = 1_000", "x = 1000"),
    ("x = '\\x41'", "x = 'A'"),
]
DIFFERENT = [
    ("1", "2"),
    ("x", "y"),
    ("x", "x;"),
    ("'a'", "'b'"),
    ("'''a\nb'''", "'''a\n b'''"),
    ("1", "1.0"),
    ("1", "True"),
    ("0.0", "-0.0"),
    ("f'{x}'", "f'{x!r}'"),
    ("x: int = 1", "x: str = 1"),
    ("def f(a: 1 + 1): 0", "def f(a: 2): 0"),
    ("def f():\n    'doc'", "def f():\n    'other'"),
    ("b'a'", "'a'"),
    ("x = 1", "x = = 1"),
    ("x == 1", "x is 1"),
    ("a; b", "a\nb;"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_layout_does_not_count(old: str, new: str) -> None:
    """A formatter would make every result stale."""
    found = keys()
    assert found.same_syntax(old, new)
    assert found.after(1, old) == found.after(1, new)


@pytest.mark.parametrize(("old", "new"), DIFFERENT)
def test_meaning_counts(old: str, new: str) -> None:
    """A result of other code would look fresh."""
    found = keys()
    assert not found.same_syntax(old, new)
    assert found.after(1, old) != found.after(1, new)


def test_keys_are_histories() -> None:
    """The same statement after another one would be taken for the same state."""
    found = keys()
    start = found.start("here")
    assert found.start("here") == start
    assert found.start("there") != start
    assert found.after(found.after(start, "a"), "b") == found.after(found.after(start, "a"), "b")
    assert found.after(found.after(start, "a"), "b") != found.after(found.after(start, "b"), "a")
    assert found.after(start, "a; b", 0) != found.after(start, "a; b", 1)
    assert found.beyond(start) not in (start, found.after(start, "a"))


def test_nothing_leads_back_onto_a_path() -> None:
    """What comes after an interrupted statement would look fresh."""
    assert OFF_PATH == keys().after(OFF_PATH, "x")


def test_unusual_sources() -> None:
    """Source that breaks the compiler would break the server."""
    found = keys()
    for text in ("(" * 10_000, "x\0", "\ud800", "[" * 300 + "]" * 300):
        assert found.same_syntax(text, text)
        assert not found.same_syntax(text, "x")


HISTORY = ["import a", "x = {1, 'b', 2.5}", "y = x in {'p', 'q', 'r', 's'}", "x = = 1", "f(\n  1)"]
SURROUNDINGS = (
    ("python3",),
    ("--fast",),
    "/here",
    frozenset({("A", "1"), ("B", "2")}),
    ("png", None),
)


def chain_of(found: Keys, surroundings: object = SURROUNDINGS) -> list[Key]:
    """The states along a history; its first statement imports."""
    key = found.start(surroundings)
    chain = [key]
    for part, text in enumerate(HISTORY):
        if text.startswith("import"):
            found.imported(key, text, part, ["/here/b.py", "/here/a.py"])
        key = found.after(key, text, part)
        chain.append(key)
    return [*chain, found.beyond(key)]


def retell(found: Keys, chain: list[Key], other: Keys) -> list[Key]:
    """The same states in another process; each origin's `before` must be told as well."""
    names: dict[Key, Key] = {}
    for key in chain:
        origin = found.origin(key)
        if not isinstance(origin, Beginning):
            origin = origin._replace(before=names[origin.before])
        names[key] = other.reach(origin)
    return [names[key] for key in chain]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_history_is_the_same_in_another_process(*, is_first: bool) -> None:
    """Results on disk would never be found again, or be taken for those of other statements."""
    found, other = keys(), keys()
    for text in ("something else first", *reversed(HISTORY)):
        other.syntax(text)  # Other numbers than where they come from.
    before = chain_of(other) if is_first else None
    told = retell(found, chain_of(found), other)
    assert chain_of(other) == told
    assert before in (None, told)
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    "surroundings",
    [
        (("python3.12",), *SURROUNDINGS[1:]),
        (*SURROUNDINGS[:3], frozenset({("A", "1"), ("B", "3")}), SURROUNDINGS[4]),
    ],
)
def test_a_history_in_other_surroundings_is_another_one(surroundings: object) -> None:
    """Results of another interpreter or other variables would be shown as right."""
    found, other = keys(), keys()
    told = retell(found, chain_of(found), other)
    assert {*told}.isdisjoint(chain_of(other, surroundings))
    assert chain_of(other) == told


def test_a_history_with_another_file_is_another_one() -> None:
    """A result would be shown as right after a module that it imports was edited."""
    found, other = keys(), Keys(lambda path: f"{path}, edited".encode())
    told = retell(found, chain_of(found), other)
    now = chain_of(other)
    assert told[0] == now[0]
    assert {*told[1:]}.isdisjoint(now)


def test_texts_that_mean_the_same_are_told_as_that() -> None:
    """A comment would make what was kept of a statement stale."""
    found, other = keys(), keys()
    assert found.same_syntax("x = 1", "x = 1  # one")
    key = found.after(found.start(()), "x = 1  # one")
    other.merge_syntax(["x = 1", "x = 1  # one"])
    told = retell(found, [found.start(()), key], other)
    assert other.after(other.start(()), "x = 1  # one") == told[1]
    assert other.after(other.start(()), "x = 1") == told[1]


def names_of_surroundings() -> str:
    """What the surroundings are called in this process."""
    found = keys()
    origin = found.origin(found.start(SURROUNDINGS))
    assert isinstance(origin, Beginning)
    return origin.surroundings


@pytest.mark.parametrize("seed", ["1", "2"])
def test_surroundings_have_the_same_name_in_another_process(seed: str) -> None:
    """No result would ever come back: sets have another order in each process."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_state_keys import names_of_surroundings\nprint(names_of_surroundings())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert names_of_surroundings() == other.stdout.strip()
