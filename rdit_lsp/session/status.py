"""The status of a session, for reports; frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rdit_lsp.results.snapshot import SessionState


class KeptStates(NamedTuple):
    """The checkpoints of a session, counted."""

    ready: int
    """How many can be returned to at once."""
    memory: int
    """Bytes that they hold beyond what the program holds anyway, as last measured."""
    refusal: tuple[int, str] | None = None
    """The line up to which the program had run when a checkpoint was last refused, and why."""
    named: tuple[tuple[str, str], ...] = ()
    """Id and name of those that were asked for by hand, the newest first."""


class SessionStatus(NamedTuple):
    """A session at one moment."""

    uri: str
    state: SessionState
    python: str | None
    """`sys.executable` of the program; None where there is no process."""
    version: str | None
    """The interpreter's version; None where there is no process."""
    pid: int | None
    queued: int
    """Runs that wait behind the one under way."""
    checkpoints: KeptStates
    python_reason: str = ""
    """Why it is that interpreter, for people."""

    @property
    def has_program(self) -> bool:
        """Whether there is a process."""
        return self.pid is not None
