"""Starting a worker's process: the part that needs no event loop.

Apart from `worker` so that the command line can start the interpreter first, and import the rest while
the interpreter starts. Knows descriptors and the worker's bootstrap; nothing of the messages that follow.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rdit_lsp.process.coercion import without_coercion
from rdit_lsp.process.posix.limits import raise_oom_score, restore_limit
from rdit_lsp.settings.configuration import CHECKPOINT_MEMORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.settings.configuration import FigureFormat

BOOTSTRAP = Path(__file__).parents[1] / "worker" / "bootstrap.py"


class WorkerError(Exception):
    """There is no program where one was needed; the message is a sentence for the user."""


@dataclass(frozen=True)
class Launch:
    """Everything that a program's start depends on."""

    python: tuple[str, ...]
    """The command line that starts the interpreter."""
    path: str
    """`__file__` of the code that runs."""
    argv: tuple[str, ...]
    """`sys.argv`, the script's own name first."""
    cwd: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Changes to the server's own environment; None removes a variable."""
    is_file: bool = True
    """`path` is, or could be, a file; not so for standard input."""
    figure_format: FigureFormat = "png"
    """The format of figures."""
    figure_dpi: float | None = None
    """Dots per inch of figures; None for each figure's own."""
    capture: bool = True
    """Read the program's output. Otherwise it goes where the server's own goes."""
    stdin: Literal["ask", "inherit", "empty"] = "ask"
    show_values: bool = True
    checkpoints: bool = False
    """The process may be forked."""
    checkpoint_memory: int = CHECKPOINT_MEMORY
    """Bytes that all checkpoints may hold beyond what the process holds anyway."""


@dataclass(frozen=True)
class Spawned:
    """A process that has just been started, and the server's ends of what connects the two."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    pipes: Mapping[int, int]
    """The program's descriptor, 1 or 2, to the reading end of its pipe; empty without capture."""


def spawn(launch: Launch) -> Spawned:
    """Start the interpreter. Raises WorkerError with the reason when it cannot be started."""
    near, far = socket.socketpair()
    pipes = {fd: os.pipe() for fd in (1, 2)} if launch.capture else {}
    try:
        process = subprocess.Popen(
            [*launch.python, str(BOOTSTRAP), str(far.fileno())],
            stdin=None if launch.stdin == "inherit" else subprocess.DEVNULL,
            stdout=pipes[1][1] if pipes else None,
            stderr=pipes[2][1] if pipes else None,
            cwd=launch.cwd,
            env=_environment(launch.env),
            pass_fds=[far.fileno()],
            start_new_session=not shares_terminal(launch),
        )
    except OSError as error:
        near.close()
        for reading, _ in pipes.values():
            os.close(reading)
        raise WorkerError(_why_not_spawned(launch, error)) from error
    finally:
        far.close()
        for _, writing in pipes.values():
            os.close(writing)
    restore_limit(process.pid)
    raise_oom_score(process.pid)
    return Spawned(process, near, {fd: reading for fd, (reading, _) in pipes.items()})


def shares_terminal(launch: Launch) -> bool:
    """Whether the program reads from the terminal that rdit was started in."""
    return launch.stdin == "inherit" and sys.stdin is not None and sys.stdin.isatty()


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    env = without_coercion(os.environ)
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def _why_not_spawned(launch: Launch, error: OSError) -> str:
    if not Path(launch.cwd).is_dir():
        return f"the working directory {launch.cwd} does not exist."
    return f"{' '.join(launch.python)} cannot be started: {error.strerror or error}."
