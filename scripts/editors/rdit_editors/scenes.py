"""The scenes that every editor must play, told once.

Each takes an editor that has not been opened. What counts is what stands on the screen.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from rdit_editors.editor import ROOT, Editor, python_with_libraries

Scene = Callable[[Editor], None]


def values_stand_beside_their_lines(editor: Editor) -> None:
    """Running the file shows what each statement gave, beside its last line."""
    editor.open("base = 6\nbase * 7\nfor i in range(2):\n    print('row', i)\n")
    editor.run_file()
    editor.sees("base * 7", "42")
    editor.sees("print('row', i)", "row 1")


def error_is_beside_its_line_and_a_diagnostic(editor: Editor) -> None:
    """An exception is shown where it was raised, and what comes after it has not run."""
    editor.open("1 / 0\n'never' * 2\n")
    editor.run_file()
    editor.sees("1 / 0", "ZeroDivisionError")
    assert editor.terminal.row_with("nevernever") is None
    editor.show_diagnostic(1)
    editor.sees("division by zero")


def hover_shows_the_whole_output(editor: Editor) -> None:
    """Of many lines of output one stands beside the code, and hover has the others."""
    editor.open("for i in range(5):\n    print('row', i)\n\n10 + 5\n")
    editor.run_file()
    editor.sees("10 + 5", "15")
    assert editor.terminal.row_with("row 3") is None
    editor.hover(1)
    editor.terminal.wait_for("row 3")
    editor.close_hover()
    editor.terminal.wait_until_gone("row 3")


def edit_makes_stale_what_depends_on_it(editor: Editor) -> None:
    """A result is marked stale by an edit, fresh again by undo, and right again by an update."""
    editor.open("base = 6\nbase * 7\n")
    editor.run_file()
    editor.sees("base * 7", "42")
    editor.replace_line(1, "base = 10")
    editor.sees("base * 7", editor.stale_mark, "42")
    editor.undo()
    editor.sees("base * 7", editor.fresh_mark, "42")
    editor.replace_line(1, "base = 11")
    editor.sees("base * 7", editor.stale_mark, "42")
    editor.update()
    editor.sees("base * 7", editor.fresh_mark, "77")


def endless_loop_streams_and_is_interrupted(editor: Editor) -> None:
    """Output streams while a loop runs; an interrupt ends it and the variables are still there."""
    editor.open("base = 6\nif base:\n    print('begun', flush=True)\n    while True: pass\n")
    editor.run_file()
    editor.sees("while True: pass", "begun")
    editor.interrupt()
    editor.sees("while True: pass", "nterrupt")
    editor.replace_line(4, "    print(base * 7)")
    editor.update()
    editor.sees("print(base * 7)", "42")


def killed_process_is_replaced(editor: Editor) -> None:
    """When the program's process dies, the next run has a new one."""
    editor.open("import os\nf'process {os.getpid()}'\n")
    editor.run_file()
    first = int(editor.sees_match(r"process (\d+)")[1])
    os.kill(first, signal.SIGKILL)
    editor.run_file()
    editor.sees_match(rf"process (?!{first}\b)\d+")


def input_is_asked_for(editor: Editor) -> None:
    """A program that reads a line gets the one typed, or end of file where none can be."""
    editor.open("name = input('Who? ')\nname.upper() * 2\n")
    editor.run_file()
    if not editor.answers_input:
        editor.sees("name = input('Who? ')", "EOFError")
        return
    # At the start of a row: the statement itself says "Who?", too.
    editor.terminal.wait_for_match(r"^Who\?")
    editor.answer("bob")
    editor.sees("name.upper() * 2", "BOBBOB")


def one_statement_is_run(editor: Editor) -> None:
    """The statement under the cursor runs, in the namespace as it is, and no other."""
    editor.open("base = 6\nbase * 7\nbase * 8\n")
    editor.run_statement(1)
    editor.run_statement(3)
    editor.sees("base * 8", "48")
    assert editor.terminal.row_with("42") is None
    editor.run_statement(2)
    editor.sees("base * 7", "42")


def figure_is_told(editor: Editor) -> None:
    """Where there is only text, a figure is told by what it is, with the project's own interpreter."""
    editor.use(python_with_libraries(), MPLCONFIGDIR=str(ROOT / ".tools" / "rich" / "matplotlib"))
    editor.open("from matplotlib import pyplot\nfigure, axes = pyplot.subplots()\nfigure\n")
    editor.run_file()
    editor.sees("figure", editor.fresh_mark, "Figure 640×480")
    editor.hover(3)
    editor.terminal.wait_for("Figure 640×480", "PNG")
    editor.close_hover()


def odd_place_is_no_obstacle(editor: Editor) -> None:
    """A path with spaces and letters beyond ASCII, in a folder that cannot be written to."""
    editor.move("Größe & Maß 日本 100%", "café no. 1.py")
    editor.open("import pathlib\n[*pathlib.Path(__file__).parts[-2:]]\n1 / 0\n")
    editor.document.parent.chmod(0o555)
    editor.run_file()
    editor.sees("parts[-2:]", "Größe & Maß 日本 100%", "café no. 1.py")
    editor.sees("1 / 0", "ZeroDivisionError")
    editor.document.parent.chmod(0o755)


def unsaved_file_is_run(editor: Editor) -> None:
    """What runs is the text in the editor, also where there is no file yet."""
    editor.open(None)
    editor.replace_line(1, "6 * 7")
    editor.run_file()
    editor.sees("6 * 7", editor.fresh_mark, "42")
    assert not editor.document.exists()


SCENES: list[Scene] = [
    values_stand_beside_their_lines,
    error_is_beside_its_line_and_a_diagnostic,
    hover_shows_the_whole_output,
    edit_makes_stale_what_depends_on_it,
    endless_loop_streams_and_is_interrupted,
    killed_process_is_replaced,
    input_is_asked_for,
    one_statement_is_run,
    figure_is_told,
    odd_place_is_no_obstacle,
    unsaved_file_is_run,
]
