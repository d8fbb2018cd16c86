"""`rdit run` in a terminal, where the program is to have what it has under `python FILE`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.terminal import COLUMNS, ROWS, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RDIT = str(Path(sys.executable).with_name("rdit"))

QUESTIONS: tuple[tuple[str, str], ...] = ()
"""What is waited for and what is typed then."""

SCRIPTS: dict[str, tuple[str, Sequence[tuple[str, str]]]] = {
    "streams": (
        "import os, sys\n"
        "for s in (sys.stdin, sys.stdout, sys.stderr):\n"
        "    print(s.isatty(), s.line_buffering, s.encoding, s.fileno(), os.ttyname(s.fileno()) > '')\n",
        QUESTIONS,
    ),
    "size": ("import shutil\nprint(shutil.get_terminal_size())\n", QUESTIONS),
    "size for children": (
        "import subprocess\nfor c in (['tput', 'cols'], ['stty', 'size']): subprocess.run(c)\n",
        QUESTIONS,
    ),
    "environment": (
        "import os\nprint(os.environ.get('COLUMNS'), os.environ.get('LINES'))\n",
        QUESTIONS,
    ),
    "order": (
        "import os, sys\nfor i in range(5):\n    print('out', i)\n    print('err', i, file=sys.stderr)\n"
        "    os.system(f'echo child {i}')\n",
        QUESTIONS,
    ),
    "progress": (
        "import sys, shutil\nwidth = shutil.get_terminal_size().columns - 1\nfor i in range(11):\n"
        "    sys.stderr.write('\\r' + '#' * (width * i // 10))\nprint()\nprint('done')\n",
        QUESTIONS,
    ),
    "input": ("name = input('name? ')\nprint('hello', name)\n", [("name? ", "Ada\n")]),
    "input with a line to edit": (
        "import readline\nname = input('name? ')\nprint('hello', name)\n",
        [("name? ", "Adx\x7fa\x01_\n")],
    ),
    "end of file": (
        "try:\n    input('name? ')\nexcept EOFError:\n    print('none')\n",
        [("name? ", "\x04")],
    ),
    "password": (
        "import getpass\nword = getpass.getpass('word? ')\nprint(len(word))\n",
        [("word? ", "secret\n")],
    ),
    "debugger": (
        "x = 3\ndef f():\n    breakpoint()\n    return x\ny = f()\nprint(y)\n",
        [("(Pdb) ", "p x * 14\n"), ("42", ""), ("(Pdb) ", "c\n")],
    ),
    "curses": (
        "import curses\ndef main(screen):\n    screen.addstr(2, 4, 'press')\n    return screen.getkey()\n"
        "key = curses.wrapper(main)\nprint('pressed', key)\n",
        [("press", "k")],
    ),
    "thread that writes late": (
        "import threading as t\ndef late():\n    t.main_thread().join()\n    print('late')\n"
        "t.Thread(target=late).start()\nprint('x')\n",
        QUESTIONS,
    ),
    "unfinished line": ("print('no line end', end='')\n", QUESTIONS),
}


def rdit(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Terminal:
    return Terminal([RDIT, "run", "--python", sys.executable, *arguments], folder, env)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing is left running."""
    yield tmp_path
    for process in Path("/proc").glob("[0-9]*/cwd"):
        try:
            assert process.readlink() != tmp_path, process
        except OSError:
            continue  # Another user's, or gone by now.


@pytest.mark.parametrize("name", SCRIPTS)
def test_terminal_is_the_programs(folder: Path, name: str) -> None:
    """Colours, widths, bars, passwords and full screens would not be what they are under Python."""
    source, talk = SCRIPTS[name]
    (folder / "script.py").write_text(source)
    seen = []
    for terminal in (
        Terminal([sys.executable, "script.py"], folder),
        rdit(folder, "script.py"),
    ):
        for question, answer in talk:
            terminal.until(question)
            terminal.type(answer)
        code = terminal.end()
        seen.append((terminal.lines(), terminal.screen.cursor.x, code))
    assert seen[0] == seen[1]


def test_values_have_lines_of_their_own(folder: Path) -> None:
    """A value would stand behind what was printed, or leave an empty line where there is none."""
    (folder / "script.py").write_text(
        "0\nprint('partial', end='')\n1 + 1\nimport os\n_ = os.system('printf child')\n2 + 2\n"
        f"print('x' * {COLUMNS}, end='')\n3 + 3\nprint('whole')\n4 + 4\n'y' * {COLUMNS}\n"
    )
    terminal = rdit(folder, "script.py")
    assert 0 == terminal.end()
    assert terminal.lines() == [
        "   1 │ 0",
        "partial",
        "   3 │ 2",
        "child",
        "   6 │ 4",
        "x" * COLUMNS,
        "   8 │ 6",
        "whole",
        "  10 │ 8",
        "  11 │ '" + "y" * (COLUMNS - 8),
        "y" * 8 + "'",
    ]


def test_window_that_changes(folder: Path) -> None:
    """The program would go on with the size that the window had at the start."""
    (folder / "script.py").write_text(
        "import os, signal, time\nsizes = []\n"
        "_ = signal.signal(signal.SIGWINCH, lambda *_: sizes.append(os.get_terminal_size()))\n"
        "print('ready')\nwhile not sizes: time.sleep(0.01)\nprint(sizes)\n"
    )
    terminal = rdit(folder, "script.py")
    terminal.until("ready\r\n")
    terminal.child.setwinsize(ROWS, 77)
    terminal.until(f"os.terminal_size(columns=77, lines={ROWS})")
    assert 0 == terminal.end()


