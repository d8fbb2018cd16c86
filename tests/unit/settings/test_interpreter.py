"""The choice of an interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rdit_lsp.settings.configuration import Settings
from rdit_lsp.settings.interpreter import InterpreterError, choose

PLACES = [".venv", "venv", "env", ".pixi/envs/default"]


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


def python_in(folder: Path) -> tuple[str]:
    return (str(folder / "bin" / "python"),)


@pytest.mark.parametrize("name", PLACES)
def test_environment_of_a_project(tmp_path: Path, name: str) -> None:
    """A project would run on a Python that has none of its packages."""
    venv(tmp_path / name)
    inside = tmp_path / "src" / "package"
    inside.mkdir(parents=True)
    for folder in (tmp_path, inside):
        found = choose(folder, Settings(), {"VIRTUAL_ENV": "/elsewhere"})
        assert python_in(tmp_path / name) == found.command
        assert f"{tmp_path / name} is the project's virtual environment" == found.reason


def test_order_of_environments(tmp_path: Path) -> None:
    """Of several environments another one would be taken than is documented."""
    inside = tmp_path / "src"
    for name in reversed(PLACES):
        venv(tmp_path / name)
        assert python_in(tmp_path / name) == choose(inside, Settings(), {}).command
    nearer = venv(inside / "env")
    assert python_in(nearer) == choose(inside, Settings(), {}).command


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((name, content) for name in PLACES for content in (None, "lib/", ".gitignore", "x.py")),
        *((name, "bin/") for name in PLACES[1:]),
    ],
)
def test_folder_without_python_is_passed_over(
    tmp_path: Path, name: str, content: str | None
) -> None:
    """An empty folder, or one that is called alike, would keep every script from running."""
    (tmp_path / name).mkdir(parents=True)
    if content is not None:
        place = tmp_path / name / content
        place.mkdir() if content.endswith("/") else place.touch()
    other = venv(tmp_path / "other")
    found = choose(tmp_path, Settings(), {"VIRTUAL_ENV": str(other)})
    assert python_in(other) == found.command
    found = choose(tmp_path, Settings(), {"PATH": str(other / "bin")})
    assert python_in(other) == found.command
    hint = f" ({tmp_path}/.venv is none)" if name == ".venv" else ""
    assert f"python on PATH, no virtual environment was found{hint}" == found.reason


@pytest.mark.parametrize("name", PLACES)
def test_any_broken_environment_is_said(tmp_path: Path, name: str) -> None:
    """An environment whose Python was removed would be replaced by another without a word."""
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "pyvenv.cfg").touch()
    with pytest.raises(InterpreterError, match=r"is broken: .*/bin/python does not exist"):
        choose(tmp_path, Settings(), {})


def test_link_that_leads_nowhere(tmp_path: Path) -> None:
    """An environment on a drive that is not there would be replaced by another without a word."""
    (tmp_path / ".venv").symlink_to("/no/drive")
    with pytest.raises(InterpreterError, match="points to /no/drive, which does not exist"):
        choose(tmp_path, Settings(), {})


@pytest.mark.parametrize("text", ["{}", "{}\n", "  {}/\n", "kept/named", "./kept/named\n"])
def test_file_that_names_an_environment(tmp_path: Path, text: str) -> None:
    """Tools that keep environments elsewhere leave such a file in the project."""
    named = venv(tmp_path / "kept" / "named")
    (tmp_path / ".venv").write_text(text.format(named))
    found = choose(tmp_path / "src", Settings(), {})
    assert python_in(named) == found.command
    assert f"{tmp_path}/.venv names the virtual environment {named}" == found.reason


def test_file_with_a_bare_name(tmp_path: Path) -> None:
    """Pipenv and virtualenvwrapper keep environments in one folder, by name."""
    named = venv(tmp_path / "all" / "project-1")
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / ".venv").write_text("project-1\n")
    environ = {"WORKON_HOME": str(tmp_path / "all")}
    assert python_in(named) == choose(tmp_path / "p", Settings(), environ).command


def test_file_that_names_nothing(tmp_path: Path) -> None:
    """The user would not know which file is wrong, or an odd file would keep scripts from running."""
    other = venv(tmp_path / "other")
    file = tmp_path / ".venv"
    file.write_text("/no/environment\n")
    with pytest.raises(InterpreterError) as error:
        choose(tmp_path, Settings(), {})
    assert (
        f"the virtual environment /no/environment, which {file} names, is broken: "
        "/no/environment does not exist."
    ) == str(error.value)
    for content in (b"", b"\n", b"two\nlines", b"\xff\xfe", b"a\0b"):
        file.write_bytes(content)
        found = choose(tmp_path, Settings(), {"VIRTUAL_ENV": str(other)})
        assert python_in(other) == found.command


def test_files_called_like_environments(tmp_path: Path) -> None:
    """A file `env` with variables would be read as the name of an environment."""
    other = venv(tmp_path / "other")
    for name in ("env", "venv"):
        (tmp_path / name).write_text("KEY=value")
    assert python_in(other) == choose(tmp_path, Settings(), {"VIRTUAL_ENV": str(other)}).command


def test_folders_above_projects(tmp_path: Path) -> None:
    """Every project in the home folder would run in whatever is called `env` there."""
    home, other = tmp_path / "home", venv(tmp_path / "other")
    project = home / "work" / "project"
    project.mkdir(parents=True)
    for name in PLACES[1:]:
        venv(home / name)
        venv(tmp_path / name)
    environ = {"HOME": str(home), "VIRTUAL_ENV": str(other)}
    assert python_in(other) == choose(project, Settings(), environ).command
    assert python_in(home / "venv") == choose(home, Settings(), environ).command
    shared = venv(home / ".venv")
    assert python_in(shared) == choose(project, Settings(), environ).command
    nearer = venv(home / "work" / "env")
    assert python_in(nearer) == choose(project, Settings(), environ).command


def test_command_on_the_path_of_the_editor(tmp_path: Path) -> None:
    """The host, which may have been started elsewhere, would take another `python3.11`, or find none."""
    python = venv(tmp_path / "editors") / "bin" / "python"
    setting = Settings(python=("python",), sources={"python": "the test"})
    found = choose(tmp_path, setting, {"PATH": str(python.parent)})
    assert (str(python),) == found.command
    with pytest.raises(InterpreterError, match="is not on PATH"):
        choose(tmp_path, setting, {"PATH": str(tmp_path)})
