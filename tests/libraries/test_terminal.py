"""What libraries make of a terminal: the width of tables, pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support.terminal import COLUMNS, Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from support.commandline import Rdit

TABLE = "import pandas as pd\nframe = pd.DataFrame({f'column_{n}': [n] for n in range(30)})\n"


def run(rdit: Rdit, source: str, **env: str) -> list[str]:
    rdit.write(source)
    cache = str(rdit.folder / "cache")
    terminal = Terminal(
        [rdit.command, "run", "--python", rdit.python, "script.py"],
        rdit.folder,
        {"XDG_CACHE_HOME": cache, **env},
    )
    assert 0 == terminal.end()
    return terminal.lines()


def test_printed_table(rich: Rdit) -> None:
    """A table would be cut off at 80 columns, or at 20 of its own."""
    source = TABLE + "print(frame)\n"
    rdit_shows = run(rich, source)
    plain = Terminal([rich.python, "script.py"], rich.folder)
    assert 0 == plain.end()
    assert plain.lines() == rdit_shows


def test_table_as_wide_as_the_window(rich: Rdit) -> None:
    """Each of its lines would be broken by the number of the statement's line beside it."""
    source = TABLE.replace("column_", "c_") + "frame\n"
    label, head, row, *_ = run(rich, source)
    assert "   3 │" == label
    assert COLUMNS - 7 < len(head) == len(row) <= COLUMNS


def test_figure(rich: Rdit) -> None:
    """There would be no way to look at it."""
    source = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()\n"
    for program in ("Apple_Terminal", "iTerm.app"):
        lines = run(rich, source, TERM_PROGRAM=program)
        assert "   3 │ [Figure 640×480]" == lines[0]
        [path] = picture_files(rich.folder / "cache")
        assert str(path) == re.sub(r"^     │ ", "", "".join(lines[1:3]).split(".png")[0]) + ".png"
        assert path.read_bytes().startswith(b"\x89PNG")


def test_every_python(rdit: Rdit) -> None:
    """An older or newer interpreter would not have the terminal, or no prompt."""
    rdit.write("import sys\nx = sys.stdout.isatty(), sys.stdout.fileno()\nx\n1 / 0\n")
    codes = []
    for command in ([rdit.python], [rdit.command, "run", "--python", rdit.python]):
        terminal = Terminal([*command, "-i", "script.py"], rdit.folder)
        if command[0] == rdit.command:
            terminal.until("(True, 1)\r\n")
        terminal.until("ZeroDivisionError")
        terminal.until(">>> ")
        terminal.type("sys.exit(x[1] + 6)\n")
        codes.append(terminal.end())
    assert codes[0] == codes[1]
    assert codes[0] in (7, 1)  # Python 3.13.0 forgets the code.


def picture_files(cache: Path) -> list[Path]:
    return list(cache.glob("rdit/pictures/*/*"))
