"""The locale variable that Python sets in its own environment where there is no locale (PEP 538).

A program that inherited it would start otherwise than from the shell: without UTF-8 mode (PEP 540).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TARGETS = ("C.UTF-8", "C.utf8", "UTF-8")
_BLOCK = Path("/proc/self/environ")
"""The environment that this process was started with, on Linux."""


def without_coercion(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment `env`, with LC_CTYPE as it was when the process was started."""
    if env.get("LC_CTYPE") not in _TARGETS or env.get("LC_ALL"):
        return dict(env)
    rest = {name: value for name, value in env.items() if name != "LC_CTYPE"}
    before = _at_start(env)
    return rest if before is None else {**rest, "LC_CTYPE": before}


def _at_start(env: Mapping[str, str]) -> str | None:
    """LC_CTYPE as it was at the start of this process; a guess where the system does not tell."""
    try:
        block = _BLOCK.read_bytes()
    except OSError:
        return env["LC_CTYPE"] if env.get("LANG") not in (None, "", "C", "POSIX") else None
    for entry in block.split(b"\0"):
        if entry.startswith(b"LC_CTYPE="):
            return entry.partition(b"=")[2].decode("utf-8", "surrogateescape")
    return None
