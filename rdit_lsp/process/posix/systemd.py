"""A scope of its own under systemd, for processes that are to outlive the terminal they came from.

Otherwise they belong to that terminal, editor or login, and systemd may end them with it, or count their
memory as its. Best effort: elsewhere nothing is done.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MANAGER = (
    "org.freedesktop.systemd1",
    "/org/freedesktop/systemd1",
    "org.freedesktop.systemd1.Manager",
)


def give_scope(name: str, pids: Sequence[int], environ: Mapping[str, str]) -> int | None:
    """Ask the user's systemd to move processes into a new scope.

    Returns the child that asks, which the caller may reap at any time, as the answer takes longer than the
    start of a host; errors go to standard error. None where there is no systemd.
    """
    busctl = shutil.which("busctl", path=environ.get("PATH"))
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    if busctl is None or not os.path.exists(os.path.join(runtime, "systemd", "private")):
        return None
    return os.posix_spawn(
        busctl,
        _command(busctl, f"{name}-{pids[0]}.scope", pids),
        {**environ, "XDG_RUNTIME_DIR": runtime},
        file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)],
    )


def _command(busctl: str, unit: str, pids: Sequence[int]) -> list[str]:
    """`StartTransientUnit(unit, "fail", [("Description", …), ("PIDs", …)], [])`."""
    description = ("Description", "s", "rdit: programs that outlive their editor")
    processes = ("PIDs", "au", str(len(pids)), *map(str, pids))
    signature = "ssa(sv)a(sa(sv))"
    arguments = (unit, "fail", "2", *description, *processes, "0")
    return [busctl, "--user", "call", *_MANAGER, "StartTransientUnit", signature, *arguments]
