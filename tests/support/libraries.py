"""The interpreter that has the libraries whose results are rich."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_PYTHON = Path(__file__).parents[2] / ".tools" / "rich" / "bin" / "python"


def python_with_libraries() -> str:
    """The interpreter of `make libraries`; without it the test fails in CI and is skipped elsewhere."""
    if _PYTHON.exists():
        return str(_PYTHON)
    missing = "there is no interpreter with libraries: run make libraries"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
