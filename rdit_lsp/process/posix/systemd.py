"""A scope of its own under systemd, where there is one: processes that are to outlive the terminal they came from.

Otherwise they belong to that terminal, editor or login, and systemd may end them with it, or count their
memory as its. Best effort: elsewhere nothing is done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MANAGER = (
    "org.freedesktop.systemd1",
    "/org/freedesktop/systemd1",
    "org.freedesktop.systemd1.Manager",
)


def give_scope(name: str, pids: Sequence[int], environ: Mapping[str, str]) -> bool:
    """Ask the user's systemd to move processes into a new scope; whether there was one to ask.

    Nothing waits for the answer, which costs more than the start of all else; errors go to standard error.
    """
    busctl = shutil.which("busctl", path=environ.get("PATH"))
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    if busctl is None or not os.path.exists(os.path.join(runtime, "systemd", "private")):
        return False
    subprocess.Popen(
        _command(busctl, f"{name}-{pids[0]}.scope", pids),
        env={**environ, "XDG_RUNTIME_DIR": runtime},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    return True


def _command(busctl: str, unit: str, pids: Sequence[int]) -> list[str]:
    """`StartTransientUnit(unit, "fail", [("Description", …), ("PIDs", …)], [])`."""
    description = ("Description", "s", "rdit: programs that outlive their editor")
    processes = ("PIDs", "au", str(len(pids)), *map(str, pids))
    signature = "ssa(sv)a(sa(sv))"
    arguments = (unit, "fail", "2", *description, *processes, "0")
    return [busctl, "--user", "call", *_MANAGER, "StartTransientUnit", signature, *arguments]
