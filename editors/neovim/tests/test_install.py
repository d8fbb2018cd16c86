"""The plugin as the README installs it, in the newest and the oldest Neovim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdit_editors.installing import Installed

if TYPE_CHECKING:
    from pathlib import Path

_LOOK = """nvim --headless demo.py -c 'help rdit' \
  -c 'lua io.write(vim.fn.expand("%:t"), " ", vim.fn.exists(":Rdit"))' -c 'qa!'"""


@pytest.mark.parametrize("editor", ["nvim-0.12", "nvim-0.10"])
def test_the_readme_installs_the_plugin_and_its_help(tmp_path: Path, editor: str) -> None:
    """Otherwise a new user has no :Rdit, or `:help rdit` ends with E149."""
    installed = Installed("neovim", editor, "nvim", tmp_path)
    assert installed.run(_LOOK) == "rdit.txt 2"
