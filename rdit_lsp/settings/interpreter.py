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
    from collections.abc import Mapping

    from rdit_lsp.settings.configuration import Settings


class InterpreterError(Exception):
    """There is no interpreter to use; the message is a sentence for the user."""


@dataclass(frozen=True)
class Interpreter:
    """A command line that starts Python, and the reason for choosing it."""

    command: tuple[str, ...]
    reason: str


def choose(
    folder: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> Interpreter:
    """The interpreter for a document in `folder`.

    The setting, else the project's virtual environment (`.venv` in the folder or above it, then
    VIRTUAL_ENV, then conda's), else `python3`. What a user chose and is broken is an error, never
    passed over. Raises InterpreterError.
    """
    if settings.python is not None:
        return _configured(settings)
    for parent in (folder, *folder.parents):
        venv = parent / ".venv"
        if venv.is_dir():
            return Interpreter((_python_of(venv),), f"{venv} is the project's virtual environment")
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(variable):
            venv = Path(environ[variable])
            return Interpreter((_python_of(venv),), f"{variable} is set to {venv}")
    for name in ("python3", "python"):
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return Interpreter((found,), f"{name} on PATH, no virtual environment was found")
    raise InterpreterError("there is no python3 on PATH: install Python or set `rdit.python`.")


def _configured(settings: Settings) -> Interpreter:
    assert settings.python is not None
    program = settings.python[0]
    found = shutil.which(program)
    if found is None:
        what = "is not on PATH" if "/" not in program else _trouble(Path(program))
        raise InterpreterError(
            f"the interpreter {program}, set in {settings.python_source}, {what}."
        )
    return Interpreter((found, *settings.python[1:]), f"set in {settings.python_source}")


def _python_of(venv: Path) -> str:
    for name in ("python", "python3"):
        program = venv / "bin" / name
        if os.access(program, os.X_OK) and program.is_file():
            return str(program)
    program = venv / "bin" / "python"
    raise InterpreterError(
        f"the virtual environment {venv} is broken: {program} {_trouble(program)}."
    )


def _trouble(program: Path) -> str:
    if program.is_symlink() and not program.exists():
        return f"points to {os.readlink(program)}, which does not exist"
    if not program.exists():
        return "does not exist"
    if program.is_dir():
        return "is a folder"
    return "is not executable"
