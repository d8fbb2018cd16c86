"""Results of a program that is gone, and a server that is."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from rdit_editors.neovim import PluginNeovim, PluginNeovim010, PluginNeovim012
from rdit_editors.stage import on_shared_stage, on_stage

each_neovim = pytest.mark.parametrize(
    "kind", [PluginNeovim012, PluginNeovim010], ids=lambda kind: kind.name
)


@each_neovim
def test_stop_keeps_the_results(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A program that is not needed any more could not be ended, or its results would go with it."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "→ 42")
        neovim.command("Rdit stop")
        neovim.terminal.wait_for_match(r"^↺ base \* 7 +↺ 42 \(restored\)")
        neovim.terminal.wait_for_match(r"^↺ base = 6$")
        neovim.command("Rdit stop")
        neovim.sees("There is no program to stop.")
        neovim.update()
        neovim.sees("base * 7", "→ 42")


@each_neovim
def test_a_server_whose_host_died_is_started_again(
    kind: type[PluginNeovim], tmp_path: Path
) -> None:
    """The editor would have to be closed and opened after a crash, and the results be gone."""
    with on_shared_stage(tmp_path) as stage:
        neovim = stage.enter(kind)
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "→ 42")
        neovim.command("Rdit status")
        neovim.sees_match(r"Host: process \d+, rdit \d")
        neovim.close_hover()
        # What has been written by then, its successor finds.
        cache = Path(neovim.hosting["RDIT_CACHE_DIR"])
        while True:
            host = json.loads(stage.rdit("ps", "--json"))["host"]
            if next(cache.rglob("*.results"), None) is not None:
                break
        os.kill(host["pid"], signal.SIGKILL)
        # Neovim's own message about it is long, and waits for a key.
        neovim.sees("quit with exit code 1")
        neovim.terminal.send("\r")
        neovim.sees("base * 7", "↺ 42 (restored)")
        neovim.update()
        neovim.sees("base * 7", "→ 42")
        neovim.quit()
