"""What the system grants: files for the server and its programs, and memory to the server first.

Each copy of a program costs the server two descriptors, and many systems begin with a limit of 1024.
Programs get the limits that they would have without it.
`resource` is imported where it is needed, since `rdit run` needs none of this.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_RESERVED = 64
"""Descriptors that copies leave to everything else."""

_SOONER = 300
"""Thousandths of all memory by which a program counts for larger than it is where memory runs out."""

_before: tuple[int, int] | None = None
"""The limits that the server was started with, once it has raised its own."""


def raise_limit() -> None:
    """Let this process open as many files as it may, where its programs can be given less (Linux)."""
    global _before
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hasattr(resource, "prlimit") and soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        _before = soft, hard


def give_back(pid: int) -> None:
    """Have a process that was just started know the limits that this one was started with."""
    if _before is not None:
        import resource

        resource.prlimit(pid, resource.RLIMIT_NOFILE, _before)


def sacrifice_first(pid: int) -> None:
    """Have the system end this process and all it starts before us where memory runs out (Linux).

    Among them it takes the largest, which is the one that grew and not a copy of it that waits.
    """
    with contextlib.suppress(OSError):  # Another system, or one that has ended already.
        ours = int(Path("/proc/self/oom_score_adj").read_text())
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(min(ours + _SOONER, 1000)))


def has_room() -> bool:
    """Whether there are descriptors enough for one more copy; yes where nobody can tell."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        return len(os.listdir("/proc/self/fd")) + _RESERVED < soft
    except OSError:
        return True
