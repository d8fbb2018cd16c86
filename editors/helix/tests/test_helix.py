"""The scenes of every editor in Helix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdit_editors.helix import Helix
from rdit_editors.scenes import SCENES, Scene
from rdit_editors.stage import on_stage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_scene(scene: Scene, tmp_path: Path) -> None:
    """Results are on the screen, and everything can be reached."""
    with on_stage(Helix, tmp_path) as helix:
        scene(helix)


def test_parts_of_a_document_run(tmp_path: Path) -> None:
    """A statement, a cell, the rest from a line on, and all up to a line, as code actions."""
    with on_stage(Helix, tmp_path) as helix:
        helix.open("1 + 10\n# %% two\n2 + 20\n# %% three\n3 + 30\n4 + 40\n5 + 50\n")
        helix.go_to(3)
        helix.act("rdit: Run this cell")
        helix.sees("2 + 20", "22")
        helix.go_to(5)
        helix.act("rdit: Run this statement")
        helix.sees("3 + 30", "33")
        assert not helix.terminal.row_with("11")
        helix.go_to(7)
        helix.act("rdit: Run from here on")
        helix.sees("5 + 50", "55")
        assert not helix.terminal.row_with("44")
        helix.go_to(6)
        helix.act("rdit: Run to here")
        helix.sees("4 + 40", "44")
        helix.sees("1 + 10", "11")


def test_selected_lines_run(tmp_path: Path) -> None:
    """What is selected runs, and no more."""
    with on_stage(Helix, tmp_path) as helix:
        helix.open("1 + 10\n2 + 20\n3 + 30\n")
        helix.go_to(1)
        helix.terminal.send("xx")
        helix.act("rdit: Run the selected lines")
        helix.sees("2 + 20", "22")
        helix.sees("1 + 10", "11")
        assert not helix.terminal.row_with("33")


def test_reset_empties_the_namespace(tmp_path: Path) -> None:
    """After a reset a statement has none of the names of those before it."""
    with on_stage(Helix, tmp_path) as helix:
        helix.open("base = 6\nbase * 7\n")
        helix.run_file()
        helix.sees("base * 7", "42")
        helix.act("rdit: Reset: empty namespace")
        helix.go_to(2)
        helix.act("rdit: Run this statement")
        helix.sees("base * 7", "NameError")


def test_save_runs(tmp_path: Path) -> None:
    """Hints would come only once they are switched off and on, and the first save do nothing."""
    with on_stage(Helix, tmp_path) as helix:
        helix.open("base = 6\nbase * 7\n")
        helix.terminal.send(":w!\r")
        helix.sees("base * 7", "→ 42")
        helix.replace_line(1, "base = 10")
        helix.terminal.send(":w\r")
        helix.sees("base * 7", "→ 70")
