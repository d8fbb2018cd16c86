"""Lines of the document that a result speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.failure import Failure, Frame
from rdit_lsp.results.line_references import moved, references_in

if TYPE_CHECKING:
    from rdit_lsp.document.document import Document

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
