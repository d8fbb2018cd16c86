"""Settings and the choice of an interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rdit_lsp.settings.configuration import ConfigurationError, Settings, settings_for
from rdit_lsp.settings.interpreter import InterpreterError, choose


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_defaults(tmp_path: Path) -> None:
    """A project that sets nothing would get something."""
    assert Settings() == settings_for(project(tmp_path, ""), {})


def test_the_editor_wins(tmp_path: Path) -> None:
    """A setting in the editor would be overruled by a file."""
    project(tmp_path, "[tool.rdit]\nargs = ['file']\nrunOn = 'save'\n")
    found = settings_for(tmp_path, {"args": ["editor"], "cwd": None, "unknown": 3})
    assert (("editor",), "save", None) == (found.args, found.run_on, found.cwd)
    origin = str(tmp_path / "pyproject.toml")
    assert {"args": "the editor's settings", "run_on": origin} == found.sources


def test_nearest_file_counts_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    """Settings of a project would not hold in its folders, or mean other folders there."""
    project(tmp_path, "[tool.rdit]\ncwd = 'data'\npython = 'bin/py -X dev'\nenv = {N = 3}\n")
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    found = settings_for(folder, {})
    assert tmp_path / "data" == found.cwd
    assert (str(tmp_path / "bin/py"), "-X", "dev") == found.python
    assert {"N": "3"} == found.env


@pytest.mark.parametrize(
    "text",
    [
        "[tool.rdit\n",
        "tool = 3\n",
        "[tool]\nrdit = 3\n",
        "[tool.rdit]\nargs = 'a'\n",
        "[tool.rdit]\npython = ''\n",
        "[tool.rdit]\npython = []\n",
        "[tool.rdit]\npython = 'a \"b'\n",
        "[tool.rdit]\nenv = {A = true}\n",
        "[tool.rdit]\nenv = {'A=B' = 'x'}\n",
        "[tool.rdit]\nrunOn = 'never'\n",
        "[tool.rdit]\ncwd = 3\n",
        "[tool.rdit]\nfigureFormat = 'pdf'\n",
        "[tool.rdit]\nfigureDpi = '200'\n",
        "[tool.rdit]\nfigureDpi = true\n",
        "[tool.rdit]\nfigureDpi = 0\n",
        "[tool.rdit]\nfigureDpi = 1e9\n",
        "[tool.rdit]\ncheckpointMemory = -1\n",
        "[tool.rdit]\ncheckpointMemory = inf\n",
        "[tool.rdit]\ncheckpointMemory = '1 GB'\n",
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, text: str) -> None:
    """A mistake in a file would be a traceback, or would be passed over."""
    with pytest.raises(ConfigurationError) as error:
        settings_for(project(tmp_path, text), {})
    assert str(tmp_path / "pyproject.toml") in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def venv(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder


def test_order_of_choice(tmp_path: Path) -> None:
    """Another interpreter than the documented one would run the document."""
    ours, other, conda = (venv(tmp_path / n) for n in (".venv", "other", "conda"))
    inside = tmp_path / "src"
    inside.mkdir()
    environ = {"VIRTUAL_ENV": str(other), "CONDA_PREFIX": str(conda), "PATH": str(conda / "bin")}
    found = [choose(folder, Settings(), environ).command for folder in (inside, Path("/"))]
    found.append(choose(Path("/"), Settings(), {**environ, "VIRTUAL_ENV": ""}).command)
    found.append(choose(Path("/"), Settings(), {"PATH": str(conda / "bin")}).command)
    expected = [(str(folder / "bin" / "python"),) for folder in (ours, other, conda, conda)]
    assert expected == found
    setting = Settings(python=(sys.executable, "-O"), sources={"python": "the test"})
    chosen = choose(inside, setting, environ)
    assert ((sys.executable, "-O"), "set in the test") == (chosen.command, chosen.reason)


def test_broken_environment_is_never_passed_over(tmp_path: Path) -> None:
    """A project whose environment is broken would run on another interpreter without a word."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/no/python3")
    with pytest.raises(InterpreterError) as error:
        choose(tmp_path, Settings())
    expected = (
        f"the virtual environment {tmp_path}/.venv is broken: {tmp_path}/.venv/bin/python "
        "points to /no/python3, which does not exist."
    )
    assert expected == str(error.value)


def test_no_interpreter_at_all() -> None:
    """A machine without Python would get an error that does not say so."""
    with pytest.raises(InterpreterError, match="there is no python3 on PATH"):
        choose(Path("/"), Settings(), {"PATH": "/nowhere"})
