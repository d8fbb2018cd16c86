"""Who has documents open in a session: an editor, a terminal, an agent.

What a program is to look like as if that client had started it (environment, folder, settings), and what
the client may do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(eq=False)
class Client:
    """One client; `lsp` knows its name and its settings only once it has introduced itself."""

    name: str = "lsp"
    pid: int = field(default_factory=os.getpid)
    environ: Mapping[str, str] | None = None
    """The environment that it runs in; None for that of this process."""
    umask: int | None = None
    """The file mode creation mask that it runs with; None for that of this process."""
    is_trusted: bool = True
    """It may run code, not only look."""
    editor_settings: Mapping[str, Any] = field(default_factory=dict)
    """Its part of section `rdit`."""
    document_settings: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By uri: the same for single documents, over that."""
    workspaces: tuple[Path, ...] = ()
    """The folders that it has open."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that it runs in."""
        return os.environ if self.environ is None else self.environ
