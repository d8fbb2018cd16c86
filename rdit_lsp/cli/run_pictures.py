"""The pictures of a run: each in a file that outlives it, and drawn where the terminal can.

The files are in the user's cache, one folder a script, which the next run of that script renews.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rdit_lsp.cli.inline_images import drawn, protocol_of
from rdit_lsp.outputs.pictures import picture_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.outputs.display import Display
    from rdit_lsp.outputs.pictures import Picture


class ShownPicture(NamedTuple):
    """What there is to write of a picture."""

    path: Path | None
    """Its file."""
    drawing: str | None
    """What makes the terminal draw it."""


class RunPictures:
    """The pictures of one script, whose files are named by its lines."""

    def __init__(self, script: str, env: Mapping[str, str]) -> None:
        """`script` is its absolute path; the files of an earlier run go before the first new one."""
        self._protocol = protocol_of(env)
        cache = env.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        number = hashlib.sha256(script.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        name = re.sub(r"\W", "_", Path(script).stem)
        self._folder = Path(cache, "rdit", "pictures", f"{name}-{number}")
        self._is_cleared = False
        self._made: set[str] = set()
        """Names of this update's files."""

    def begin_update(self) -> None:
        """Let new pictures take the places of those that lines have had so far."""
        self._made.clear()

    def shown(self, display: Display, line: int, columns: int | None) -> ShownPicture:
        """The picture of a display of the statement that ends at `line`.

        `columns` is the width of the terminal, None where there is none.
        """
        picture = picture_of(display)
        if picture is None:
            return ShownPicture(None, None)
        drawing = None
        if columns is not None and self._protocol is not None:
            drawing = drawn(picture, self._protocol, columns)
        return ShownPicture(self._kept(picture, line), drawing)

    def _kept(self, picture: Picture, line: int) -> Path | None:
        content = picture.for_file
        if content is None:
            return None
        name = self._name(line, picture.suffix)
        try:
            self._clear()
            (self._folder / name).write_bytes(content)
        except OSError:
            return None  # A home that cannot be written: the caption says what there is.
        self._made.add(name)
        return self._folder / name

    def _name(self, line: int, suffix: str) -> str:
        name, number = f"line-{line}{suffix}", 1
        while name in self._made:
            number += 1
            name = f"line-{line}-{number}{suffix}"
        return name

    def _clear(self) -> None:
        if self._is_cleared:
            return
        self._is_cleared = True
        self._folder.mkdir(parents=True, exist_ok=True)
        for former in self._folder.glob("line-*"):
            former.unlink()
