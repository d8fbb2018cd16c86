"""What the results of a session are beside every text: the states, and what is kept of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rdit_lsp.results.freshness import States
from rdit_lsp.results.links import DisplayLinks
from rdit_lsp.results.store import MemoryStore

if TYPE_CHECKING:
    from rdit_lsp.results.store import ResultStore


@dataclass(frozen=True)
class SharedResults:
    """What all texts of one session share."""

    store: ResultStore = field(default_factory=MemoryStore)
    """Results that ended of their own accord, by the state they led to: a text finds those of others."""
    states: States = field(default_factory=States)
    links: DisplayLinks = field(default_factory=DisplayLinks)
