"""Something to look at: a value, or what code displayed on its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from rdit_lsp.outputs.layout import laid_out

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Display:
    """Something to look at: an expression's value, or what code displayed on its own."""

    kind: Literal["result", "display"]
    data: dict[str, Any]
    """MIME type to data."""
    metadata: Json = field(default_factory=dict)
    """By MIME type; under `rdit` what is known of the value: type, shape, pixels, notes."""
    id: str | None = None
    """The name by which code can replace it later."""

    @property
    def text(self) -> str:
        """Its plain text."""
        return str(self.data.get("text/plain", ""))

    @property
    def about(self) -> Json:
        """What the worker knows of the value."""
        about = self.metadata.get("rdit")
        return about if isinstance(about, dict) else {}

    @property
    def notes(self) -> list[str]:
        """Sentences on what could not be shown."""
        notes = self.about.get("notes")
        return [str(note) for note in notes] if isinstance(notes, list) else []

    @property
    def figure(self) -> int | None:
        """A number that identifies the figure it shows among those of its program."""
        figure = self.about.get("figure")
        return figure if isinstance(figure, int) else None

    @property
    def is_part(self) -> bool:
        """Whether the value is only a part of the figure that stands for it."""
        return self.about.get("part") is True

    @property
    def pretty(self) -> str:
        """A form laid out over several lines; empty where it is the same as `text`."""
        pretty = self.about.get("pretty")
        return pretty if isinstance(pretty, str) else ""

    @cached_property
    def layout(self) -> str:
        """Nested data with its items on lines of their own; empty where that is the same as `text`."""
        return laid_out(self.text) if self.data.keys() == {"text/plain"} else ""

    @property
    def has_picture(self) -> bool:
        """Whether it can be looked at."""
        return any(mime.startswith("image/") for mime in self.data)

    @property
    def size(self) -> int:
        """Characters of all its data, about."""
        return sum(len(value) for value in self.data.values() if isinstance(value, str))
