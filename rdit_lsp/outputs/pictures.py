"""Pictures of displays: which one a display has, and as files that other programs can open.

Knows displays and MIME types, nothing of clients. SVG can hold scripts: in an `<img>` they do not run, in
a file that a browser opens they would, so a file never gets them (`markup.safe_svg`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.markup import safe_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rdit_lsp.outputs.display import Json
    from rdit_lsp.outputs.output import Output

log = logging.getLogger(__name__)

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
}
"""What is a picture, the most exact first, and what a file of it is called."""

_HELD = 200
"""Files that are there at a time: a slider can make thousands."""


@dataclass(frozen=True)
class Picture:
    """A picture of a display."""

    mime: str
    raw: bytes
    width: int | None = None
    """Pixels across at which it is meant to be shown; None where that is unknown."""
    height: int | None = None

    @cached_property
    def data_uri(self) -> str:
        """The picture as an address that is all of it."""
        return f"data:{self.mime};base64,{base64.b64encode(self.raw).decode()}"

    @property
    def suffix(self) -> str:
        """What the name of a file of it ends with."""
        return SUFFIXES[self.mime]

    @cached_property
    def for_file(self) -> bytes | None:
        """What a file of it may hold; None for SVG that is none."""
        if self.mime != "image/svg+xml":
            return self.raw
        text = safe_svg(self.raw.decode("utf-8", "replace"))
        return text.encode() if text is not None else None


def picture_of(display: Display) -> Picture | None:
    """The picture of a display, if it has one."""
    for mime in SUFFIXES:
        content = display.data.get(mime)
        raw = _raw(mime, content) if isinstance(content, str) else None
        if raw is not None:
            sides = display.metadata.get(mime)
            sides = sides if isinstance(sides, dict) else {}
            return Picture(mime, raw, _side(sides.get("width")), _side(sides.get("height")))
    return None


def pictures_of(outputs: Iterable[Output]) -> list[Picture]:
    """The pictures among outputs."""
    found = [picture_of(output) for output in outputs if isinstance(output, Display)]
    return [picture for picture in found if picture is not None]


class PictureFiles:
    """Pictures in files of a folder: the same picture is the same file, and the oldest ones go."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not be there yet."""
        self._folder = folder
        self._held: dict[str, None] = {}

    def keep(self, picture: Picture) -> Path | None:
        """The file that holds `picture`; None where it cannot be in one."""
        content = picture.for_file
        if content is None:
            return None
        name = hashlib.sha256(content).hexdigest()[:20] + picture.suffix
        path = self._folder / name
        if name not in self._held and not _write(content, path):
            return None
        self._held.pop(name, None)
        self._held[name] = None
        while len(self._held) > _HELD:
            oldest = next(iter(self._held))
            del self._held[oldest]
            (self._folder / oldest).unlink(missing_ok=True)
        return path

    def name(self, picture: Picture, stem: str) -> Path | None:
        """A file of `picture` called `stem`, in the place of one of that name; None as in `keep`."""
        content = picture.for_file
        path = self._folder / (stem + picture.suffix)
        return path if content is not None and _write(content, path) else None

    def instead(self, items: Sequence[Json], outputs: Sequence[Output]) -> list[Json]:
        """`items`, the JSON of `outputs`, with the `path` of a file in the place of a picture's data."""
        return [self._instead(item, output) for item, output in zip(items, outputs, strict=True)]

    def _instead(self, item: Json, output: Output) -> Json:
        picture = picture_of(output) if isinstance(output, Display) else None
        path = self.keep(picture) if picture is not None else None
        if path is None:
            return item
        data = {mime: value for mime, value in item["data"].items() if mime not in SUFFIXES}
        return {**item, "data": data, "path": str(path)}


def _write(content: bytes, path: Path) -> bool:
    """Write a file, in a folder that need not be there; returns whether that went well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        log.warning("a picture cannot be kept: %s", error)
        return False
    return True


def _raw(mime: str, content: str) -> bytes | None:
    if mime == "image/svg+xml":
        return content.encode("utf-8", "replace")
    try:
        return base64.b64decode(content)
    except (ValueError, binascii.Error):
        return None


def _side(value: object) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value) if is_number and 0 < value < 1_000_000 else None  # type: ignore[operator, call-overload]  # It is a number here.
