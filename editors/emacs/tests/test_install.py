"""The package as the README installs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_editors.installing import Installed

if TYPE_CHECKING:
    from pathlib import Path


def test_emacs_has_the_package_after_what_the_readme_says(tmp_path: Path) -> None:
    """Otherwise the hook of the README names a function that is not there."""
    installed = Installed("emacs", "emacs", "emacs", tmp_path)
    look = "(princ (autoloadp (symbol-function 'rdit-ensure)))"
    assert installed.run(f'emacs --batch -f package-activate-all --eval "{look}"') == "t"
