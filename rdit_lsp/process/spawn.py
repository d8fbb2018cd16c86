"""Starting a worker's process: the part that needs no event loop.

Apart from `process` so that the command line can start the interpreter first and import the rest while
that one starts. Knows descriptors and the worker's bootstrap; nothing of what is then said to it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rdit_lsp.process.posix.limits import give_back, sacrifice_first
from rdit_lsp.settings.configuration import CHECKPOINT_MEMORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.settings.configuration import FigureFormat

BOOTSTRAP = Path(__file__).parents[1] / "worker" / "importlib_bootstrap.py"


class WorkerError(Exception):
    """No worker could be had; the message is a sentence for the user."""


@dataclass(frozen=True)
class Launch:
    """Everything that decides what a worker is like."""

    python: tuple[str, ...]
    """The command line that starts the interpreter."""
    path: str
    """The file the code claims to be."""
    argv: tuple[str, ...]
    """`sys.argv`, the script's own name first."""
    cwd: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Changes to the server's own environment; None removes a variable."""
    is_file: bool = True
    """`path` is, or could be, a file; not so for standard input."""
    figure_format: FigureFormat = "png"
    """What figures are drawn as."""
    figure_dpi: float | None = None
    """Dots per inch they are drawn at; None for each figure's own."""
    capture: bool = True
    """Read the program's output. Otherwise it goes where the server's own goes."""
    stdin: Literal["ask", "inherit", "empty"] = "ask"
    show_values: bool = True
    checkpoints: bool = False
    """Copies of the process may be asked for."""
    checkpoint_memory: int = CHECKPOINT_MEMORY
    """Bytes that all of them may hold beyond what the process holds anyway."""


@dataclass(frozen=True)
class Spawned:
    """A process that has just been started, and our ends of what connects us to it."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    pipes: Mapping[int, int]
    """The program's descriptor, 1 or 2, to ours that reads it; empty without capture."""


def spawn(launch: Launch) -> Spawned:
    """Start the interpreter. Raises WorkerError with the reason when it cannot be started."""
    ours, theirs = socket.socketpair()
    pipes = {fd: os.pipe() for fd in (1, 2)} if launch.capture else {}
    try:
        process = subprocess.Popen(
            [*launch.python, str(BOOTSTRAP), str(theirs.fileno())],
            stdin=None if launch.stdin == "inherit" else subprocess.DEVNULL,
            stdout=pipes[1][1] if pipes else None,
            stderr=pipes[2][1] if pipes else None,
            cwd=launch.cwd,
            env=_environment(launch.env),
            pass_fds=[theirs.fileno()],
            start_new_session=not shares_terminal(launch),
        )
    except OSError as error:
        ours.close()
        for reading, _ in pipes.values():
            os.close(reading)
        raise WorkerError(_why_not_spawned(launch, error)) from error
    finally:
        theirs.close()
        for _, writing in pipes.values():
            os.close(writing)
    give_back(process.pid)
    sacrifice_first(process.pid)
    return Spawned(process, ours, {fd: reading for fd, (reading, _) in pipes.items()})


def shares_terminal(launch: Launch) -> bool:
    """Whether the program gets the terminal of whoever started us, to read from it."""
    return launch.stdin == "inherit" and sys.stdin is not None and sys.stdin.isatty()


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    env = dict(os.environ)
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
