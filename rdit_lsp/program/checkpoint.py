"""A checkpoint: a program state that can be restored, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.program.file_uses import changed_since, spoiled_by

if TYPE_CHECKING:
    from collections.abc import Collection

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.state_keys import Key
    from rdit_lsp.process.handle import ForkHandle, Memory
    from rdit_lsp.program.file_uses import Stamps


@dataclass(eq=False)
class Checkpoint:
    """A state that can be restored."""

    id: str
    key: Key
    work: float
    """Seconds of work between the empty namespace and this state."""
    line: int
    """The last line that had run."""
    made: float
    """When, in seconds since the epoch."""
    name: str | None = None
    """The user's name for it; None for one that was taken automatically."""
    before: Checkpoint | None = None
    """The newest kept one that the program had come through."""
    fork: ForkHandle | None = None
    """The process that is in that state; None where there could be none."""
    place: tuple[Document, int] | None = None
    """A text, and the index of the statement before which a run of it comes to this state."""
    refusal: str | None = None
    """Why there is no process: "it has …"."""
    used: Stamps = field(default_factory=dict)
    """The files that the program had used by then, as they were then."""
    memory: Memory | None = None
    """What its process held when that was last measured."""

    @property
    def is_ready(self) -> bool:
        """Whether there is a process in that state."""
        return self.fork is not None and self.fork.is_alive

    def why_spoiled(self, changed: Collection[str] | None = None) -> str | None:
        """Why the text does not lead to this state any more: "it has …"; None where it does.

        The program has used a file before it that is another one now. `changed`: what it has changed just
        now; otherwise files are looked at.
        """
        if self.key == OFF_PATH:
            return None
        if changed is None:
            return changed_since(self.used)
        return spoiled_by(changed, self.used)
