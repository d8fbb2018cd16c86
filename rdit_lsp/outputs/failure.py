"""An exception that ended a statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """One call of a traceback. Columns are in characters, from 0; lines from 1."""

    file: str
    line: int
    function: str
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class Failure:
    """An exception that ended a statement."""

    name: str
    value: str
    text: str
    """What `python FILE` would have printed."""
    frames: tuple[Frame, ...] = ()
    printed: bool = False
    """The program's own `sys.excepthook` has printed it already."""
