"""Real interpreters with real libraries, driven through the command line as users do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commandline import Rdit
from support.libraries import python_with_libraries


@pytest.fixture(params=["python3.8", "python3.13", sys.executable], ids=["3.8", "3.13", "own"])
def rdit(request: pytest.FixtureRequest, tmp_path: Path) -> Rdit:
    """An old interpreter, a new one, and the one at hand, with nothing installed."""
    for python in _found(request.param):
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return Rdit(python, tmp_path)
    pytest.skip(f"{request.param} is not installed")


def _found(name: str) -> list[str]:
    """Where an interpreter may be: a version manager's shims are there and do not work."""
    versions = Path.home().glob(f".pyenv/versions/*/bin/{name}")
    return [*filter(None, [shutil.which(name)]), *map(str, versions)]


@pytest.fixture
def plain(tmp_path: Path) -> Rdit:
    """The interpreter at hand."""
    return Rdit(sys.executable, tmp_path)


@pytest.fixture
def rich(tmp_path: Path) -> Rdit:
    """An interpreter with the libraries whose results are rich."""
    return Rdit(python_with_libraries(), tmp_path)
