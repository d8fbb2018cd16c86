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


def _fields(stat: str) -> list[bytes]:
    """The fields of a `stat` file, from the state on; none if the process has ended."""
    try:
        return Path(stat).read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []
