"""Lines of the document that a result speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.failure import Failure, Frame
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.results.line_references import moved, references_in

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document
    from rdit_lsp.outputs.stream import StreamName

TEXT = "import x\ndef f():\n    a = 1\n    return g(a)\n\nf()\n"
TOLD = """\
Traceback (most recent call last):
  File "/p.py", line 6, in <module>
    f()
  File "/p.py", line 4, in f
    return g(a)
  File "/other.py", line 4, in g
    1 / 0
  | File "/p.py", line 4, in f
"""
FAILURE = Failure(
    "E",
    "",
    TOLD,
    (Frame("/p.py", 6, "<module>"), Frame("/p.py", 4, "f", 4), Frame("/other.py", 4, "g")),
)


def document(text: str) -> Document:
    return documents.open_document("file:///p.py", 1, text)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (TEXT, 6, 4),
        ("# new\n" + TEXT, 7, 5),
        (TEXT.replace("    a", "    # new\n    a"), 7, 5),
        (TEXT.replace("\n    a = 1\n    return g(a)", " a = 1; return g(a)"), 4, 2),
        (TEXT.replace("    return", "\n\n    return "), 8, 6),
        (TEXT.replace("def f():\n    a = 1", "def  f():\n    a=1"), 6, 4),
    ],
    ids=["same", "above", "within", "shorter", "next to it", "reformatted"],
)
def test_lines_move(text: str, first: int, second: int) -> None:
    """A fresh traceback would speak of lines where other code is now."""
    found = references_in([FAILURE], "/p.py", document(TEXT))
    assert found is not None
    now = moved(FAILURE, "/p.py", found.lines_in(document(text)))
    assert isinstance(now, Failure)
    assert [first, second, 4] == [frame.line for frame in now.frames]
    assert second == now.frames[1].end_line
    expected = TOLD.replace('p.py", line 4, in f', f'p.py", line {second}, in f')
    assert expected.replace("line 6, in <module>", f"line {first}, in <module>") == now.text


def test_nothing_of_the_document() -> None:
    """Results that speak of no line would be looked through at every key."""
    assert references_in([FAILURE], "/q.py", document(TEXT)) is None


WARNED = "/p.py:4: UserWarning: mind\n  warn('mind')\n/other.py:2: UserWarning: no\n"


def stream(text: str, name: StreamName = "stderr") -> Stream:
    """Text of a stream."""
    return Stream(name, text.encode(), b"", len(text.encode()))


def test_warning() -> None:
    """A warning would be marked at a line on which other code is now."""
    found = references_in([stream(WARNED)], "/p.py", document(TEXT))
    assert found is not None
    assert {4: 4} == found.lines_in(document(TEXT))
    assert {4: 6} == found.lines_in(document("# one\n# two\n" + TEXT))


def test_what_only_looks_like_a_warning() -> None:
    """Text that a program prints would be searched for lines."""
    assert references_in([stream(WARNED, "stdout")], "/p.py", document(TEXT)) is None
    assert (
        references_in([stream("/p.py:4: nothing of the kind\n")], "/p.py", document(TEXT)) is None
    )


def test_only_failures_are_written_anew() -> None:
    """What a program has printed would be changed."""
    text = stream(WARNED)
    assert text is moved(text, "/p.py", {4: 9})


def test_lines_that_nothing_is_known_of() -> None:
    """A line that is not among those that were looked for would be lost."""
    assert FAILURE == moved(FAILURE, "/p.py", {})


def test_statements_that_are_gone() -> None:
    """A line of a statement that is no more would be put somewhere."""
    found = references_in([FAILURE], "/p.py", document(TEXT))
    assert found is not None
    assert {} == found.lines_in(document(""))
    assert {4: 4} == found.lines_in(document(TEXT.removesuffix("f()\n")))


@given(
    st.lists(st.sampled_from(["# a comment", ""]), max_size=4),
    st.lists(st.sampled_from(["# a comment", ""]), max_size=4),
)
def test_whatever_lines_are_put_between(above: list[str], between: list[str]) -> None:
    """Some number of lines would leave a traceback at another place."""
    lines = TEXT.split("\n")
    edited = "\n".join([*above, *lines[:5], *between, *lines[5:]])
    found = references_in([FAILURE], "/p.py", document(TEXT))
    assert found is not None
    expected = {4: 4 + len(above), 6: 6 + len(above) + len(between)}
    assert expected == found.lines_in(document(edited))
