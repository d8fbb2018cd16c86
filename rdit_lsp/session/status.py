"""The status of a session, for reports; frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rdit_lsp.results.snapshot import SessionState
    from rdit_lsp.session.client import Client
    from rdit_lsp.session.planning import Scope
    from rdit_lsp.session.run import Run


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


@dataclass(frozen=True)
class HostInfo:
    """The process that sessions live in, where that is not the client's own."""

    pid: int
    version: str
    since: datetime


@dataclass(frozen=True)
class Times:
    """Since when a session is what it is."""

    started: datetime
    detached: datetime | None = None
    """When its last client left; None while it has one."""


class RunInfo(NamedTuple):
    """A run that is under way or waits."""

    scope: Scope
    client: Client
    """Who asked for it."""


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
    clients: tuple[Client, ...]
    times: Times
    running: RunInfo | None
    queue: tuple[RunInfo, ...]
    """The runs that wait."""
    python_reason: str = ""
    """Why it is that interpreter, for people."""

    @property
    def has_program(self) -> bool:
        """Whether there is a process."""
        return self.pid is not None


def runs_info(runs: Iterable[Run]) -> tuple[RunInfo, ...]:
    """What is said of runs; nothing of those that are rdit's own."""
    return tuple(RunInfo(r.request.scope, r.owner.client) for r in runs if r.owner is not None)