def test_ctrl_c(folder: Path) -> None:
    """The program would go on, or end with another code than a shell expects."""
    (folder / "script.py").write_text(
        "import time\ntry:\n    print('ready')\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    print('caught')\nprint('again')\ntime.sleep(600)\n"
    )
    terminal = rdit(folder, "script.py")
    terminal.until("ready\r\n")
    terminal.type("\x03")
    terminal.until("again\r\n")
    terminal.type("\x03")
    assert 130 == terminal.end()
    assert terminal.lines()[-1].endswith("KeyboardInterrupt")


def test_ctrl_z(folder: Path) -> None:
    """A shell could not stop the program and have it go on."""
    (folder / "script.py").write_text("name = input('name? ')\nname.upper()\n")
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], folder, {"PS1": "$ "})
    terminal.until("$ ")
    terminal.type(f"{RDIT} run --python {sys.executable} script.py\n")
    terminal.until("name? ")
    terminal.type("\x1a")
    terminal.until("Stopped")
    terminal.until("$ ")
    terminal.type("fg\n")
    terminal.until("script.py\r\n")
    terminal.type("ada\n")
    terminal.until("'ADA'")
    terminal.until("$ ")
    terminal.type("exit\n")
    assert 0 == terminal.end()


def test_script_at_standard_input(folder: Path) -> None:
    """Ctrl-C would end rdit and leave the program."""
    (folder / "script.py").write_text(
        "import sys, time\nprint(sys.stdout.isatty(), sys.stdin.read())\n1 + 1\ntime.sleep(600)\n"
    )
    terminal = Terminal(
        ["sh", "-c", f"exec {RDIT} run --python {sys.executable} - < script.py"], folder
    )
    terminal.until("True \r\n")
    terminal.until("2\r\n")
    terminal.type("\x03")
    assert 130 == terminal.end()


@pytest.mark.parametrize("redirection", ["< data", "2> errors"])
def test_streams_that_are_redirected(folder: Path, redirection: str) -> None:
    """What is a terminal, and what a file, would be another than under Python."""
    (folder / "data").write_text("a\nb\n")
    (folder / "script.py").write_text(
        "import sys, shutil\nprint([s.isatty() for s in (sys.stdin, sys.stdout, sys.stderr)])\n"
        "print(shutil.get_terminal_size())\n"
        "if not sys.stdin.isatty(): print(sys.stdin.read())\nprint('e', file=sys.stderr)\n"
    )
    seen = []
    for command in (sys.executable, f"{RDIT} run --python {sys.executable}"):
        terminal = Terminal(["sh", "-c", f"{command} script.py {redirection}"], folder)
        assert 0 == terminal.end()
        errors = folder / "errors"
        seen.append((terminal.lines(), errors.exists() and errors.read_text()))
    assert seen[0] == seen[1]


def test_output_of_a_crash(folder: Path) -> None:
    """Where Python was killed would not be said."""
    (folder / "script.py").write_text(
        "import os, signal\nprint('before')\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    terminal = rdit(folder, "script.py")
    assert 128 + signal.SIGSEGV == terminal.end()
    text = "\n".join(terminal.lines())
    assert text.startswith("before\nFatal Python error: Segmentation fault")
    assert 'script.py", line 3 in <module>' in text


def test_rejected_file(folder: Path) -> None:
    """A file that does not compile would end without a word."""
    (folder / "script.py").write_text("x = = 1\n")
    terminal = rdit(folder, "script.py")
    assert 1 == terminal.end()
    assert "SyntaxError: invalid syntax" == terminal.lines()[-1]


def test_prompt_after_the_run(folder: Path) -> None:
    """The variables could not be looked at, nor the exception that has ended the script."""
    (folder / "script.py").write_text(
        "x = [1, 2, 3]\nlen(x)\ndef f(): return x[7]\nf()\nx = None\n"
    )
    terminal = rdit(folder, "-i", "script.py")
    terminal.until("IndexError: list index out of range")
    for typed, shown in (
        ("sum(x) + 36", "42"),
        ("__name__", "'__main__'"),
        ("import pdb; pdb.pm()", "(Pdb) "),
        ("u", "-> f()"),
        ("q", ">>> "),
        ("import sys; sys.exit(7)", ""),
    ):
        terminal.type(typed + "\n")
        terminal.until(shown)
    assert 7 == terminal.end()


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["text", "quiet"])
def test_prompt_after_what_cannot_go_on(folder: Path, quiet: list[str]) -> None:
    """There would be no prompt after a file that does not compile, or that has exited."""
    for source, said in (("x = = 1\n", "SyntaxError"), ("import os\nos.dup\n1 + 1\n", "")):
        (folder / "script.py").write_text(source)
        terminal = rdit(folder, *quiet, "-i", "script.py")
        terminal.until(said)
        terminal.until(">>> ")
        terminal.type("40 + 2\n")
        terminal.until("42")
        terminal.type("\x04")
        assert 0 == terminal.end()


def test_prompt_is_for_people(folder: Path) -> None:
    """A program that reads JSON would get a prompt."""
    (folder / "script.py").write_text("1 + 1\n")
    terminal = rdit(folder, "-i", "--format", "json", "script.py")
    assert 2 == terminal.end()
    assert "Error: -i asks at a prompt" in "\n".join(terminal.lines())


def test_terminal_that_goes_away(folder: Path) -> None:
    """A closed window would leave the program running."""
    (folder / "script.py").write_text(
        "import os, time\nprint(os.getpid(), 'ready')\ntime.sleep(600)\n"
    )
    terminal = rdit(folder, "script.py")
    terminal.until(" ready\r\n")
    pid = int(terminal.lines()[-1].split()[0])
    terminal.hang_up()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
