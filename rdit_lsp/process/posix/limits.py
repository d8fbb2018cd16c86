"""Resource limits: open files of the server and its programs, and which of them the OOM killer takes.

Each fork of a program costs the server two descriptors, and many systems begin with a limit of 1024. So
the server raises its own limit, and programs get the one that they would have without it.
`resource` is imported where it is needed, since `rdit run` needs none of this.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_RESERVED = 64
"""Descriptors that forks leave to everything else."""

_OOM_SCORE = 300
"""Thousandths of all memory that the OOM killer adds to a program's size when it looks for the largest."""

_before: tuple[int, int] | None = None
"""The limits that the server was started with, once it has raised its own."""


def raise_limit() -> None:
    """Raise this process's limit of open files, where programs can be given back a lower one (Linux)."""
    global _before
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hasattr(resource, "prlimit") and soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        _before = soft, hard


def restore_limit(pid: int) -> None:
    """Give a process that was just started the limit that this one was started with."""
    if _before is not None:
        import resource

        resource.prlimit(pid, resource.RLIMIT_NOFILE, _before)


def raise_oom_score(pid: int) -> None:
    """Have the OOM killer take this process, or one it starts, before the server (Linux).

    Among them it takes the largest, which is the one that grew and not a fork of it that waits.
    """
    with contextlib.suppress(OSError):  # Another system, or the process has exited already.
        own = int(Path("/proc/self/oom_score_adj").read_text())
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(min(own + _OOM_SCORE, 1000)))


def has_room() -> bool:
    """Whether there are descriptors enough for one more fork; yes where the system does not say."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        return len(os.listdir("/proc/self/fd")) + _RESERVED < soft
    except OSError:
        return True
