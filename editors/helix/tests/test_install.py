"""The configuration as the README installs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdit_editors.installing import Installed, commands

if TYPE_CHECKING:
    from pathlib import Path


def _health(installed: Installed) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", installed.run("hx --health python"))


def test_helix_finds_the_server_after_what_the_readme_says(tmp_path: Path) -> None:
    """Otherwise a new user has no results and no word of why."""
    installed = Installed("helix", "helix", "hx", tmp_path)
    assert re.search(r"✓ rdit(-lsp)?: .*/rdit-lsp\n", _health(installed))


def test_what_the_readme_says_keeps_a_user_s_own_configuration(tmp_path: Path) -> None:
    """A user's languages.toml would be lost."""
    installed = Installed("helix", "helix", "hx", tmp_path)
    installed.run("echo '# mine' > ~/.config/helix/languages.toml")
    for block in commands(installed.readme):
        # GNU cp has said 0, then 1, then 0 again where -n kept a file.
        installed.run(f"{block} || true")
    assert installed.run("cat ~/.config/helix/languages.toml") == "# mine\n"
