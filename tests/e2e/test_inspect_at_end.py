"""PYTHONINSPECT: the interpreter asks for more when the script has ended, if a terminal is there."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

RDIT = str(Path(sys.executable).with_name("rdit"))
LIMIT = 60.0
SCRIPT = "import os\nos.environ['PYTHONINSPECT'] = 'yes'\nanswer = 41\nprint('ran')\n"


def told_at_prompt(command: Sequence[str], folder: Path, line: str) -> str:
    """What a terminal shows of `command`, which is given `line` at its first prompt and then ended."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "dumb", "PYTHON_BASIC_REPL": "1"},
    )
    os.close(theirs)
    shown, answers = b"", [f"{line}\n".encode(), b"exit(3)\n"]
    end = time.monotonic() + LIMIT
    while time.monotonic() < end and select.select([ours], [], [], LIMIT)[0]:
        try:
            shown += os.read(ours, 4096)
        except OSError:
            break  # The last process with the terminal has ended.
        if answers and shown.endswith(b">>> "):
            os.write(ours, answers.pop(0))
    os.close(ours)
    process.wait(LIMIT)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("layout", [["--quiet"], []], ids=["quiet", "text"])
@pytest.mark.parametrize("ending", ["", "1 / 0\n"], ids=["ends well", "fails"])
def test_interpreter_asks_for_more(tmp_path: Path, layout: list[str], ending: str) -> None:
    """The variable, set by the script itself or before, would be ignored."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.rdit]\npython = {sys.executable!r}\n")
    (tmp_path / "asked.py").write_text(SCRIPT + ending)
    expected = told_at_prompt([sys.executable, "asked.py"], tmp_path, "answer + 1")
    assert "42" in expected
    actual = told_at_prompt([RDIT, "run", *layout, "asked.py"], tmp_path, "answer + 1")
    assert expected == actual
