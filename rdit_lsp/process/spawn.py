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
from typing import TYPE_CHECKING, Literal, TextIO

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
    """`__file__` of the code that runs, absolute."""
    argv: tuple[str, ...]
    """`sys.argv`, the script's own name first."""
    cwd: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Changes to the environment that it inherits; None removes a variable."""
    environ: Mapping[str, str] | None = None
    """The environment that it inherits; None for that of this process."""
    umask: int | None = None
    """The file mode creation mask that it inherits; None for that of this process."""
    given_path: str | None = None
    """`path` as it was given, which is `__file__` before Python 3.9; None where that is the same."""
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
    is_interactive: bool = False
    """After the last statement Python reads more of them from standard input, as with its option `-i`."""
    assignments: bool = False
    """Report short texts of what assignments bind."""
    checkpoints: bool = False
    """The process may be forked."""
    checkpoint_memory: int = CHECKPOINT_MEMORY
    """Bytes that all checkpoints may hold beyond what the process holds anyway."""
    reason: str = field(default="", compare=False)
    """Why it is that interpreter, for people."""

    def inherited(self) -> Mapping[str, str]:
        """The environment that it inherits."""
        return without_coercion(os.environ) if self.environ is None else self.environ


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
            [*launch.python, *_options(launch), str(BOOTSTRAP), str(far.fileno())],
            stdin=None if launch.stdin == "inherit" else subprocess.DEVNULL,
            stdout=pipes[1][1] if pipes else None,
            stderr=pipes[2][1] if pipes else None,
            cwd=launch.cwd,
            env=_environment(launch),
            umask=-1 if launch.umask is None else launch.umask,
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


def _options(launch: Launch) -> list[str]:
    return ["-i"] if launch.is_interactive else []


def shares_terminal(launch: Launch) -> bool:
    """Whether the program reads from the terminal that rdit was started in, or writes to it."""
    return (launch.stdin == "inherit" and _is_terminal(sys.stdin)) or (
        not launch.capture and _is_terminal(sys.stdout)
    )


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _environment(launch: Launch) -> dict[str, str]:
    env = dict(launch.inherited())
    for name, value in launch.env.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def _why_not_spawned(launch: Launch, error: OSError) -> str:
    if not Path(launch.cwd).is_dir():
        return f"the working directory {launch.cwd} does not exist."
    return f"{' '.join(launch.python)} cannot be started: {error.strerror or error}."
