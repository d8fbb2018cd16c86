"""`rdit watch` in a terminal of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

RDIT = str(Path(sys.executable).with_name("rdit"))
LIMIT = 60

SCRIPT = (
    "first = 1\nfirst\nfor i in range(3):\n    print('row', i)\n"
    "factor = 2\nprint('times')\nfirst * factor\n"
)


class Watched:
    """A watched script, and what is told of it."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "script.py"
        self.process = subprocess.Popen(
            [RDIT, "watch", "script.py", "--python", sys.executable],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def told(self) -> list[str]:
        """The lines up to the one that says what ran, without the time that it took."""
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or not re.match("── .*(reused|compile).* ──", lines[-1]):
            line = self.process.stdout.readline().decode()
            assert line, lines
            lines.append(re.sub(r"; [\d.]+ m?s ──$", " ──", line.rstrip("\n")))
        return lines

    def save(self, text: str) -> None:
        """Save another text, as editors do that put a new file in the old one's place."""
        new = self.script.with_suffix(".new")
        new.write_text(text)
        new.replace(self.script)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A script that is watched, and left by Ctrl-C."""
    (tmp_path / "script.py").write_text(SCRIPT)
    watched = Watched(tmp_path)
    with watched.process:
        yield watched
        watched.process.send_signal(signal.SIGINT)
        assert 0 == watched.process.wait(LIMIT)


def test_update_is_told_in_the_order_of_the_file(watched: Watched) -> None:
    """What is kept would stand below what has run, though its lines are above."""
    rows = ["row 0", "row 1", "row 2"]
    ran = "── 6 statements run from line 1 on, in a new namespace; 0 reused ──"
    assert ["   2 │ 1", *rows, "times", "   7 │ 2", ran] == watched.told()
    watched.save(SCRIPT.replace("factor = 2", "factor = 21"))
    empty, changed, *rest, summary = watched.told()
    assert not empty
    assert changed.startswith("── script.py changed at ")
    kept = ["   2 ┊ 1  (reused)", "   4 ┊ row 2 (last of 3 lines)  (reused)"]
    assert rest[-2:] == ["times", "   7 │ 21"]
    # Where no state is kept, an update runs the whole file.
    if rest[:-2] != ["   2 │ 1", *rows]:
        assert kept == rest[:-2]
        assert summary.endswith("; 3 reused ──")


def test_undone_edit_runs_nothing(watched: Watched) -> None:
    """A text that has been run would be run again."""
    watched.told()
    watched.save(SCRIPT.replace("factor = 2", "factor = 21"))
    watched.told()
    watched.save(SCRIPT)
    _, _, *rest, summary = watched.told()
    assert ["   2 ┊ 1  (reused)", "   7 ┊ 2  (reused)"] == [rest[0], rest[-1]]
    assert "── 0 statements run; 6 reused ──" == summary


def test_text_that_does_not_compile(watched: Watched) -> None:
    """It would be counted as a statement that has run."""
    watched.told()
    watched.save("x = = 1\n")
    assert "── nothing has run: the file does not compile ──" == watched.told()[-1]


def test_file_that_is_deleted(watched: Watched) -> None:
    """The watch would look as if it went on."""
    watched.told()
    watched.script.unlink()
    assert watched.process.stdout is not None
    gone = "── script.py is gone; it is run again once it is back ──\n"
    assert gone == watched.process.stdout.readline().decode()
    watched.save(SCRIPT + "'more'\n")
    assert watched.told()[1].startswith("── script.py changed at ")


def test_module_that_changes(watched: Watched) -> None:
    """The change would be put down to the script."""
    watched.told()
    module = watched.script.with_name("near.py")
    module.write_text("X = 1\n")
    watched.save("import near\nnear.X\n")
    assert "   2 │ 1" in watched.told()
    module.write_text("X = 2222\n")
    _, changed, *rest = watched.told()
    assert changed.startswith("── near.py changed at ")
    assert "   2 │ 2222" in rest


def test_screen(tmp_path: Path) -> None:
    """On a terminal each save would add the whole file to what scrolls by."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    terminal = Terminal([RDIT, "watch", "script.py", "--python", sys.executable], tmp_path)
    terminal.until("watching script.py")
    script.write_text(SCRIPT.replace("first * factor", "first * factor * 4"))
    terminal.until("changed at")
    terminal.until("watching script.py")
    terminal.until("ends ──")
    lines = terminal.lines()
    assert re.fullmatch(r"── script\.py changed at \d\d:\d\d:\d\d ──", lines[0])
    assert re.fullmatch(r"   2 [┊│] 1", lines[1])
    assert ["row 0", "row 1", "row 2", "times", "   7 │ 8"] == lines[2:7]
    assert re.fullmatch(r"── \d statements? run .*; \d reused; [\d.]+ m?s ──", lines[7])
    assert "── watching script.py; Ctrl-C ends ──" == lines[8]
    terminal.type("\x03")
    assert 0 == terminal.end()
