"""What a scene asks of an editor, whichever it is.

Each editor's own module says with which keys. Nothing here knows a scene.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import pytest

from rdit_editors.terminal import Terminal, in_order

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from rdit_editors.processes import Processes

Action: TypeAlias = Literal["file", "update", "statement", "interrupt"]

ROOT = Path(__file__).resolve().parents[3]
"""The checkout."""


def program(name: str) -> str:
    """The path of an installed editor; without it the test fails in CI and is skipped elsewhere."""
    path = ROOT / ".tools" / "editors" / "bin" / name
    if path.exists():
        return str(path)
    sentence = f"{name} is not installed: run scripts/editors/install {name}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def python_with_libraries() -> str:
    """The interpreter of `make libraries`; without it the test fails in CI and is skipped elsewhere."""
    path = ROOT / ".tools" / "rich" / "bin" / "python"
    if path.exists():
        return str(path)
    sentence = "there is no interpreter with libraries: run make libraries"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


class Editor(ABC):
    """One editor with one Python document open, on a terminal of its own."""

    name: ClassVar[str]
    """What scripts/editors/install calls the program."""

    actions: ClassVar[Mapping[Action, str]]
    """What a user types or chooses for each, in the editor's own words."""

    fresh_mark: ClassVar[str] = "→"
    """What stands before a result that is what a clean run gives."""

    stale_mark: ClassVar[str] = "~"
    """What stands before a result that is stale."""

    answers_input: ClassVar[bool] = False
    """Whether the editor's client offers to ask for a line of input."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.size = (110, 30)
        """Columns and rows of the terminal, which may be chosen before it is opened."""

        self.hosting = {"RDIT_HOST": "off"}
        """Where the server's host is, if it may have one; a host would outlive the scene."""

        self.home = folder / "home"
        self.document = folder / "project" / "demo.py"
        self._processes = processes
        self._terminal: Terminal | None = None
        self.home.mkdir(parents=True)
        self.document.parent.mkdir()

    @property
    def terminal(self) -> Terminal:
        """The terminal of the running editor."""
        assert self._terminal is not None, "open() comes first"
        return self._terminal

    def move(self, *parts: str) -> None:
        """Have the document elsewhere in its project, before it is opened."""
        self.document = self.document.parent.joinpath(*parts)
        self.document.parent.mkdir(parents=True)

    def use(self, python: str, **environment: str) -> None:
        """Choose the project's interpreter, and what is in its environment."""
        values = ", ".join(f"{name} = {json.dumps(text)}" for name, text in environment.items())
        settings = f"[tool.rdit]\npython = {json.dumps(python)}\nenv = {{ {values} }}\n"
        (self.document.parent / "pyproject.toml").write_text(settings)

    def open(self, source: str | None) -> None:
        """Start the editor with a document of this text and wait until the server serves it.

        None: there is no such file yet.
        """
        self.open_unserved(source)
        self.wait_until_served()

    def open_unserved(self, source: str | None) -> None:
        """Start the editor with a document of this text, whether or not there is a server."""
        if source is not None:
            self.document.write_text(source)
        self.configure()
        columns, rows = self.size
        self._terminal = Terminal(
            self.arguments(),
            cwd=self.document.parent,
            env=self._environment(),
            columns=columns,
            rows=rows,
        )

    def run_file(self) -> None:
        """Run the whole file from an empty namespace."""
        self.do("file")

    def update(self) -> None:
        """Bring every result up to date."""
        self.do("update")

    def run_statement(self, line: int) -> None:
        """Run the statement on a line (from 1), and nothing else."""
        self.go_to(line)
        self.do("statement")

    def interrupt(self) -> None:
        """Interrupt what is running."""
        self.do("interrupt")

    def sees(self, *parts: str) -> str:
        """Wait until one row of the screen has all parts in order; the row."""
        return self.sees_match(in_order(*parts)).string

    def sees_no(self, *parts: str) -> None:
        """Wait until no row of the screen has all parts in order.

        That proves something only of an editor that draws changes without being asked: not of Helix.
        """
        self.terminal.wait_until_gone(*parts)

    def sees_match(self, pattern: str) -> re.Match[str]:
        """Wait until one row of the screen matches a regular expression."""
        return self.terminal.wait_for_match(pattern)

    def quit(self) -> None:
        """Leave the editor as its user would, without saving, and wait until it has ended."""
        self.leave()
        self.terminal.wait_until_left()

    def kill(self) -> None:
        """Kill the editor, so that it can say no word to anything, and close its terminal."""
        self.terminal.kill()

    def close(self) -> None:
        """End the editor if a failed scene has left it."""
        if self._terminal is not None:
            self._terminal.close()

    @abstractmethod
    def arguments(self) -> list[str]:
        """The command line of the editor, with the document."""

    @abstractmethod
    def configure(self) -> None:
        """Write the configuration that a user would, below `home`."""

    @abstractmethod
    def wait_until_served(self) -> None:
        """Return when the server is attached to the document."""

    @abstractmethod
    def go_to(self, line: int) -> None:
        """Move the cursor to a line (from 1)."""

    @abstractmethod
    def do(self, action: Action) -> None:
        """Do what `actions` says."""

    @abstractmethod
    def replace_line(self, line: int, text: str) -> None:
        """Replace a line (from 1) of the document."""

    @abstractmethod
    def undo(self) -> None:
        """Undo the last change."""

    @abstractmethod
    def hover(self, line: int) -> None:
        """Show the hover of a line's first column."""

    @abstractmethod
    def close_hover(self) -> None:
        """Take the hover away again."""

    @abstractmethod
    def show_diagnostic(self, line: int) -> None:
        """Show the full text of a line's diagnostic, where it does not stand beside it anyway."""

    @abstractmethod
    def leave(self) -> None:
        """Type what ends the editor, without saving."""

    def answer(self, text: str) -> None:
        """Answer the program's own prompt."""
        self.terminal.send(text + "\r")

    def _environment(self) -> dict[str, str]:
        """A user's environment: the server on PATH, a home of its own, and little else."""
        inherited = {key: os.environ[key] for key in ("LANG", "TMPDIR") if key in os.environ}
        scripts = Path(sys.executable).parent
        return {
            **inherited,
            **self._processes.environment,
            **self.hosting,
            "PATH": f"{scripts}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "SHELL": "/bin/sh",
            **{
                f"XDG_{kind}_HOME": str(self.home / kind.lower())
                for kind in ("CONFIG", "DATA", "STATE", "CACHE")
            },
        }

    def configuration(self, *parts: str) -> Path:
        """A file below the editor's configuration directory, whose folders are made."""
        path = self.home.joinpath("config", *parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def __str__(self) -> str:
        return shlex.join(self.arguments())
