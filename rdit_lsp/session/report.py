"""How a run ended, as its caller gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.planning import WayBack


@dataclass(frozen=True)
class Report:
    """How a run ended."""

    execution_id: str
    status: RunStatus
    views: Sequence[View]
    """Of the statements in its scope, in document order."""
    way_back: WayBack | None = None
