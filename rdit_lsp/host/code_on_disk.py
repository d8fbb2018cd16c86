"""Whether the code that this process runs is still the one on disk, or was replaced by an upgrade."""

from __future__ import annotations

import os
import sys

_PACKAGE = __name__.partition(".")[0]


class CodeOnDisk:
    """The files of the package's modules as they were when this was made."""

    def __init__(self) -> None:
        files = (getattr(sys.modules[name], "__file__", None) for name in _loaded())
        self._stamps = {file: _stamp(file) for file in files if file is not None}

    def has_changed(self) -> bool:
        """Whether one of them is another file now, or gone."""
        return any(_stamp(file) != stamp for file, stamp in self._stamps.items())


def _loaded() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
