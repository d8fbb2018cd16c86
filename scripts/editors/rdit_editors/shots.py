"""The pictures of the documentation: what is played for each, told once for all editors.

Each takes an editor that has not been opened and leaves on its screen what the picture shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdit_editors.editor import Editor
    from rdit_editors.neovim import PluginNeovim
    from rdit_editors.terminal import Terminal

DEMO = """\
import statistics

heights = [1.62, 1.75, 1.81, 1.69]
mean = statistics.mean(heights)
f"{mean:.3f} m"

for height in sorted(heights):
    print(f"{height:.2f}", "#" * round((height - 1.5) * 50))

bmi = {h: round(70 / h**2, 1) for h in heights}
bmi

heights["first"]
bmi[1.75]
"""
"""A script that shows values, output, an error, and what has not run because of it."""

LOOP = """\
import random
import time

dice = random.Random(6)
counts = {face: 0 for face in range(1, 7)}

for percent in range(1, 101):
    for roll in range(100):
        counts[dice.randint(1, 6)] += 1
    bar = "█" * (percent // 5)
    print(f"\\r{percent:3} % {bar:·<20}", end="")
    time.sleep(0.1)

max(counts, key=counts.get)
"""
"""A script with a progress bar, which takes ten seconds."""

WATCHED = """\
import statistics
import time

heights = [1.62, 1.75, 1.81, 1.69]
mean = statistics.mean(heights)
f"{mean:.3f} m"

for height in sorted(heights):
    time.sleep(1)
    print(f"{height:.2f}", "#" * round((height - 1.5) * 50))

bmi = {h: round(70 / h**2, 1) for h in heights}
bmi
"""
"""The demo with a slow part in its middle, and without its error."""

STATUSLINE = "lua vim.o.statusline = \"%f%=%{v:lua.require'rdit'.statusline()} \""
"""What the plugin's help says of the statusline, as a command."""


def results(editor: Editor) -> None:
    """Every result of the demo, up to its error."""
    editor.open(DEMO)
    editor.run_file()
    editor.sees('heights["first"]', "TypeError")
    editor.sees("bmi", "26.7")


def edited(neovim: PluginNeovim) -> None:
    """A complete output below, and what an edit has made stale."""
    results(neovim)
    neovim.command("8")
    neovim.command("Rdit output")
    neovim.sees("1.62 ######")
    neovim.replace_line(10, "bmi = {h: round(75 / h**2, 1) for h in heights}")
    neovim.sees("bmi", neovim.stale_mark, "stale")
    _tidy(neovim, "rdit: idle, 3 stale")


def running(neovim: PluginNeovim) -> None:
    """A loop that runs: the last state of its progress bar."""
    _run_loop(neovim)
    neovim.sees("time.sleep", "42 %")


def live(neovim: PluginNeovim) -> None:
    """The value that a name has now, while the loop runs."""
    _run_loop(neovim)
    neovim.sees("time.sleep", "42 %")
    neovim.terminal.send("5G0K")
    neovim.sees("while line")


def watched(terminal: Terminal) -> None:
    """The first run of a watched script."""
    terminal.wait_for("8 statements run")


def saved(terminal: Terminal) -> None:
    """What a save has made run, and what it has not."""
    terminal.wait_for("2 statements run")
    terminal.wait_for("watching demo.py")


def _run_loop(neovim: PluginNeovim) -> None:
    neovim.open(LOOP)
    neovim.run_file()
    neovim.sees("time.sleep", "%")
    _tidy(neovim, "rdit: busy")


def _tidy(neovim: PluginNeovim, state: str) -> None:
    """Show the plugin's statusline, and no commands that were typed for the picture."""
    neovim.command(STATUSLINE)
    neovim.sees("demo.py", state)
    neovim.terminal.send("\x0c")  # Ctrl-L
    neovim.terminal.wait_until_gone(":lua")
