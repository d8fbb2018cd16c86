"""A real Emacs, driven on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

# The scenes and the terminal are shared by all editors' tests, which have no package in common.
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts" / "editors"))
