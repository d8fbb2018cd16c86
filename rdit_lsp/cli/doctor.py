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

from rdit_lsp.cli import hosting
from rdit_lsp.cli.probe import installation
from rdit_lsp.cli.source_file import is_source, source_path
from rdit_lsp.cli.startup import read_source
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import Launch, WorkerError
from rdit_lsp.process.worker import LocalWorker
from rdit_lsp.settings.configuration import ConfigurationError, Settings, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose
from rdit_lsp.settings.requirements import requirement, satisfies, shortfall
from rdit_lsp.settings.script_metadata import metadata_of
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
    path = Path(source_path(str(file)) if file is not None else "untitled.py").absolute()
    print(f"rdit {VERSION}, running on Python {platform.python_version()} ({sys.executable})")
    for name, value in _capabilities():
        _print_row(name, value)
    print(f"\n{path}")
    source, troubles = "", []
    try:
        source = _source(file)
    except OSError as error:
        troubles.append(f"This cannot be run: {file}: {error.strerror}.")
    try:
        settings = settings_for(path.parent, {})
        _print_settings(settings, path.parent)
        launch = _print_interpreter(choose(path.parent, settings), path, settings)
        troubles += (f"This may not run: {doubt}" for doubt in _print_needs(source, launch))
    except (ConfigurationError, InterpreterError, WorkerError) as trouble:
        troubles.append(f"This cannot be run: {trouble}")
    print("\n" + "\n".join(troubles or ["Everything that is needed to run it is there."]))
    return 1 if troubles else 0


def _source(file: Path | None) -> str:
    """The text of the file, empty where there is none to read. Raises OSError."""
    return read_source(str(file)) if file is not None and is_source(str(file)) else ""


def _capabilities() -> Iterator[tuple[str, str]]:
    yield "platform", f"{platform.system()} {platform.release()}, {platform.machine()}"
    if not hasattr(os, "fork"):
        yield "programs", "cannot be run: rdit needs a system that can fork"
    elif sys.platform == "linux":
        yield "states", "can be gone back to: a program is copied while it runs (fork)"
    else:
        yield (
            "states",
            "cannot be gone back to, a file runs again instead: on Linux it need not (fork)",
        )
    noticed = "at once (pidfd)" if _has_pidfd() else "by a thread that waits for each (no pidfd)"
    yield "programs' ends", f"are noticed {noticed}"
    yield "host", hosting.in_words()


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
    for sentence in settings.unknown:
        _print_row("ignored", sentence)


def _megabytes(settings: Settings) -> str:
    return f"{settings.checkpoint_memory >> 20} MB"


def _with_source(value: str, settings: Settings, name: str) -> str:
    return f"{value or 'none'} ({settings.sources.get(name, _BY_DEFAULT)})"


def _print_needs(source: str, launch: Launch) -> list[str]:
    """Print what the script declares that it needs (PEP 723); returns what the interpreter lacks of it."""
    declared = metadata_of(source)
    if declared is None:
        return []
    if declared.requires_python:
        _print_row("requires-python", f"{declared.requires_python} (declared in the script)")
    if declared.dependencies:
        _print_row("dependencies", f"{', '.join(declared.dependencies)} (declared in the script)")
    wanted = [requirement(text) for text in declared.dependencies]
    found = installation(launch, [each.name for each in wanted if each is not None])
    if found is None:
        return ["what is installed for the interpreter could not be found out."]
    lacking = [shortfall(text, found.packages) for text in declared.dependencies]
    doubts = [f"{lack}." for lack in lacking if lack is not None]
    if not satisfies(found.version, declared.requires_python):
        doubts.insert(0, f"Python is {found.version}, not {declared.requires_python}.")
    return doubts


def _print_interpreter(interpreter: Interpreter, path: Path, settings: Settings) -> Launch:
    """Start the interpreter once; returns how. Raises WorkerError."""
    _print_row("interpreter", shlex.join(interpreter.command))
    _print_row("reason", interpreter.reason)
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
    _print_row("version", f"Python {version} ({python})")
    return launch


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
