"""The start of `rdit run`: read the script, choose the interpreter, and spawn it at once.

Imports little, so that the interpreter starts while `run` and all it needs are still being imported.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rdit_lsp.cli.source_file import NoSourceError, is_source, source_path
from rdit_lsp.process.coercion import without_coercion
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.process.spawn import Launch, Spawned, WorkerError, spawn
from rdit_lsp.settings.configuration import ConfigurationError, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rdit_lsp.settings.configuration import Settings

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UNDECODED = re.compile("[\0\udc80-\udcff]")
"""What `surrogateescape` makes of bytes that do not decode; and NUL, which not every Python refuses."""
_UTF8 = re.compile(r"utf[-_]8([-_].*)?", re.IGNORECASE)
"""Cookies that are UTF-8 for Python's tokenizer; others, such as `utf8`, are but another name of it."""
_CANNOT = 2
"""Exit code where there is nothing to run, as Python's own for a file it cannot open."""


@dataclass(frozen=True)
class RunOptions:
    """What the command line asks for."""

    file: str
    args: tuple[str, ...]
    layout: str
    """`text`, `quiet`, `json`, `jsonl` or `watch`."""
    python: str | None
    cwd: Path | None
    env: Mapping[str, str]
    timeout: float | None
    stop_on_error: bool
    is_interactive: bool = False
    """Python's prompt follows."""


class StartedScript:
    """A script whose interpreter is starting."""

    def __init__(self, options: RunOptions, launch: Launch, source: str) -> None:
        """Start the interpreter. Raises WorkerError when it cannot be started."""
        self.options = options
        self.launch = launch
        self.source = source
        try:
            self.guard = Guard()  # It forks, which must come before threads and event loops.
        except OSError as error:
            raise WorkerError(f"the run cannot be guarded: {error.strerror or error}.") from error
        self._early: Spawned | None = spawn(launch)

    def spawn(self, launch: Launch) -> Spawned:
        """The process that was started early; from the second call on, a new one."""
        early, self._early = self._early, None
        return early if early is not None else spawn(launch)


def import_event_loop() -> None:
    """Import asyncio without `ssl`, which it does not need here and which takes longest to import."""
    if "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]  # Makes `import ssl` an ImportError.
    try:
        import asyncio  # noqa: F401  (it is imported to be in `sys.modules`)
    finally:
        del sys.modules["ssl"]


def begin(options: RunOptions) -> StartedScript | int:
    """Start a script, or print why it cannot be run and return the exit code."""
    try:
        is_for_python = _is_for_python(options)
        source = "" if is_for_python else read_source(options.file)
        settings = _settings(options)
        launch = _launch(options, settings)
        if is_for_python or (_is_refused(source, options) and _is_as_python(options)):
            _become_python(options, launch)
        script = StartedScript(options, launch, source)
    except (OSError, ConfigurationError, InterpreterError, NoSourceError, WorkerError) as error:
        return refuse(options.file, error)
    except Exception as error:  # noqa: BLE001  (whatever it is, the command ends, and says so)
        return refuse_internal(error)
    if options.layout != "quiet":
        for sentence in (*settings.unknown, *_python_not_wanted(source, options, launch)):
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
    """Text of source bytes by their coding cookie (PEP 263), UTF-8 without one.

    What Python refuses stays recognizable: bytes that do not decode, and a byte order mark (of UTF-8) with
    a cookie of another codec. It is put there twice more, since two are left out on the way to Python.
    """
    has_mark = data.startswith(codecs.BOM_UTF8)
    codec = _cookie(data.removeprefix(codecs.BOM_UTF8))
    if codec is not None and not _UTF8.fullmatch(codec):
        if has_mark:
            data = codecs.BOM_UTF8 * 2 + data
        else:
            with contextlib.suppress(LookupError, UnicodeDecodeError):
                return data.decode(codec)
    return data.decode("utf-8-sig", "surrogateescape")


def _cookie(data: bytes) -> str | None:
    for line in data.split(b"\n")[:2]:
        found = _CODING.match(line)
        if found:
            return found.group(1).decode()
    return None


def _settings(options: RunOptions) -> Settings:
    editor: dict[str, Any] = {} if options.python is None else {"python": options.python}
    return settings_for(_folder(options), editor, Path.cwd(), "--python")


def _folder(options: RunOptions) -> Path:
    """The folder whose settings and interpreter count."""
    if options.file == "-":
        return Path.cwd()
    return Path(source_path(options.file)).absolute().parent


