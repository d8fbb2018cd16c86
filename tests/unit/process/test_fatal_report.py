"""What an interpreter said when a signal ended it."""

from __future__ import annotations

from rdit_lsp.process.fatal_report import parse

OWN = ("<own>", "/home/rdit/")

REPORT = """\
Fatal Python error: Bus error

Current thread 0x00007f1 [python] (most recent call first):
  File "/a.py", line 2 in f
  File "/a.py", line 3 in <module>
  File "<own>", line 135 in enter
  File "/home/rdit/bootstrap.py", line 20 in <module>

Current thread's C stack trace (most recent call first):
  Binary file "/usr/bin/python", at Py_Main+0x1
  <truncated rest of calls>

Extension modules: numpy._core (total: 1)
"""


def test_only_python_and_only_the_programs() -> None:
    """Frames of ours, C's and pages of modules would hide the line that matters."""
    expected = """\
Fatal Python error: Bus error

Current thread 0x00007f1 [python] (most recent call first):
  File "/a.py", line 2 in f
  File "/a.py", line 3 in <module>
"""
    assert expected == parse(REPORT, OWN)


def test_the_last_report_counts() -> None:
    """A child of the program that fell earlier would be taken for the program."""
    child = REPORT.replace("Bus error", "Aborted")
    assert "Bus error" in parse(child + REPORT, OWN)
    assert "Aborted" not in parse(child + REPORT, OWN)


def test_nothing_was_said() -> None:
    """An interpreter that fell without a word would get an empty headline."""
    assert "" == parse("", OWN)
    assert "Fatal Python error: Aborted\n" == parse("Fatal Python error: Aborted\n\n", OWN)
