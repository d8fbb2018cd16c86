"""What an export is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


Format: TypeAlias = Literal["html", "ipynb", "md", "py"]


@dataclass(frozen=True)
class About:
    """What an export says about its source."""

    name: str
    """The document's file name."""
    python: str | None = None
    """The interpreter's version."""


@dataclass(frozen=True)
class Exported:
    """The content of an export."""

    text: str
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Files that `text` refers to, by path relative to its own."""

    @property
    def data(self) -> bytes:
        """The text as it is written."""
        return self.text.encode("utf-8", "backslashreplace")
