"""What a worker answers, decoded: the one place that knows the fields of its messages.

A worker's messages may hold whatever user code managed to write into its socket. A field that is missing
or of another kind raises KeyError, TypeError or IndexError, and whoever reads the channel then ends the
worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from rdit_lsp.outputs.codec import display_from, failure_from
from rdit_lsp.worker.statements import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.outputs.display import Display
    from rdit_lsp.outputs.failure import Failure
    from rdit_lsp.process.channel import Message

Outcome: TypeAlias = Literal["ok", "error", "interrupted", "exit"]
"""How a statement ends by itself, or by an interrupt."""


@dataclass(frozen=True)
class Exited:
    """Instead of an answer: the process is gone. `code` as in `Popen.returncode`, -N for signal N."""

    code: int
    is_for_memory: bool = False
    """SIGKILL ended it, and the system has killed for want of memory since it began."""


@dataclass(frozen=True)
class Refusal:
    """There can be no fork; the reason reads "it has …", or the like, and is meant for the user."""

    reason: str


@dataclass(frozen=True)
class Prepared:
    """The source compiles; these are its statements."""

    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Rejected:
    """The source does not compile."""

    failure: Failure
    first: int
    """The lines, from 1, that the failure is about."""
    last: int


@dataclass(frozen=True)
class Finished:
    """A statement ended."""

    outcome: Outcome
    seconds: float
    value: Display | None
    """The value of an expression that is shown."""
    failure: Failure | None
    exit_code: int | None
    """With the outcome `exit`."""
    imported: tuple[str, ...]
    """Files of the project that it imported."""


def prepared(message: Message) -> Prepared | Rejected:
    """The answer to `prepare`."""
    if message["type"] == "rejected":
        failure = failure_from(message["failure"])
        return Rejected(failure, message["first"], message["last"])
    return Prepared(tuple(Span(*span) for span in message["spans"]))


def finished(message: Message) -> Finished:
    """The answer to `execute`."""
    value, failure = message["value"], message["failure"]
    return Finished(
        outcome=message["outcome"],
        seconds=message["seconds"],
        value=None if value is None else display_from("result", value, message.get("metadata")),
        failure=None if failure is None else failure_from(failure),
        exit_code=message["code"],
        imported=tuple(message["modules"]),
    )


def environment(message: Message) -> Mapping[str, str | None]:
    """The answer to `environ`: the values that the variables had before."""
    before: Mapping[str, str | None] = message["before"]
    return before
