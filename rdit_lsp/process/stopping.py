"""Stopping the statement that runs: by an interrupt, and if it goes on, by ever stronger means.

Knows a program's signals and time; nothing of runs or results.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdit_lsp.process.handle import ProgramHandle

log = logging.getLogger(__name__)

LADDER = (
    (0.0, "an interrupt"),
    (1.0, "a second interrupt"),
    (2.0, "ending the processes it had started"),
    (4.0, "ending Python itself"),
)
"""Seconds after which each further means is used against code that does not stop, and its name."""


class Ladder:
    """One escalation, until the statement stops."""

    def __init__(self, program: ProgramHandle) -> None:
        """Begin with the first means at once."""
        self.means: str | None = None
        """The name of the last means that was used."""
        self._program = program
        self._climbing = asyncio.create_task(self._climb())

    @property
    def was_needed(self) -> bool:
        """Whether a plain interrupt was not enough so far."""
        return self.means not in (None, LADDER[0][1])

    def leave(self) -> None:
        """Stop climbing: the statement has stopped."""
        self._climbing.cancel()

    async def _climb(self) -> None:
        program = self._program
        actions = (program.interrupt, program.interrupt, program.kill_children, program.kill)
        waited = 0.0
        for (after, name), action in zip(LADDER, actions, strict=True):
            await asyncio.sleep(after - waited)
            waited = after
            self.means = name
            log.info("%s: stopping what runs by %s", program.launch.path, name)
            action()
