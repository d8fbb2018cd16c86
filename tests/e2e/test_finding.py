"""What `rdit run` and `rdit doctor` find: environments, folders and archives, what scripts ask for."""

from __future__ import annotations

import json
import os
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

RDIT = str(Path(sys.executable).with_name("rdit"))
LIMIT = 60
SCRIPT = """\
import sys, helper
print(sys.path[0], sys.argv, __file__, __name__, helper.X)
helper.X + 1
"""


def ended(*command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """What a command wrote and how it ended."""
    return subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        env={**os.environ, **environ},
    )


def environment(folder: Path, name: str) -> Path:
    """An environment whose Python is that of the tests."""
    (folder / name / "bin").mkdir(parents=True)
    (folder / name / "bin" / "python").symlink_to(sys.executable)
    return folder / name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose documents run on the interpreter of the tests."""
    environment(tmp_path, "venv")
    return tmp_path


@pytest.fixture
def program(folder: Path) -> Path:
    """A folder that Python can run, in a folder that it can run in."""
    program = folder / "program"
    program.mkdir()
    (program / "__main__.py").write_text(SCRIPT)
    (program / "helper.py").write_text("X = 41\n")
    return program


def archive(program: Path, name: str, lead: bytes = b"") -> Path:
    path = program.parent / name
    with path.open("wb") as file:
        file.write(lead)
        with zipfile.ZipFile(file, "a") as opened:
            for member in program.iterdir():
                opened.write(member, member.name)
    return path


@pytest.mark.parametrize("name", ["venv", "env", ".pixi/envs/default"])
def test_environment_is_used(tmp_path: Path, name: str) -> None:
    """The script would run on another Python, and `rdit doctor` would say so."""
    found = environment(tmp_path, name)
    (tmp_path / ".venv").mkdir()
    (tmp_path / "a.py").write_text("import sys\nprint(sys.executable)\n")
    done = ended(RDIT, "run", "a.py", cwd=tmp_path)
    assert (0, f"{found}/bin/python\n", "") == (done.returncode, done.stdout, done.stderr)
    done = ended(RDIT, "doctor", "a.py", cwd=tmp_path)
    assert f"{found} is the project's virtual environment" in done.stdout


@pytest.mark.parametrize("given", ["program", "program/", "./program", "."])
def test_folder_with_values(program: Path, given: str) -> None:
    """`python FOLDER` runs its `__main__.py`; its values would not be shown, or it would not run."""
    cwd = program if given == "." else program.parent
    expected = ended(str(program.parent / "venv/bin/python"), given, "a", "-b", cwd=cwd)
    line = expected.stdout.splitlines()[0].split(" ")
    actual = ended(RDIT, "run", given, "a", "-b", cwd=cwd)
    assert (0, "") == (actual.returncode, actual.stderr)
    first, value = actual.stdout.splitlines()
    folder, _, *others = first.split(" ")
    assert [str(program), *line[2:]] == [folder, *others]
    assert "   3 │ 42" == value


@pytest.mark.parametrize("kind", ["folder", "archive", "executable", "compiled folder", "compiled"])
@pytest.mark.parametrize("script", [SCRIPT, "import helper\n1 / 0\n", "raise SystemExit(3)\n"])
def test_as_python_runs_it(program: Path, kind: str, script: str) -> None:
    """What is no plain script would not run, or not to the same output, errors and exit code."""
    (program / "__main__.py").write_text(script)
    given = "program"
    if kind in ("archive", "executable"):
        lead = b"#!/usr/bin/env python3\n" if kind == "executable" else b""
        given = archive(program, "program.pyz" if lead else "program.zip", lead).name
    elif kind != "folder":
        py_compile.compile(str(program / "__main__.py"), str(program / "__main__.pyc"))
        (program / "__main__.py").unlink()
        given += "/__main__.pyc" if kind == "compiled" else ""
    python = str(program.parent / "venv/bin/python")
    expected = ended(python, given, "--a", cwd=program.parent)
    actual = ended(RDIT, "run", "--quiet", given, "--a", cwd=program.parent)
    wanted = (expected.returncode, expected.stdout, expected.stderr)
    assert wanted == (actual.returncode, actual.stdout, actual.stderr)
    if kind != "folder":
        actual = ended(RDIT, "run", given, "--a", cwd=program.parent)
        assert wanted == (actual.returncode, actual.stdout, actual.stderr)


def test_folder_in_other_ways(program: Path) -> None:
    """A report, a time limit or an export of a folder would not be had."""
    cwd = program.parent
    done = ended(RDIT, "run", "--format", "json", "program", cwd=cwd)
    report = json.loads(done.stdout)
    assert ("program", "ok", "41") == (
        report["file"],
        report["status"],
        report["results"][1]["output"][0]["text"].split()[-1],
    )
    (program / "__main__.py").write_text("while True: pass\n")
    assert 124 == ended(RDIT, "run", "--quiet", "--timeout", "1", "program", cwd=cwd).returncode
    (program / "__main__.py").write_text("6 * 7\n")
    assert 0 == ended(RDIT, "export", ".", "--to", "py", cwd=program).returncode
    assert "6 * 7\n#> 42\n" == (cwd / "program.results.py").read_text()


@pytest.mark.parametrize("option", ["--format=json", "--timeout=9", "--on-error=continue"])
def test_archive_has_no_values(program: Path, option: str) -> None:
    """An option would have no effect, without a word."""
    archive(program, "program.zip")
    done = ended(RDIT, "run", option, "program.zip", cwd=program.parent)
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("rdit: program.zip has no text to show values beside: ")
    assert 1 == done.stderr.count("\n")


def test_environment_of_an_archive(program: Path) -> None:
    """The options for the process would have no effect on what Python runs itself."""
    (program / "__main__.py").write_text("import os\nprint(os.getcwd(), os.environ['A'])\n")
    archive(program, "program.zip")
    done = ended(
        *(RDIT, "run", "--cwd", "program", "--env", "A=b", "program.zip"), cwd=program.parent
    )
    assert (f"{program} b\n", "") == (done.stdout, done.stderr)
    done = ended(RDIT, "run", "--cwd", "none", "program.zip", cwd=program.parent)
    assert 2 == done.returncode
    assert "the working directory" in done.stderr


def test_folder_that_cannot_be_run(folder: Path) -> None:
    """A folder without a program would be an error that does not say what is missing."""
    (folder / "empty").mkdir()
    for arguments in (["run"], ["run", "--format", "json"], ["watch"]):
        done = ended(RDIT, *arguments, "empty", cwd=folder)
        expected = "rdit: cannot read empty: it is a folder without __main__.py\n"
        assert (2, "", expected) == (done.returncode, done.stdout, done.stderr)


def declaring(folder: Path, python: str = "", dependencies: str = "[]", code: str = "") -> Path:
    path = folder / "script.py"
    path.write_text(
        f"# /// script\n# requires-python = '{python}'\n# dependencies = {dependencies}\n# ///\n{code}"
    )
    return path


def test_python_that_the_script_does_not_want(folder: Path) -> None:
    """The script would fail for a reason that it states itself."""
    declaring(folder, ">=3.99", code="6 * 7\n")
    done = ended(RDIT, "run", "script.py", cwd=folder)
    version = sys.version.split()[0]
    said = f"rdit: script.py asks for Python >=3.99, and {folder}/venv/bin/python is Python {version}.\n"
    assert (0, "   5 │ 42\n", said) == (done.returncode, done.stdout, done.stderr)
    done = ended(RDIT, "run", "--format", "json", "script.py", cwd=folder)
    assert ("ok", said) == (json.loads(done.stdout)["status"], done.stderr)
    done = ended(RDIT, "run", "--quiet", "script.py", cwd=folder)
    assert ("", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize("python", ["", ">=3.8", "nonsense"])
def test_python_that_the_script_wants(folder: Path, python: str) -> None:
    """A script that is right would be complained about."""
    declaring(folder, python, "['missing-package']", "print(1)\n")
    done = ended(RDIT, "run", "script.py", cwd=folder)
    assert ("1\n", "") == (done.stdout, done.stderr)


def test_broken_block_does_not_keep_a_script_from_running(folder: Path) -> None:
    """Python itself reads no such block."""
    declaring(folder, dependencies="nonsense", code="print(1)\n")
    done = ended(RDIT, "run", "script.py", cwd=folder)
    assert (0, "1\n", "") == (done.returncode, done.stdout, done.stderr)
    done = ended(RDIT, "doctor", "script.py", cwd=folder)
    assert 1 == done.returncode
    last = done.stdout.splitlines()[-1]
    assert last.startswith("This cannot be run: the block `# /// script` is not valid TOML: ")


def test_doctor_says_what_a_script_declares(folder: Path) -> None:
    """All would be said to be well with a script whose packages are not there."""
    declaring(folder, ">=3.8", "['missing-package>=2', 'other; sys_platform == \"none\"']")
    done = ended(RDIT, "doctor", "script.py", cwd=folder)
    lines = done.stdout.splitlines()
    assert "  requires-python  >=3.8 (declared in the script)" in lines
    declared = 'missing-package>=2, other; sys_platform == "none" (declared in the script)'
    assert f"  dependencies     {declared}" in lines
    assert (1, "This may not run: missing-package is not installed.") == (
        done.returncode,
        lines[-1],
    )


def test_doctor_compares_versions(folder: Path) -> None:
    """A package that is too old would pass for one that is asked for."""
    package = folder / "old_package-1.5.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: old-package\nVersion: 1.5\n")
    declaring(folder, ">=3.99", "['Old_Package>=2', 'old-package>=1']")
    done = ended(RDIT, "doctor", "script.py", cwd=folder, PYTHONPATH=str(folder))
    version = sys.version.split()[0]
    assert [
        f"This may not run: Python is {version}, not >=3.99.",
        "This may not run: Old_Package is 1.5, not >=2.",
    ] == done.stdout.splitlines()[-2:]


def test_doctor_is_content(folder: Path) -> None:
    """A script with all that it asks for would be said to lack something."""
    declaring(folder, ">=3.8")
    done = ended(RDIT, "doctor", "script.py", cwd=folder)
    last = done.stdout.splitlines()[-1]
    assert (0, "Everything that is needed to run it is there.") == (done.returncode, last)


def test_doctor_without_a_file(folder: Path) -> None:
    """A mistyped name would pass for a file that can be run."""
    done = ended(RDIT, "doctor", "nope.py", cwd=folder)
    last = done.stdout.splitlines()[-1]
    assert (1, "This cannot be run: nope.py: No such file or directory.") == (done.returncode, last)
    assert f"{folder}/venv/bin/python" in done.stdout
    assert 0 == ended(RDIT, "doctor", cwd=folder).returncode
    done = ended(RDIT, "doctor", ".", cwd=folder)
    last = done.stdout.splitlines()[-1]
    assert (1, "This cannot be run: .: it is a folder without __main__.py.") == (
        done.returncode,
        last,
    )


def test_doctor_of_folders_and_archives(program: Path) -> None:
    """Settings and interpreter of another folder would be reported."""
    (program / "pyproject.toml").write_text("[tool.rdit]\nargs = ['x']\n")
    done = ended(RDIT, "doctor", "program", cwd=program.parent)
    assert 0 == done.returncode
    assert f"\n{program}/__main__.py\n" in done.stdout
    assert f"x ({program}/pyproject.toml)" in done.stdout
    archive(program, "program.zip")
    assert 0 == ended(RDIT, "doctor", "program.zip", cwd=program.parent).returncode


def test_mistyped_settings(folder: Path) -> None:
    """A setting would have no effect, and nothing would say so."""
    (folder / "pyproject.toml").write_text("[tool.rdit]\nrunon = 'save'\n")
    (folder / "a.py").write_text("print(1)\n")
    said = f"runon in {folder}/pyproject.toml is not a setting of rdit: is runOn meant?"
    done = ended(RDIT, "doctor", "a.py", cwd=folder)
    assert (0, True) == (done.returncode, said in done.stdout)
    done = ended(RDIT, "run", "a.py", cwd=folder)
    assert ("1\n", f"rdit: {said}\n") == (done.stdout, done.stderr)
    done = ended(RDIT, "run", "--quiet", "a.py", cwd=folder)
    assert ("1\n", "") == (done.stdout, done.stderr)


def test_doctor_speaks_in_words(folder: Path) -> None:
    """What the system can do would be said in names of its calls."""
    lines = ended(RDIT, "doctor", cwd=folder).stdout.splitlines()
    assert not any(line.split()[-1:] == ["yes"] for line in lines)
    assert any("(fork)" in line for line in lines)
    assert any("pidfd)" in line for line in lines)
