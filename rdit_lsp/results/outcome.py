"""How statements and runs end."""

from __future__ import annotations

from typing import Literal, TypeAlias

Status: TypeAlias = Literal[
    "ok", "error", "interrupted", "timeout", "exit", "crashed", "notRun", "running"
]


REPEATABLE: frozenset[Status] = frozenset({"ok", "error", "exit"})
"""How a statement ends of its own accord. What ended otherwise is never what a clean run gives."""


RunStatus: TypeAlias = Literal[
    "ok", "error", "interrupted", "timeout", "exit", "crashed", "cancelled"
]
