"""The report that `faulthandler` writes when a signal ends an interpreter, as the user is to read it.

Pure; knows nothing of processes.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNALS = frozenset(
    {signal.SIGSEGV, signal.SIGFPE, signal.SIGABRT, signal.SIGBUS, signal.SIGILL},
)
"""Signals for which `faulthandler` writes a report."""

_BEGINNING = "Fatal Python error: "


def parse(text: str, own: Sequence[str]) -> str:
    """The last report in `text`: its headline and Python's stacks. Empty if there is none.

    Frames whose file name begins with one of `own` are left out, and so are the C stack and the list of
    extension modules, which newer versions add. An earlier report is that of a child of the program.
    """
    _, beginning, report = text.rpartition(_BEGINNING)
    if not beginning:
        return ""
    headline, *parts = report.strip().split("\n\n")
    stacks = [part for part in parts if '\n  File "' in part]
    return "\n\n".join([beginning + headline, *(_without(own, stack) for stack in stacks)]) + "\n"


def _without(own: Sequence[str], stack: str) -> str:
    hidden = tuple(f'  File "{beginning}' for beginning in own)
    return "\n".join(line for line in stack.splitlines() if not line.startswith(hidden))
