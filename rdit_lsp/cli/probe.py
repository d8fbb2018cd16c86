"""Asking an interpreter, without a worker, which version it is and what is installed for it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rdit_lsp.process.spawn import Launch

_LIMIT = 30
"""Seconds to wait for an answer: starting Python takes long on network folders."""
_QUESTION = """
import json, sys
found = {}
if sys.argv[1:]:
    from importlib.metadata import PackageNotFoundError, version
    for name in sys.argv[1:]:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
print(json.dumps(["%d.%d.%d" % sys.version_info[:3], found]))
"""


@dataclass(frozen=True)
class Installation:
    """An interpreter and packages that may be installed for it."""

    version: str
    packages: Mapping[str, str | None]
    """The version of each that was asked for, None for what is not there."""


def installation(launch: Launch, packages: Iterable[str] = ()) -> Installation | None:
    """What the interpreter of `launch` says of itself, None if it says nothing that makes sense."""
    environ = {**os.environ, **launch.env}
    try:
        answer = subprocess.run(
            [*launch.python, "-c", _QUESTION, *packages],
            cwd=launch.cwd,
            env={name: value for name, value in environ.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT,
            check=True,
        ).stdout
        # What runs at the start of every Python may print, too.
        version, found = json.loads(answer.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError, TypeError):
        return None
    return Installation(str(version), found)
