"""What a program's part of the server knows of processes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "rdit_lsp"
SEAM = {"handle", "replies", "spawn"}
"""Modules of `process` that are the same wherever a program runs."""
MACHINE = {"checkpoints.py": {"posix.memory"}}
"""What else a module knows: how much memory this machine can spare."""
MODULES = [
    *sorted((PACKAGE / "program").glob("*.py")),
    PACKAGE / "process" / "stopping.py",
    PACKAGE / "session" / "execution.py",
    PACKAGE / "session" / "capture.py",
]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_programs_are_seen_through_their_handle(module: Path) -> None:
    """A program on another machine could not take the place of one on this."""
    imported = {
        node.module.removeprefix("rdit_lsp.process.")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rdit_lsp.process.")
    }
    allowed = SEAM | MACHINE.get(module.name, set()) | {"stopping"}
    assert set() == imported - allowed
