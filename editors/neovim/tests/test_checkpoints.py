"""Checkpoints in Neovim with the plugin: kept, listed, restored; and runs that are taken back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from rdit_editors.neovim import PluginNeovim, PluginNeovim010, PluginNeovim012
from rdit_editors.stage import on_stage

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

each_neovim = pytest.mark.parametrize(
    "kind", [PluginNeovim012, PluginNeovim010], ids=lambda kind: kind.name
)

NUMBERS = "numbers = [1, 2, 3]\nlen(numbers)\nnumbers.append(4)\n"


def run_two_lines(neovim: PluginNeovim) -> None:
    """Open NUMBERS and run it up to where it has three."""
    neovim.open(NUMBERS)
    neovim.command("2Rdit here")
    neovim.sees("len(numbers)", "3")


def add_one(neovim: PluginNeovim) -> None:
    """Let there be four, and see that there are."""
    neovim.command("3Rdit statement")
    neovim.terminal.wait_for_match(r"^\S numbers.append\(4\)")
    neovim.command("2Rdit statement")
    neovim.sees("len(numbers)", "4")


def see_three(neovim: PluginNeovim) -> None:
    """There are three again."""
    neovim.command("2Rdit statement")
    neovim.sees("len(numbers)", "3")


@each_neovim
def test_restore_by_name(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A name with a space, completed; a name that there is not gets a sentence."""
    with on_stage(kind, tmp_path) as neovim:
        run_two_lines(neovim)
        neovim.command("Rdit checkpoint three numbers")
        neovim.terminal.wait_for_match('^Checkpoint "three numbers": instant')
        add_one(neovim)
        neovim.command("Rdit restore nothing")
        neovim.sees('There is no checkpoint "nothing".')
        neovim.command("lua print(vim.fn.getcompletion('Rdit restore three n', 'cmdline')[1])")
        neovim.terminal.wait_for_match("^numbers *$")
        neovim.terminal.send(":Rdit restore th\t\r")
        neovim.sees('Back at "three numbers".')
        see_three(neovim)


@each_neovim
def test_restore_from_the_list(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Without a name one is chosen; those by hand come first."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = "vim.ui.select = function(items, options, done)" + (
            " print(options.format_item(items[1])) Choose = function() done(items[1]) end end"
        )
        run_two_lines(neovim)
        neovim.command("Rdit checkpoint")
        neovim.terminal.wait_for_match('^Checkpoint "after line 2"')
        add_one(neovim)
        neovim.command("echo 'cleared'")
        neovim.terminal.wait_for_match("^cleared")
        neovim.command("Rdit restore")
        neovim.terminal.wait_for_match(r"^\d+\. after line 2, \d\d:\d\d:\d\d, .* MB, instant *$")
        neovim.command("lua Choose()")
        neovim.sees('Back at "after line 2".')
        see_three(neovim)


@each_neovim
def test_checkpoints_are_listed(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A window lists them; that restoring one means to run again is said in words, and why."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("import socket; s = socket.socket()\n1 + 1\n")
        neovim.command("Rdit checkpoints")
        neovim.sees("There is no checkpoint of this document yet.")
        neovim.run_file()
        neovim.sees("1 + 1", "2")
        neovim.command("Rdit checkpoint mine")
        neovim.sees("Checkpoint", "mine", "runs the code before it again")
        neovim.terminal.send("\r")
        neovim.command("Rdit checkpoints")
        neovim.terminal.wait_for_match(r"│\d+\. mine, .*line 2, runs the code before it again \(\d")
        neovim.command("Rdit status")
        neovim.sees("no checkpoint since line 2: it has a socket open")


@each_neovim
def test_runs_are_taken_back(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A dry run leaves nothing behind; a run that is tried stays if it ends well."""
    with on_stage(kind, tmp_path) as neovim:
        run_two_lines(neovim)
        neovim.command("3Rdit dryrun")
        neovim.sees("Dry run succeeded; its effects were undone.")
        see_three(neovim)
        neovim.command("3Rdit try")
        neovim.terminal.wait_for_match(r"^\S numbers.append\(4\)")
        neovim.command("2Rdit statement")
        neovim.sees("len(numbers)", "4")
        neovim.replace_line(3, "numbers.clear(); 1 / 0")
        neovim.command("3Rdit try")
        neovim.sees("The run ended early (error); its effects were undone.")
        neovim.command("2Rdit statement")
        neovim.sees("len(numbers)", "4")
