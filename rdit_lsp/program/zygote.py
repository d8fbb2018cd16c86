"""An interpreter that has started and run nothing, kept ready to be forked: starting over takes no time.

Knows which launches it is good for: the one it was started with, while the packages installed there stay
what they were.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rdit_lsp.process.replies import Refusal
from rdit_lsp.program.prefork import Prefork

if TYPE_CHECKING:
    from rdit_lsp.process.handle import ForkHandle, Memory
    from rdit_lsp.process.spawn import Launch


_NOT_YET = 0.3
"""Seconds after a start during which the program is to have the processors for itself."""


class Zygote:
    """A fork of a new process."""

    def __init__(self, launch: Launch, libraries: tuple[str, ...], fork: ForkHandle) -> None:
        """`libraries` are the folders of installed packages."""
        self.launch = launch
        self._fork = fork
        self._prefork = Prefork()
        self._libraries = libraries
        self._installed = _changed_at(libraries)

    @property
    def is_good(self) -> bool:
        """Whether a new process would still begin as it did."""
        return self._fork.is_alive and _changed_at(self._libraries) == self._installed

    def suits(self, launch: Launch) -> bool:
        """Whether a process started with `launch` would be the same."""
        return launch == self.launch and self.is_good

    async def fork(self) -> ForkHandle | None:
        """A fork, for the caller to use up; None where it is refused."""
        fork = await self._prefork.fork_of(self._fork)
        return None if isinstance(fork, Refusal) else fork

    def expect_fork(self) -> None:
        """Have the next fork ready: a user who starts over once often does so again."""
        self._prefork.expect(self._fork, later=_NOT_YET)

    def memory(self) -> list[Memory | None]:
        """Memory of it and of its prefork, as `ForkHandle.memory`."""
        return [self._fork.memory(), self._prefork.memory()]

    async def close(self) -> None:
        """End it."""
        await self._prefork.close()
        self._fork.discard()
        await self._fork.ended


def _changed_at(folders: tuple[str, ...]) -> tuple[int, ...]:
    """When something was last put into or taken out of each folder; 0 where there is none."""
    times = []
    for folder in folders:
        try:
            times.append(os.stat(folder).st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)
