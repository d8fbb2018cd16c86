"""Process groups and processor time of other processes, as `/proc` has them (Linux)."""

from __future__ import annotations

import os
from pathlib import Path


def members(group: int) -> set[int]:
    """Ids of the living processes in a process group; none where the system has no `/proc`."""
    found = set()
    for name in _listed("/proc"):  # Not `glob`, which looks at each file twice.
        if not name.isdecimal():
            continue
        fields = _fields(f"/proc/{name}/stat")
        if fields and int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            found.add(int(name))
    return found


def oldest_members() -> dict[int, int]:
    """Each process group in which this user has a living process, and when its oldest one began."""
    found: dict[int, int] = {}
    own = os.getuid()
    for name in filter(str.isdecimal, _listed("/proc")):
        fields = _fields(f"/proc/{name}/stat")
        if fields and fields[0] not in (b"Z", b"X") and _owner(f"/proc/{name}") == own:
            group, began = int(fields[2]), int(fields[19])
            found[group] = min(began, found.get(group, began))
    return found


def began(pid: int) -> int | None:
    """When a process began, in ticks since boot; None if it has ended, or the system does not say.

    With its id it names a process as long as the machine runs: ids are used again.
    """
    fields = _fields(f"/proc/{pid}/stat")
    return int(fields[19]) if fields and fields[0] not in (b"Z", b"X") else None


def is_stopped(pid: int) -> bool:
    """Whether a process has been stopped by a signal or a debugger (SIGSTOP)."""
    fields = _fields(f"/proc/{pid}/stat")
    return bool(fields) and fields[0] in (b"T", b"t")


def ticks_of_runnable(pid: int) -> int | None:
    """Processor time of a process's main thread, in ticks; None if it sleeps or is unknown."""
    fields = _fields(f"/proc/{pid}/task/{pid}/stat")
    if not fields or fields[0] not in (b"R", b"D"):
        return None
    return int(fields[11]) + int(fields[12])


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _owner(path: str) -> int | None:
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def _fields(stat: str) -> list[bytes]:
    """The fields of a `stat` file, from the state on; none if the process has ended."""
    try:
        return Path(stat).read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []
