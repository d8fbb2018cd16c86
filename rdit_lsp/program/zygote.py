"""An interpreter that has started and run nothing, kept ready so that starting over takes no time.

Knows for which surroundings it is good: those it was started in, while the packages installed there
stay what they were.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rdit_lsp.process.fork import Fork
from rdit_lsp.program.prefork import Prefork

if TYPE_CHECKING:
    from rdit_lsp.process.spawn import Launch


_NOT_YET = 0.3
"""Seconds after a start during which the program is to have the processors for itself."""


class Zygote:
    """A copy of a new process."""

    def __init__(self, launch: Launch, libraries: tuple[str, ...], copy: Fork) -> None:
        """`libraries` are the folders of installed packages."""
        self.launch = launch
        self._copy = copy
        self._prefork = Prefork()
        self._libraries = libraries
        self._installed = _changed_at(libraries)

    @property
    def is_good(self) -> bool:
        """Whether a new process would still begin as it did."""
        return self._copy.is_alive and _changed_at(self._libraries) == self._installed

    def suits(self, launch: Launch) -> bool:
        """Whether it is what a process started with `launch` would be."""
        return launch == self.launch and self.is_good

    async def copy(self) -> Fork | None:
        """Another one like it, to be used up; None where that failed."""
        copied = await self._prefork.copy_of(self._copy)
        return copied if isinstance(copied, Fork) else None

    def expect_fork(self) -> None:
        """Get ready for the next one: who starts over once often does so again."""
        self._prefork.expect(self._copy, later=_NOT_YET)

    async def close(self) -> None:
        """End it."""
        await self._prefork.close()
        self._copy.drop()
        await self._copy.ended


def _changed_at(folders: tuple[str, ...]) -> tuple[int, ...]:
    """When something was last put into or taken out of each folder; 0 where there is none."""
    times = []
    for folder in folders:
        try:
            times.append(os.stat(folder).st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)
