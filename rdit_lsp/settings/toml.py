"""TOML, read by the standard library where that can."""

from __future__ import annotations

import sys
from typing import Any


def parse(text: str) -> dict[str, Any]:
    """The table that the text is. Raises ValueError."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
