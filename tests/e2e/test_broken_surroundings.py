"""The commands where something around them is broken: readers, streams, folders, PYTHONPATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
RDIT = str(BIN / "rdit")
LIMIT = 60


def run_in_shell(line: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """What a line of the shell writes; `rdit` is the command under test."""
    return subprocess.run(
        ["bash", "-c", "set -o pipefail; " + line],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **env},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose documents run on the interpreter of the tests."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.rdit]\npython = {sys.executable!r}\n")
    (tmp_path / "a.py").write_text("print('out')\n1 + 1\n")
    return tmp_path


ENDLESS = {
    "prints": "import itertools\nfor i in itertools.count(): print('x' * 50, i)\n",
    "values": "import itertools\n" + "\n".join(f"'{'x' * 200}'" for _ in range(3000)),
    "errors": "import sys\nprint('begun')\nwhile True: print('x' * 50, file=sys.stderr)\n",
    "thread": (
        "import threading, time\nprint('begun')\ndef f():\n    while True: print('x' * 50)\n"
        "threading.Thread(target=f).start()\n"
    ),
    "child": "import subprocess\nsubprocess.run(['yes'])\n",
    "catches": (
        "print('begun')\nwhile True:\n    try:\n        while True: print('x' * 50)\n"
        "    except KeyboardInterrupt: pass\n"
    ),
}


@pytest.mark.parametrize("layout", ["text", "jsonl"])
@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_reader_that_has_gone(folder: Path, script: str, layout: str) -> None:
    """`| head` would end in tracebacks of rdit's, or never, or leave the program running."""
    (folder / "e.py").write_text(script)
    (folder / "t").mkdir()
    both = f"rdit run --format {layout} e.py 2>&1 | head -1"
    done = run_in_shell(both, folder, TMPDIR=str(folder / "t"))
    assert (141, "", 1) == (done.returncode, done.stderr, done.stdout.count("\n"))
    assert [] == list((folder / "t").iterdir())


def test_reader_of_output_that_is_written_at_once(folder: Path) -> None:
    """An export, a notebook or a report that is cut off would give a traceback, or another reason."""
    (folder / "long.py").write_text("\n".join(f"print('{'x' * 100}')" for _ in range(2000)))
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "x" * 99} for _ in range(3000)]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / "n.ipynb").write_text(json.dumps(notebook))
    for command in (
        "export --to html --output - long.py",
        "run --format json long.py",
        "import n.ipynb --output -",
    ):
        done = run_in_shell(f"rdit {command} | head -c 10", folder)
        assert (141, "", 10) == (done.returncode, done.stderr, len(done.stdout)), command


def test_reader_of_a_watch(folder: Path) -> None:
    """A watch would go on for good with nothing to read it."""
    (folder / "e.py").write_text(ENDLESS["prints"])
    for file in ("e.py", "a.py"):
        done = run_in_shell(f"rdit watch {file} | head -1", folder)
        assert (141, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_device_that_is_full(folder: Path) -> None:
    """A disk without room would look like a mistake of rdit's, or like success."""
    for command in (
        "run a.py",
        "run --format json a.py",
        "export --to md --output - a.py",
        "doctor",
    ):
        done = run_in_shell(f"rdit {command} > /dev/full", folder)
        expected = "rdit: cannot write the output: No space left on device\n"
        assert (1, expected) == (done.returncode, done.stderr), command


@pytest.mark.parametrize("layout", ["text", "json", "jsonl"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams(folder: Path, closed: str, layout: str) -> None:
    """With a stream closed nothing would run, and nothing end."""
    (folder / "c.py").write_text("open('ran', 'w').close()\nprint(1)\n2\nraise SystemExit(3)\n")
    done = run_in_shell(f"rdit run --format {layout} c.py {closed}", folder)
    assert (3, "") == (done.returncode, done.stderr)
    assert (folder / "ran").exists()
    assert (">&-" in closed.replace("2>&-", "")) == (not done.stdout)


def test_server_with_closed_streams(folder: Path) -> None:
    """A server that has no client would end in a traceback, or not at all."""
    for closed in ("<&-", ">&-", "<&- >&-", "<&- 2>&-"):
        done = run_in_shell(f"rdit-lsp {closed}", folder)
        assert 1 == done.returncode, closed
        assert "Traceback" not in done.stderr, closed


def broken_folders(folder: Path) -> dict[str, Path]:
    """Folders for temporary files that cannot be used as they are."""
    found = {name: folder / name for name in ("missing", "file", "l" * 140, "ö" * 60)}
    found["file"].touch()
    for name in ("l" * 140, "ö" * 60):
        found[name].mkdir()
    return found


def test_folders_for_temporary_files(folder: Path) -> None:
    """Batch systems and sandboxes have TMPDIRs that are long, or gone: a run would hang, or not start."""
    (folder / "c.py").write_text("import os\nos.closerange(3, 2000)\nprint('on')\n2\n")
    for path in broken_folders(folder).values():
        done = run_in_shell("rdit run c.py", folder, TMPDIR=str(path))
        assert (0, "on\n   4 │ 2\n", "") == (done.returncode, done.stdout, done.stderr), path
        assert not path.is_dir() or [] == list(path.iterdir())


@pytest.mark.parametrize("name", ["click", "attr", "typing", "dataclasses", "pygls", "asyncio"])
def test_modules_of_the_users_named_like_a_dependency(folder: Path, name: str) -> None:
    """A module on PYTHONPATH, or in the present folder, would break rdit itself."""
    (folder / "lib").mkdir()
    for place in (folder, folder / "lib"):
        (place / f"{name}.py").write_text("raise RuntimeError('of the user')\n")
    (folder / "a.py").write_text("import sys\nprint('lib' in sys.path[1])\n")
    for command in ("rdit", f"{sys.executable} -m rdit_lsp"):
        done = run_in_shell(f"{command} run a.py", folder, PYTHONPATH=str(folder / "lib"))
        assert (0, "True\n", "") == (done.returncode, done.stdout, done.stderr)
    done = run_in_shell("rdit-lsp < /dev/null", folder, PYTHONPATH=str(folder / "lib"))
    assert done.stderr.startswith("rdit: the language server talks to an editor")


@pytest.mark.parametrize(
    ("name", "value"), [("PYTHONWARNDEFAULTENCODING", "1"), ("PYTHONWARNINGS", "error")]
)
def test_warnings_are_the_programs(folder: Path, name: str, value: str) -> None:
    """Warnings about rdit's own code would come with the program's, or end rdit."""
    (folder / "w.py").write_text("open('pyproject.toml').close()\nimport sys\nsys.warnoptions\n")
    done = run_in_shell("rdit run w.py", folder, **{name: value})
    assert 0 == done.returncode
    assert "rdit_lsp" not in done.stderr
    assert ("EncodingWarning" in done.stderr) == (name == "PYTHONWARNDEFAULTENCODING")
    assert "   3 │ " in done.stdout
