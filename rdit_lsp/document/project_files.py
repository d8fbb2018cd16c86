"""What programs import from the user's project, as far as state keys must know it.

Reads files and folders, nothing else. A file that changes and changes back has its old fingerprint again.
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple, TypeAlias

Fingerprint: TypeAlias = bytes
Stamp: TypeAlias = tuple[int, int, int]

GONE: Fingerprint = b""
"""The fingerprint of a file that cannot be read, and of a module of which there is nothing."""

_ENDINGS = (".py", ".pyc", ".so")
"""How the files end that Python takes for modules; the worker has the same."""
_TICK = 50_000_000
"""Nanoseconds within which a file can change twice and have one time: the system's clock has ticks."""


class Lookup(NamedTuple):
    """A module looked for in a folder, found there or not."""

    folder: str
    name: str


Dependency: TypeAlias = str | Lookup
"""A file that was read, by its path, or a place where one was looked for."""


class ProjectFiles:
    """Fingerprints of what was asked for, as of the last look."""

    def __init__(self) -> None:
        self._known: dict[Dependency, tuple[Stamp | None, Fingerprint]] = {}
        self._seen: dict[tuple[str, Stamp], Fingerprint] = {}
        """What was in a file that had this stamp."""

    def fingerprint(self, dependency: Dependency) -> Fingerprint:
        """What is there, as of the last look at it."""
        if dependency not in self._known:
            self._known[dependency] = self._look(dependency)
        return self._known[dependency][1]

    def as_read(self, path: str, stamp: Stamp | None) -> Fingerprint:
        """What was in a file when it had this stamp; like nothing else where that cannot be known."""
        self.fingerprint(path)
        return GONE if stamp is None else self._seen.get((path, stamp), repr(stamp).encode())

    def look_again(self) -> list[Dependency]:
        """Look at all that is known; returns what is something else now."""
        return [dependency for dependency in list(self._known) if self._look_again(dependency)]

    def _look_again(self, dependency: Dependency) -> bool:
        stamp, fingerprint = self._known.get(dependency, (None, None))
        if stamp is not None and _stamp_of(dependency) == stamp:
            return False
        self._known[dependency] = self._look(dependency)
        return self._known[dependency][1] != fingerprint

    def _look(self, dependency: Dependency) -> tuple[Stamp | None, Fingerprint]:
        stamp = _stamp_of(dependency)
        if isinstance(dependency, Lookup):
            return _trusted(stamp), found(_entries(dependency))
        fingerprint = _content(dependency)
        if stamp is None or stamp_of_file(dependency) != stamp:
            return None, fingerprint
        self._seen[dependency, stamp] = fingerprint
        return _trusted(stamp), fingerprint


def found(entries: tuple[str, ...]) -> Fingerprint:
    """The fingerprint of these entries of a folder, which Python would take for a module."""
    return "\n".join(entries).encode("utf-8", "surrogateescape")


def _trusted(stamp: Stamp | None) -> Stamp | None:
    """A stamp, if another change would give another one."""
    return stamp if stamp is not None and abs(time.time_ns() - stamp[0]) > _TICK else None


def _content(path: str) -> Fingerprint:
    import hashlib  # Takes half as long to import as Python takes to start.

    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).digest()
    except OSError:
        return GONE


def _entries(lookup: Lookup) -> tuple[str, ...]:
    """The entries of a folder that Python would look at for a module, sorted."""
    folder, name = lookup
    try:
        listed = os.listdir(folder)
    except OSError:
        return ()
    inits = [f"{name}/__init__.py", f"{name}/__init__.pyc"] if name in listed else []
    return tuple(
        sorted(
            [e for e in listed if e == name or (e.startswith(f"{name}.") and e.endswith(_ENDINGS))]
            + [init for init in inits if os.path.exists(os.path.join(folder, init))]
        )
    )


def _stamp_of(dependency: Dependency) -> Stamp | None:
    """A stamp that is another one when the dependency may be something else."""
    if not isinstance(dependency, Lookup):
        return stamp_of_file(dependency)
    folder, name = dependency
    inside = stamp_of_file(os.path.join(folder, name))
    here = stamp_of_file(folder)
    # A package's own folder changes when it gets its `__init__.py`.
    return here if inside is None or here is None else _joined(here, inside)


def _joined(here: Stamp, inside: Stamp) -> Stamp:
    return max(here[0], inside[0]), hash((here, inside)), here[2]


def stamp_of_file(path: str) -> Stamp | None:
    """What changes when a file does; None where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
