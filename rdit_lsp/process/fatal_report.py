"""What an interpreter wrote when a signal ended it (`faulthandler`'s text), as its user is to read it.

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
"""Those that `faulthandler` knows of."""

_BEGINNING = "Fatal Python error: "


def told(text: str, own: Sequence[str]) -> str:
    """The last of the reports in `text`: what happened, and Python's stacks.

    Without the frames whose file name begins with one of `own`.

    A child of the program may have written one before. What C's stack was and which extension modules
    are loaded, which newer versions add, is left out. Empty where there is no report.
    """
    _, beginning, report = text.rpartition(_BEGINNING)
    if not beginning:
        return ""
    headline, *parts = report.strip().split("\n\n")
    stacks = [part for part in parts if '\n  File "' in part]
    return "\n\n".join([beginning + headline, *(_without(own, stack) for stack in stacks)]) + "\n"


def _without(own: Sequence[str], stack: str) -> str:
    ours = tuple(f'  File "{beginning}' for beginning in own)
    return "\n".join(line for line in stack.splitlines() if not line.startswith(ours))
