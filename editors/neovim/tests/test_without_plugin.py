"""Neovim with nothing but a configuration of its own language client, as the README gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdit_editors.neovim import GenericNeovim, GenericNeovim010, GenericNeovim012
from rdit_editors.scenes import SCENES, Scene
from rdit_editors.stage import on_stage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", [GenericNeovim012, GenericNeovim010], ids=lambda kind: kind.name)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_scene(kind: type[GenericNeovim], scene: Scene, tmp_path: Path) -> None:
    """Results are on the screen as inlay hints, and the commands are code actions."""
    with on_stage(kind, tmp_path) as neovim:
        scene(neovim)
