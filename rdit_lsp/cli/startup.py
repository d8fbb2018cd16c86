"""The beginning of `rdit run`: read the script, choose the interpreter, and start it at once.

Imports little, so that the interpreter starts while `terminal` and all it needs are still imported.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rdit_lsp.cli.source_file import NoSourceError, is_source, source_path
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import Launch, Spawned, WorkerError, spawn
from rdit_lsp.settings.configuration import ConfigurationError, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rdit_lsp.settings.configuration import Settings

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_CANNOT = 2
"""Exit code where there is nothing to run, as Python's own for a file it cannot open."""


@dataclass(frozen=True)
class RunOptions:
    """What was asked for on the command line."""

    file: str
    args: tuple[str, ...]
    layout: str
    """`text`, `quiet`, `json`, `jsonl` or `watch`."""
    python: str | None
    cwd: Path | None
    env: Mapping[str, str]
    timeout: float | None
    stop_on_error: bool


class StartedScript:
    """A script whose interpreter is on its way."""

    def __init__(self, order: RunOptions, launch: Launch, source: str) -> None:
        """Start the interpreter. Raises WorkerError when it cannot be started."""
        self.order = order
        self.launch = launch
        self.source = source
        self.guard = Guard()  # A fork: it comes before threads and event loops.
        self._early: Spawned | None = spawn(launch)

    def spawn(self, launch: Launch) -> Spawned:
        """The process that was started early, the first time; a new one from then on."""
        early, self._early = self._early, None
        return early if early is not None else spawn(launch)


def import_event_loop() -> None:
    """Import asyncio without `ssl`, which it can do without and which takes longest of all it imports."""
    if "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]  # Makes `import ssl` an ImportError.
    try:
        import asyncio  # noqa: F401  (for all who import it later)
    finally:
        del sys.modules["ssl"]


def begin(order: RunOptions) -> StartedScript | int:
    """Begin the order, or say why it cannot be carried out and return the exit code."""
    try:
        is_for_python = _is_for_python(order)
        source = "" if is_for_python else read_source(order.file)
        settings = _settings(order)
        launch = _launch(order, settings)
        if is_for_python:
            _become_python(order, launch)
        script = StartedScript(order, launch, source)
    except (OSError, ConfigurationError, InterpreterError, NoSourceError, WorkerError) as error:
        return refuse(order.file, error)
    if order.layout != "quiet":
        for sentence in (*settings.unknown, *_python_not_wanted(source, order, launch)):
            print(f"rdit: {sentence}", file=sys.stderr)
    return script


def read_source(file: str) -> str:
    """The source text. Raises OSError as Python would fail to open the file."""
    if file == "-":
        data = sys.stdin.buffer.read()
    else:
        path = Path(source_path(file))
        if os.path.isdir(file) and not path.exists():
            raise IsADirectoryError(0, "it is a folder without __main__.py", file)
        data = path.read_bytes()
    return _decode_source(data)


def _decode_source(data: bytes) -> str:
    """Text of source bytes by their coding cookie (PEP 263), UTF-8 without one."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig", "surrogateescape")
    for line in data.split(b"\n")[:2]:
        found = _CODING.match(line)
        if found:
            try:
                return data.decode(found.group(1).decode())
            except (LookupError, UnicodeDecodeError):
                break
    return data.decode("utf-8", "surrogateescape")


def _settings(order: RunOptions) -> Settings:
    editor: dict[str, Any] = {} if order.python is None else {"python": order.python}
    return settings_for(_folder(order), editor, Path.cwd(), "the command line")


def _folder(order: RunOptions) -> Path:
    """The folder whose settings and interpreter count."""
    if order.file == "-":
        return Path.cwd()
    return Path(source_path(order.file)).absolute().parent


def _launch(order: RunOptions, settings: Settings) -> Launch:
    is_file = order.file != "-"
    interpreter = choose(_folder(order), settings)
    return Launch(
        python=interpreter.command,
        path=os.path.abspath(source_path(order.file)) if is_file else "<stdin>",
        argv=(order.file, *(order.args or settings.args)),
        cwd=str((order.cwd or settings.cwd or Path.cwd()).absolute()),
        env={**settings.env, **order.env},
        is_file=is_file,
        figure_format=settings.figure_format,
        figure_dpi=settings.figure_dpi,
        capture=order.layout != "quiet",
        stdin="inherit" if is_file else "empty",
        show_values=order.layout != "quiet",
        checkpoints=order.layout == "watch" and settings.checkpoints == "auto",
        checkpoint_memory=settings.checkpoint_memory,
    )


def _is_for_python(order: RunOptions) -> bool:
    """Whether Python itself has to run it. Raises NoSourceError where that is not what was asked for.

    An archive and compiled code have no text. A folder has; without values it is run as `python FOLDER`
    runs it, to the frames in its tracebacks.
    """
    is_plain = order.timeout is None and order.stop_on_error
    if is_source(order.file):
        has_main = source_path(order.file) != order.file and os.path.exists(source_path(order.file))
        return has_main and is_plain and order.layout == "quiet"
    if is_plain and order.layout in ("text", "quiet"):
        return True
    raise NoSourceError(
        f"{order.file} has no text to show values beside: it runs only as Python runs it, "
        "by `rdit run` without other options than --python, --cwd and --env."
    )


def _become_python(order: RunOptions, launch: Launch) -> NoReturn:
    """Have Python take the place of this process. Raises WorkerError."""
    environ = {**os.environ, **launch.env}
    file = order.file if launch.cwd == os.getcwd() else os.path.abspath(order.file)
    command = [*launch.python, file, *launch.argv[1:]]
    try:
        os.chdir(launch.cwd)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkerError(f"the working directory {launch.cwd}: {reason}.") from error
    try:
        os.execvpe(command[0], command, {n: v for n, v in environ.items() if v is not None})
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkerError(f"{' '.join(launch.python)} cannot be started: {reason}.") from error


def _python_not_wanted(source: str, order: RunOptions, launch: Launch) -> Iterator[str]:
    """A sentence where the script declares that it needs another Python (PEP 723)."""
    if "# /// script" not in source:
        return
    # Few scripts declare anything, and the others should not wait for these.
    from rdit_lsp.cli.probe import installation
    from rdit_lsp.settings.requirements import satisfies
    from rdit_lsp.settings.script_metadata import metadata_of

    try:
        declared = metadata_of(source)
    except ConfigurationError:
        return  # `rdit doctor` says it; Python itself reads no such block.
    found = installation(launch) if declared is not None and declared.requires_python else None
    if declared is not None and found and not satisfies(found.version, declared.requires_python):
        yield (
            f"{order.file} asks for Python {declared.requires_python}, "
            f"and {' '.join(launch.python)} is Python {found.version}."
        )


def refuse(file: str, error: Exception) -> int:
    """Say in one sentence why nothing runs; returns the exit code."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    what = f"cannot read {file}: {reason}" if isinstance(error, OSError) else reason
    print(f"rdit: {what}", file=sys.stderr)
    return _CANNOT
