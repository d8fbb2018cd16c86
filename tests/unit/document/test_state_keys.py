"""State keys: equal for texts that mean the same, and for nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rdit_lsp.document.state_keys import OFF_PATH, Keys


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


def digests(extra: str = "") -> list[str]:
    """The digests along a history, worked out in this process."""
    found = keys()
    for text in (extra, *reversed(HISTORY)):
        found.syntax(text)  # Other numbers than in another process.
    key = found.start(SURROUNDINGS)
    chain = [key]
    for part, text in enumerate(HISTORY):
        if text.startswith("import"):
            found.imported(key, text, part, ["/here/b.py", "/here/a.py"])
        key = found.after(key, text, part)
        chain.append(key)
    chain.append(found.beyond(key))
    return [(found.digest(key) or b"").hex() for key in reversed(chain)]


def test_digests_are_the_same_in_another_process() -> None:
    """Results on disk would be of other statements, or never found again."""
    here = digests()
    assert len(set(here)) == len(here)
    assert {64} == {len(digest) for digest in here}
    assert here == digests("something else first")
    for seed in ("1", "2"):
        program = (
            f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "from test_state_keys import digests\nprint(*digests())"
        )
        other = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert here == other.stdout.split()


@pytest.mark.parametrize(("old", "new"), [*SAME, *DIFFERENT])
def test_digests_tell_what_keys_tell(old: str, new: str) -> None:
    """A kept result would be shown for other code, or not for the same."""
    found, other = keys(), keys()
    one, two = found.after(found.start(1), old), other.after(other.start(1), new)
    assert ((old, new) in SAME) is (found.digest(one) == other.digest(two))


def test_no_digest_off_the_path() -> None:
    """What an interrupted statement gave would come back as if it were whole."""
    assert keys().digest(OFF_PATH) is None
