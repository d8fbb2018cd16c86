"""Which Python runs a document, and why that one.

Looks at files and environment variables; starts nothing.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rdit_lsp.settings.configuration import Settings


class InterpreterError(Exception):
    """There is no interpreter to use; the message is a sentence for the user."""


@dataclass(frozen=True)
class Interpreter:
    """A command line that starts Python, and the reason for choosing it."""

    command: tuple[str, ...]
    reason: str


_ENVIRONMENTS = (".venv", "venv", "env", ".pixi/envs/default")
"""Where projects have their environment, the likeliest first."""


def choose(
    folder: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> Interpreter:
    """The interpreter for a document in `folder`.

    The setting, else the environment of the project (`.venv`, `venv`, `env` or pixi's in the folder or
    the nearest above it), then VIRTUAL_ENV, then conda's, else `python3`. What a user chose and is broken
    is an error, never passed over; an empty folder is no choice. Raises InterpreterError.
    """
    if settings.python is not None:
        return _configured(settings, environ)
    for place in _places(folder, environ):
        named = _named_in(place, environ)
        if named is not None:
            python = _python_of(named, f", which {place} names,")
            return Interpreter((python,), f"{place} names the virtual environment {named}")
        if _is_environment(place):
            why = f"{place} is the project's virtual environment"
            return Interpreter((_python_of(place),), why)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(variable):
            venv = Path(environ[variable])
            return Interpreter((_python_of(venv),), f"{variable} is set to {venv}")
    for name in ("python3", "python"):
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            why = f"{name} on PATH, no virtual environment was found{_passed_over(folder)}"
            return Interpreter((found,), why)
    raise InterpreterError("there is no python3 on PATH: install Python or set `rdit.python`.")


def _places(folder: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where the environment of a project may be, the nearest first.

    In the home folder and those above it, `env` and the like belong to other things than the project.
    """
    home = Path(environ.get("HOME") or "/")
    for parent in (folder, *folder.parents):
        is_shared = parent != folder and home.is_relative_to(parent)
        for name in _ENVIRONMENTS[: 1 if is_shared else None]:
            yield parent / name


def _is_environment(folder: Path) -> bool:
    """Whether there is an environment, even a broken one. An empty folder is none."""
    signs = ["pyvenv.cfg", "bin/python", "bin/python3"]
    if folder.name == ".venv":  # Nothing else is called so.
        if folder.is_symlink() and not os.path.exists(folder):
            return True
        signs.append("bin")
    return any(os.path.lexists(folder / sign) for sign in signs)


def _named_in(file: Path, environ: Mapping[str, str]) -> Path | None:
    """The environment that a file `.venv` names, by its path or as pipenv and virtualenvwrapper do."""
    if file.name != ".venv" or not os.path.isfile(file):
        return None
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    if not text or not text.isprintable():
        return None
    named = file.parent / os.path.expanduser(text)
    if "/" not in text and not named.exists():
        elsewhere = environ.get("WORKON_HOME") or "~/.local/share/virtualenvs"
        named = Path(os.path.expanduser(elsewhere), text)
    return named


def _passed_over(folder: Path) -> str:
    """A word about a `.venv` that is none."""
    for parent in (folder, *folder.parents):
        if os.path.lexists(parent / ".venv"):
            return f" ({parent / '.venv'} is none)"
    return ""


def _configured(settings: Settings, environ: Mapping[str, str]) -> Interpreter:
    assert settings.python is not None
    program = settings.python[0]
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        what = "is not on PATH" if "/" not in program else _trouble(Path(program))
        raise InterpreterError(f"the interpreter {program}, {settings.python_origin}, {what}.")
    return Interpreter((found, *settings.python[1:]), f"{settings.python_origin}")


def _python_of(venv: Path, origin: str = "") -> str:
    for name in ("python", "python3"):
        program = venv / "bin" / name
        if os.access(program, os.X_OK) and program.is_file():
            return str(program)
    program = venv / "bin" / "python" if venv.is_dir() else venv
    raise InterpreterError(
        f"the virtual environment {venv}{origin} is broken: {program} {_trouble(program)}."
    )


def _trouble(program: Path) -> str:
    if program.is_symlink() and not program.exists():
        return f"points to {os.readlink(program)}, which does not exist"
    if not program.exists():
        return "does not exist"
    if program.is_dir():
        return "is a folder"
    return "is not executable"
