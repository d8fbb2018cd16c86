"""The scenes of every editor in Emacs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from rdit_editors.editor import ROOT, program
from rdit_editors.emacs import Emacs
from rdit_editors.scenes import SCENES, Scene
from rdit_editors.stage import on_stage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_scene(scene: Scene, tmp_path: Path) -> None:
    """Results are on the screen, and everything can be reached."""
    with on_stage(Emacs, tmp_path) as emacs:
        scene(emacs)


def test_parts_of_a_document_run(tmp_path: Path) -> None:
    """A statement, a cell, the rest from a line on, and all up to a line."""
    with on_stage(Emacs, tmp_path) as emacs:
        emacs.open("1 + 10\n# %% two\n2 + 20\n# %% three\n3 + 30\n4 + 40\n5 + 50\n")
        emacs.go_to(3)
        emacs.command("rdit-run-cell")
        emacs.sees("2 + 20", "22")
        emacs.go_to(5)
        emacs.command("rdit-run-statement")
        emacs.sees("3 + 30", "33")
        assert not emacs.terminal.row_with("11")
        emacs.go_to(7)
        emacs.command("rdit-run-below")
        emacs.sees("5 + 50", "55")
        assert not emacs.terminal.row_with("44")
        emacs.go_to(6)
        emacs.command("rdit-run-to-here")
        emacs.sees("1 + 10", "11")
        emacs.sees("4 + 40", "44")


def test_region_runs_the_lines_it_has(tmp_path: Path) -> None:
    """A region that ends at the beginning of a line does not run that line."""
    with on_stage(Emacs, tmp_path) as emacs:
        emacs.open("1 + 10\n2 + 20\n3 + 30\n")
        emacs.go_to(1)
        emacs.command("set-mark-command")
        emacs.go_to(3)
        emacs.command("rdit-run-region")
        emacs.sees("2 + 20", "22")
        assert not emacs.terminal.row_with("33")


def test_reset_and_output(tmp_path: Path) -> None:
    """The output window has every line; a reset takes results away."""
    with on_stage(Emacs, tmp_path) as emacs:
        emacs.open("for i in range(5): print('row', i)\n")
        emacs.run_file()
        emacs.sees("print('row', i)", "row 4")
        emacs.command("rdit-show-output")
        emacs.sees("demo.py, line 1: ok")
        emacs.sees("row 2")
        emacs.command("delete-other-windows")
        emacs.command("rdit-reset")
        emacs.sees_no("print('row', i)", "row 4")


@pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")
def test_checkpoint_by_hand(tmp_path: Path) -> None:
    """A checkpoint is kept by a name, chosen from a list, and the variables are those from then."""
    with on_stage(Emacs, tmp_path) as emacs:
        emacs.open("numbers = [1, 2, 3]\nlen(numbers)\nnumbers.append(4)\n")
        emacs.go_to(2)
        emacs.command("rdit-run-to-here")
        emacs.sees("len(numbers)", "3")
        emacs.command("rdit-keep-checkpoint")
        emacs.sees("Name of the checkpoint:")
        emacs.answer("three")
        emacs.terminal.wait_for_match(r"^Checkpoint: \d+\. three, line 2")
        emacs.go_to(3)
        emacs.command("rdit-run-statement")
        emacs.go_to(2)
        emacs.command("rdit-run-statement")
        emacs.sees("len(numbers)", "4")
        emacs.command("rdit-restore-checkpoint")
        emacs.sees("Restore checkpoint:")
        emacs.answer("1\t")
        emacs.terminal.wait_for_match(r"^Back at checkpoint 1\. three, line 2")
        emacs.command("rdit-run-statement")
        emacs.sees("len(numbers)", "3")


def test_evaluate_and_export(tmp_path: Path) -> None:
    """To ask the program anything, one would have to write it into the file."""
    with on_stage(Emacs, tmp_path) as emacs:
        emacs.open("numbers = [1, 2, 3]\nlen(numbers)\n")
        emacs.run_file()
        emacs.sees("len(numbers)", "3")
        emacs.command("rdit-evaluate")
        emacs.sees("Evaluate:")
        emacs.answer("numbers.clear() or len(numbers) + 40")
        emacs.terminal.wait_for_match("^40 *$")
        emacs.command("rdit-evaluate")
        emacs.sees("Evaluate:")
        emacs.answer("sum(numbers)")
        emacs.terminal.wait_for_match("^6 *$")
        emacs.command("rdit-export")
        emacs.sees("Format:")
        emacs.answer("")
        emacs.sees("Exported to", "demo.html")


def test_password_and_no_more_input(tmp_path: Path) -> None:
    """getpass() hides what is typed; C-g is end of file."""
    with on_stage(Emacs, tmp_path) as emacs:
        emacs.open("import getpass\nlen(getpass.getpass('Secret? '))\ninput('Who? ')\n")
        emacs.run_file()
        emacs.terminal.wait_for_match(r"^Secret\?")
        emacs.answer("swordfish")
        emacs.sees("getpass.getpass", "9")
        assert not emacs.terminal.row_with("swordfish")
        emacs.terminal.wait_for_match(r"^Who\?")
        emacs.terminal.send("\x07")
        emacs.sees("input('Who? ')", "EOFError")


def test_library_compiles_without_a_warning(tmp_path: Path) -> None:
    """Emacs's compiler knows every function and variable that is used."""
    library = tmp_path / "rdit.el"
    library.write_text((ROOT / "editors" / "emacs" / "rdit.el").read_text())
    batch = [program("emacs"), "--batch", "-Q", "--eval", "(setq byte-compile-error-on-warn t)"]
    done = subprocess.run(
        [*batch, "-f", "batch-byte-compile", str(library)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
