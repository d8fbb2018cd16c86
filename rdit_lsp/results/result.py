"""The result of one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from rdit_lsp.document.state_keys import OFF_PATH, Key
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream, StreamBuffer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.document.project_files import Dependency
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.line_references import LineReferences
    from rdit_lsp.results.outcome import Status

Captured: TypeAlias = StreamBuffer | Stream | Display | Failure
"""An output as a result holds it: streams may still grow."""


@dataclass(eq=False)
class Result:
    """How a statement ended, or runs now, and what it put out."""

    text: str
    """The statement's text when it ran."""
    status: Status = "running"
    index: int = 0
    """The statement's position among those of the document when it ran, from 0."""
    first: int = 1
    """Its first line then."""
    key: Key = OFF_PATH
    """The state it led to."""
    captured: list[Captured] = field(default_factory=list)
    """What it put out, in the order of writing."""
    seconds: float | None = None
    """How long it took, without `waited`."""
    waited: float = 0.0
    """Seconds for which it waited for a line from a person."""
    exit_code: int | None = None
    imports: Mapping[Dependency, bytes] = field(default_factory=dict)
    """Files of the project that it imported or looked for, and what was in them when they were read."""
    references: LineReferences | None = None
    """The lines of the document that the outputs speak of."""
    shows_parts: bool | None = None
    """It has a part of a figure, and shows the figure for it or not; None where it has none."""
    assigned: str | None = None
    """A short text of what it has bound, if it is a simple assignment and that is to be shown."""
    note: str | None = None
    """A sentence of rdit's own about it."""
    reused: bool = False
    """The last run found it still valid and did not run it again."""
    off_path: bool = False
    """It came from a state that a clean run of the text of that time does not pass through."""
    caught_interrupt: bool = False
    """It ended of its own accord, but after an interrupt, which no clean run has."""
    superseded: bool = False
    """A later run from the top ended before it came to this statement."""
    figure_is_closed: bool = False
    """Its statement has run again since, found no figure to show, and left this picture standing."""
    ran_at: float | None = None
    """When it ended, in seconds since the epoch; None while it runs."""
    restored: bool = False
    """It came from a program that is gone: nothing stands behind it any more, however right it is."""
    revision: int = 0
    """Grows with every change, so that a view of it can be told to be out of date."""

    def changed(self) -> None:
        """Note that something about it is different now."""
        self.revision += 1

    def copy(self) -> Result:
        """A result like this one, whose outputs do not grow any more."""
        copied = Result.__new__(Result)
        vars(copied).update(vars(self), captured=[*self.outputs()])
        return copied

    def outputs(self) -> tuple[Output, ...]:
        """What it has put out so far, frozen."""
        return tuple(
            output.freeze() if isinstance(output, StreamBuffer) else output
            for output in self.captured
        )

    def discard(self) -> None:
        """Remove the files behind its outputs: it will not be shown again."""
        for output in self.captured:
            if isinstance(output, StreamBuffer):
                output.discard()
