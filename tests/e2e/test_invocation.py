"""What a program sees of how it was started, and what the commands say of how they were called."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

RDIT = str(Path(sys.executable).with_name("rdit"))
LIMIT = 60


def ended(
    command: list[str], cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        env=env,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose documents run on the interpreter of the tests."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.rdit]\npython = {sys.executable!r}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "near.py").write_text("X = 1\n")
    (tmp_path / "sub" / "tool.py").write_text(
        "import sys\nimport near\nprint(sys.argv, __file__, sys.path[0], near.__file__)\n1 / 0\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    "quiet",
    [["--quiet"], ["--quiet", "--timeout", "60"], []],
    ids=["quiet", "worker", "text"],
)
@pytest.mark.parametrize("name", ["./tool.py", "../sub//tool.py", ".././sub/./tool.py", "tool.py"])
def test_names_are_as_they_were_given(folder: Path, name: str, quiet: list[str]) -> None:
    """A tool's usage line, `__file__` and tracebacks would name it otherwise than Python does."""
    expected = ended([sys.executable, name], folder / "sub")
    actual = ended([RDIT, "run", *quiet, name], folder / "sub")
    assert (expected.stdout, expected.stderr, expected.returncode) == (
        actual.stdout,
        actual.stderr,
        actual.returncode,
    )


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LANG": "C"},
        {"LANG": "C.UTF-8"},
        {"LC_ALL": "C"},
        {"LC_CTYPE": "C.UTF-8"},
        {"LC_CTYPE": "C"},
        {"PYTHONCOERCECLOCALE": "0"},
        {"PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_locale(folder: Path, variables: dict[str, str]) -> None:
    """Where there is no locale the program would not be in UTF-8 mode, as rdit's own Python is."""
    (folder / "locale.py").write_text(
        "import os, sys\nprint(sys.flags.utf8_mode, os.environ.get('LC_CTYPE'))\n"
        "print(sys.getfilesystemencoding())\n"
    )
    env = {"PATH": os.environ["PATH"], **variables}
    expected = ended([sys.executable, "locale.py"], folder, env)
    for options in (["--quiet"], []):
        actual = ended([RDIT, "run", *options, "locale.py"], folder, env)
        assert (expected.stdout, expected.stderr) == (actual.stdout, actual.stderr)


def test_size_of_the_terminal(folder: Path) -> None:
    """Tables and progress bars would be made for 80 columns, whatever the terminal has."""
    (folder / "size.py").write_text("import shutil\nprint(*shutil.get_terminal_size())\n")
    for command in ("run", "watch"):
        env = {n: v for n, v in os.environ.items() if n not in ("COLUMNS", "LINES")}
        child = pexpect.spawn(
            RDIT,
            [command, "size.py"],
            cwd=str(folder),
            env=env,
            dimensions=(33, 141),
            timeout=LIMIT,
        )
        child.expect_exact("141 33")
        child.close(force=True)
    piped = ended([RDIT, "run", "size.py"], folder, env)
    assert ended([sys.executable, "size.py"], folder, env).stdout == piped.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sub/tool.py"], "Did you mean `rdit run sub/tool.py`?"),
        (["missing.py"], "Did you mean `rdit run missing.py`?"),
        (["run", "--pyton", "x", "a.py"], "No such option '--pyton'"),
        (["watch", "--quit", "a.py"], "No such option '--quit'"),
        (["export", "a.py"], "--to html|ipynb|md|py"),
        (["export", "--output", "a.txt", "a.py"], "--to html|ipynb|md|py"),
    ],
)
def test_mistakes(folder: Path, arguments: list[str], sentence: str) -> None:
    """A mistyped command line would be answered by something about a file."""
    done = ended([RDIT, *arguments], folder)
    assert (2, "") == (done.returncode, done.stdout)
    assert sentence in done.stderr


def test_file_that_is_named_like_an_option(folder: Path) -> None:
    """A file whose name begins with a dash could not be run."""
    (folder / "-odd.py").write_text("print('odd')\n")
    assert "odd\n" == ended([RDIT, "run", "--", "-odd.py"], folder).stdout


def test_summaries_are_whole() -> None:
    """`rdit --help` would cut off what the commands do."""
    help_text = ended([RDIT, "--help"], Path.cwd(), {**os.environ, "COLUMNS": "80"}).stdout
    assert "..." not in help_text.partition("Commands:")[2]


def test_usage_of_the_server() -> None:
    """`rdit-lsp --help` would name another command."""
    server = str(Path(sys.executable).with_name("rdit-lsp"))
    assert ended([server, "--help"], Path.cwd()).stdout.startswith("Usage: rdit-lsp [OPTIONS]\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rdit run to", "file,to\n"),
        ("rdit run --python to", "file,to\n"),
        ("rdit run a.py to", "file,to\n"),
        ("rdit export --output to", "file,to\n"),
        ("rdit run --cwd to", "dir,to\n"),
        ("rdit export --to i", "plain,ipynb\n"),
        ("rdit do", "plain,doctor\n"),
    ],
)
def test_completion(folder: Path, words: str, expected: str) -> None:
    """A shell would not complete the names of files, or of commands."""
    variables = {
        "_RDIT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    assert expected == ended([RDIT], folder, {**os.environ, **variables}).stdout


def test_export_by_suffix(folder: Path) -> None:
    """The format would have to be named twice, and where it went would stay unsaid."""
    (folder / "a.py").write_text("1 + 1\n")
    done = ended([RDIT, "export", "--output", "out.md", "a.py"], folder)
    assert (0, "", "rdit: out.md has been written.\n") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )
    assert "2" in (folder / "out.md").read_text()


def test_time_that_has_run_out(folder: Path) -> None:
    """The end of the time would look like Ctrl-C."""
    (folder / "slow.py").write_text("import time\ntime.sleep(600)\n")
    done = ended([RDIT, "run", "--timeout", "0.5", "slow.py"], folder)
    assert 124 == done.returncode
    assert "rdit: stopped after 0.5 s." == done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("variables", "has_colours"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
    ids=str,
)
def test_colours(folder: Path, variables: dict[str, str], has_colours: bool) -> None:
    """Values and errors would not stand out, or codes be written where no colours are wanted."""
    (folder / "mixed.py").write_text("print('printed')\n1 + 1\n1 / 0\n")
    env = {n: v for n, v in os.environ.items() if n != "NO_COLOR"} | variables
    child = pexpect.spawn(
        RDIT, ["run", "mixed.py"], cwd=str(folder), env=env, encoding="utf-8", timeout=LIMIT
    )
    text = child.read()
    child.close()
    assert "printed\r\n" in text
    assert has_colours == ("\x1b[90m   2 │ \x1b[0m2\r\n" in text)
    assert has_colours == ("ZeroDivisionError: division by zero\x1b[0m\r\n" in text)
    assert has_colours == (re.search(r"\x1b\[\d+m", text) is not None)
    assert 1 == child.exitstatus
