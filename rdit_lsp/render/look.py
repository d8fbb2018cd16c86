"""How a result looks, for every client that draws it: each has a mark or a colour for each look.

Pure: `View` in, one word out. Knows neither characters nor colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from rdit_lsp.results.outcome import Status
    from rdit_lsp.results.snapshot import View

Look: TypeAlias = Literal[
    "fresh", "restored", "stale", "outOfOrder", "running", "error", "stopped", "notRun"
]

_LOOKS: dict[Status, Look] = {
    "ok": "fresh",
    "error": "error",
    "crashed": "error",
    "interrupted": "stopped",
    "timeout": "stopped",
    "exit": "stopped",
    "running": "running",
    "notRun": "notRun",
}
"""`exit` is `stopped` whatever its code: nothing below it has run."""


def look(view: View) -> Look:
    """The look of a result.

    Staleness comes first: an error of an earlier text is no error of this one. But what a person has just
    run by itself is no older than its code; and an error then is one. What was restored comes next, however
    it ended: no program is there that it could speak of.
    """
    if view.stale_reason is None:
        return "restored" if view.restored else _LOOKS[view.status]
    if view.out_of_order:
        return "error" if view.status == "error" else "outOfOrder"
    return "stale"
