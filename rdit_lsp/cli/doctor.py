"""`rdit doctor`: which interpreter, folder, settings and capabilities a document gets, and why.

Prints, and starts the interpreter once; changes nothing. It reports what an editor without settings of
its own gets, since only the editor knows its settings.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import Launch, WorkerError
from rdit_lsp.process.worker import LocalWorker
from rdit_lsp.settings.configuration import ConfigurationError, Settings, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.handle import Owner, ProgramHandle
    from rdit_lsp.process.replies import Cleared, Displayed, Exited
    from rdit_lsp.settings.interpreter import Interpreter

_BY_DEFAULT = "by default"


def doctor(file: Path | None) -> int:
    """Print what `file`, or a new one in this folder, gets. Returns the exit code: 1 for trouble."""
    path = (file if file is not None else Path("untitled.py")).absolute()
    print(f"rdit {VERSION}, running on Python {platform.python_version()} ({sys.executable})")
    for name, value in _capabilities():
        _print_row(name, value)
    print(f"\n{path}")
    try:
        settings = settings_for(path.parent, {})
        _print_settings(settings, path.parent)
        interpreter = choose(path.parent, settings)
        _print_interpreter(interpreter, path, settings)
    except (ConfigurationError, InterpreterError, WorkerError) as trouble:
        print(f"\nThis cannot be run: {trouble}")
        return 1
    print("\nEverything that is needed to run it is there.")
    return 0


def _capabilities() -> Iterator[tuple[str, str]]:
    yield "platform", f"{platform.system()} {platform.release()}, {platform.machine()}"
    forks = hasattr(os, "fork")
    yield "fork", "yes" if forks else "no: rdit does not run on this platform"
    yield "pidfd", "yes" if _has_pidfd() else "no: a thread waits for each process instead"


def _has_pidfd() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False  # Not Linux, or older than 5.3.
    return True


def _print_settings(settings: Settings, folder: Path) -> None:
    cwd = settings.cwd or folder
    origin = settings.sources.get("cwd", "the document's folder; `rdit run` takes the present one")
    _print_row("directory", f"{cwd} ({origin})")
    _print_row("arguments", _with_source(shlex.join(settings.args), settings, "args"))
    assignments = " ".join(f"{n}={shlex.quote(v)}" for n, v in settings.env.items())
    _print_row("environment", _with_source(assignments, settings, "env"))
    _print_row("runOn", _with_source(settings.run_on, settings, "run_on"))
    _print_row("checkpoints", _with_source(settings.checkpoints, settings, "checkpoints"))
    _print_row(
        "checkpointMemory", _with_source(_megabytes(settings), settings, "checkpoint_memory")
    )
    dpi = "the figure's own" if settings.figure_dpi is None else f"{settings.figure_dpi:g}"
    _print_row("figureFormat", _with_source(settings.figure_format, settings, "figure_format"))
    _print_row("figureDpi", _with_source(dpi, settings, "figure_dpi"))
    _print_row("completion", _with_source(settings.completion, settings, "completion"))


def _megabytes(settings: Settings) -> str:
    return f"{settings.checkpoint_memory >> 20} MB"


def _with_source(value: str, settings: Settings, name: str) -> str:
    return f"{value or 'none'} ({settings.sources.get(name, _BY_DEFAULT)})"


def _print_interpreter(interpreter: Interpreter, path: Path, settings: Settings) -> None:
    _print_row("interpreter", shlex.join(interpreter.command))
    _print_row("because", interpreter.reason)
    launch = Launch(
        python=interpreter.command,
        path=str(path),
        argv=(str(path),),
        cwd=str(settings.cwd or path.parent),
        env=settings.env,
        stdin="empty",
    )
    guard = Guard()  # It forks, which must come before the event loop.
    try:
        python, version = asyncio.run(_start(launch, guard))
    finally:
        guard.close()
    _print_row("which is", f"Python {version} ({python})")


async def _start(launch: Launch, guard: Guard) -> tuple[str | None, str | None]:
    """Start the worker once; `sys.executable` and version of its Python. Raises WorkerError."""
    worker = LocalWorker(launch, _NoListener(), _ignore_exit, guard=guard)
    await worker.start()
    await worker.close()
    worker.release()
    return worker.python, worker.version


def _ignore_exit(_worker: ProgramHandle, _exited: Exited) -> None:
    """`start` raises the reason if the interpreter exits too soon."""


class _NoListener:
    """The listener of a program that runs nothing."""

    def on_output(self, owner: Owner, stream: StreamName, data: bytes) -> None:
        """Nothing: output before an interpreter is ready is in the error of `start`, if it fails."""

    def on_display(self, owner: Owner, shown: Displayed | Cleared) -> None:
        """Nothing: no code runs."""

    def on_input(
        self, owner: Owner, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        del owner, password
        answer(None)


def _print_row(name: str, value: str) -> None:
    print(f"  {name:<16} {value}")
