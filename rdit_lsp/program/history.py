"""What the live program has behind it: seconds of work, files, and the newest checkpoint on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdit_lsp.program.checkpoint import Checkpoint


class History:
    """The history of one live program, over all the processes that it was forked from."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        """Begin at a checkpoint, or at an empty namespace."""
        self.last = checkpoint
        """The newest checkpoint that the program has come through."""
        self.work = checkpoint.work if checkpoint is not None else 0.0
        """Seconds of work since the empty namespace."""
        self.used = set(checkpoint.used if checkpoint is not None else ())
        """Files that it has used since the empty namespace."""
        self.asked = self.work
        """The value of `work` when a checkpoint was last asked for."""
        self.begin_run()

    def begin_run(self) -> None:
        """A run begins: what its checkpoints may cost is a part of its own work."""
        self.before_run = self.work
        """The value of `work` when the run began."""
        self.spent = 0.0
        """Seconds of the run that went into taking checkpoints."""

    def did_work(self, seconds: float) -> None:
        """A statement has run for so long."""
        self.work += seconds

    def asked_for_checkpoint(self, seconds: float) -> None:
        """A checkpoint was asked for, whether or not there is one now, and that took so long."""
        self.spent += seconds
        self.asked = self.work
