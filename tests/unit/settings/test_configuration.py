"""Settings, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rdit_lsp.settings.configuration import ConfigurationError, Settings, settings_for

if TYPE_CHECKING:
    from pathlib import Path


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
        "[tool.rdit]\nassignments = 'yes'\n",
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


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("runon", "runOn"),
        ("run-on", "runOn"),
        ("figure_dpi", "figureDpi"),
        ("arg", "args"),
        ("checkpointMemmory", "checkpointMemory"),
        ("colour", None),
    ],
)
def test_mistyped_keys_are_said(tmp_path: Path, key: str, meant: str | None) -> None:
    """A setting would have no effect, and nothing would say so."""
    found = settings_for(project(tmp_path, f"[tool.rdit]\n{key} = 'x'\ncwd = '.'\n"), {})
    hint = "." if meant is None else f": is {meant} meant?"
    expected = f"{key} in {tmp_path / 'pyproject.toml'} is not a setting of rdit{hint}"
    assert (expected,) == found.unknown


def test_keys_of_an_editor_may_be_unknown(tmp_path: Path) -> None:
    """An editor's plugin that is newer than the server would be complained about."""
    found = settings_for(project(tmp_path, "[tool.other]\nrunon = 1\n"), {"otherServer": True})
    assert () == found.unknown