def _launch(options: RunOptions, settings: Settings) -> Launch:
    is_file = options.file != "-"
    interpreter = choose(_folder(options), settings)
    return Launch(
        python=interpreter.command,
        # As Python has it: absolute, and otherwise as it was given.
        path=os.path.join(os.getcwd(), source_path(options.file)) if is_file else "<stdin>",
        # A text that is edited finds its lines in tracebacks by the absolute path.
        given_path=source_path(options.file) if is_file and options.layout != "watch" else None,
        argv=(options.file, *(options.args or settings.args)),
        cwd=str((options.cwd or settings.cwd or Path.cwd()).absolute()),
        env={**_window_size(options), **settings.env, **options.env},
        is_file=is_file,
        figure_format=settings.figure_format,
        figure_dpi=settings.figure_dpi,
        capture=options.layout != "quiet" and not _gives_terminal(options),
        stdin="inherit" if is_file else "empty",
        show_values=options.layout != "quiet",
        is_interactive=options.is_interactive,
        checkpoints=options.layout == "watch" and settings.checkpoints == "auto",
        checkpoint_memory=settings.checkpoint_memory,
    )


def _is_for_python(options: RunOptions) -> bool:
    """Whether Python itself has to run it. Raises NoSourceError where that is not what was asked for.

    Without values nothing is left for rdit to do, unless it is to stop the program or to go on after an
    error. An archive and compiled code have no text.
    """
    if _is_as_python(options) and options.layout == "quiet":
        return True
    if is_source(options.file):
        return False
    if _is_as_python(options):
        return True
    raise NoSourceError(
        f"{options.file} has no text to show values beside: it runs only as Python runs it, "
        "by `rdit run` without other options than --python, --cwd and --env."
    )


def _is_refused(source: str, options: RunOptions) -> bool:
    """Whether it has what `_decode_source` keeps for Python to refuse; it can read the file again."""
    is_proper = not source.startswith("\ufeff") and _UNDECODED.search(source) is None
    return not is_proper and os.path.isfile(source_path(options.file))


def _is_as_python(options: RunOptions) -> bool:
    """Whether what is asked for can be had from Python alone, as for a source that has no values."""
    is_plain = options.timeout is None and options.stop_on_error
    return is_plain and options.layout in ("text", "quiet")


def _become_python(options: RunOptions, launch: Launch) -> NoReturn:
    """Have Python take the place of this process. Raises WorkerError."""
    environ = {**without_coercion(os.environ), **launch.env}
    is_named_as_given = options.file == "-" or launch.cwd == os.getcwd()
    file = options.file if is_named_as_given else os.path.abspath(options.file)
    interactive = ["-i"] if options.is_interactive else []
    command = [*launch.python, *interactive, file, *launch.argv[1:]]
    try:
        os.chdir(launch.cwd)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkerError(f"the working directory {launch.cwd}: {reason}.") from error
    # Python ignores these, and another program than Python would inherit that.
    for sign in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(sign, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, {n: v for n, v in environ.items() if v is not None})
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkerError(f"{' '.join(launch.python)} cannot be started: {reason}.") from error


def _python_not_wanted(source: str, options: RunOptions, launch: Launch) -> Iterator[str]:
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
            f"{options.file} asks for Python {declared.requires_python}, "
            f"and {' '.join(launch.python)} is Python {found.version}."
        )


def _gives_terminal(options: RunOptions) -> bool:
    """Whether the program writes to the terminal itself: nothing in that layout needs its output."""
    return options.layout == "text" and sys.stdout.isatty()


def _window_size(options: RunOptions) -> dict[str, str]:
    """The variables that say how large the terminal is, which pipes do not."""
    if options.layout != "watch" or not sys.stdout.isatty():
        return {}
    size = os.get_terminal_size(sys.stdout.fileno())
    found = {"COLUMNS": size.columns, "LINES": size.lines}
    return {name: str(n) for name, n in found.items() if n and name not in os.environ}


def refuse(file: str, error: Exception) -> int:
    """Print one sentence that says why nothing runs; returns the exit code."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    what = f"cannot read {file}: {reason}" if isinstance(error, OSError) else reason
    print(f"rdit: {what}", file=sys.stderr)
    return _CANNOT


def refuse_internal(error: Exception) -> int:
    """Print what a mistake of rdit's own is, for a report of it; returns the exit code."""
    print(f"rdit: internal error, please report it: {error!r}", file=sys.stderr)
    return _CANNOT
