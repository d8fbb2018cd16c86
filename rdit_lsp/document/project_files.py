"""The contents of the project's files that programs import, as far as state keys must know them.

Reads files and nothing else. A file that changes and changes back has its old fingerprint again.
"""

from __future__ import annotations

import os
from typing import TypeAlias

Fingerprint: TypeAlias = bytes
_Stamp: TypeAlias = tuple[int, int, int]

GONE: Fingerprint = b""
"""The fingerprint of a file that cannot be read."""


class ProjectFiles:
    """Fingerprints of the files that were asked for, as of the last look."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Stamp | None, Fingerprint]] = {}

    def fingerprint(self, path: str) -> Fingerprint:
        """What is in a file, as of the last look at it."""
        if path not in self._known:
            self._known[path] = _look(path)
        return self._known[path][1]

    def look_again(self) -> bool:
        """Look at every known file; returns whether any holds something else now."""
        changed = False
        for path, (stamp, fingerprint) in self._known.items():
            if _stamp(path) == stamp:
                continue
            self._known[path] = _look(path)
            changed = changed or self._known[path][1] != fingerprint
        return changed


def _look(path: str) -> tuple[_Stamp | None, Fingerprint]:
    import hashlib  # Takes half as long to import as Python takes to start.

    stamp = _stamp(path)
    try:
        with open(path, "rb") as file:
            return stamp, hashlib.sha256(file.read()).digest()
    except OSError:
        return None, GONE


def _stamp(path: str) -> _Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
