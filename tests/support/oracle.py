"""What a clean run of a text gives: a new session without checkpoints, and what its statements show.

The oracle of the promise: a result that is shown as fresh must be what is found here.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest import mock

from rdit_lsp.outputs.codec import as_json
from rdit_lsp.session.planning import Request
from support import sessions
from support.observers import SilentObserver
from support.sessions import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.report import Report
    from support.sessions import Place

Essence: TypeAlias = tuple[Any, ...]
"""What a clean run must repeat of one result."""

Level: TypeAlias = "Callable[[str, str], str]"
"""An output's type and text → its text without what two clean runs may differ in."""

PATIENCE = 60.0
"""Seconds after which a session hangs."""

_LINE = re.compile(r"line \d+")


async def clean_run(
    text: str, place: Place, guard: Guard, *, timeout: float | None = None
) -> Report:
    """The report of a run of the whole text from the top, in a session of its own."""
    session = open_session(text, replace(place, checkpoints=False), SilentObserver(), guard)
    try:
        return await asyncio.wait_for(session.execute(Request("file", timeout=timeout)), PATIENCE)
    finally:
        await asyncio.wait_for(session.close(), PATIENCE)


def without_lines(kind: str, text: str) -> str:
    """Level a text's line numbers: a comment above may have moved its statement."""
    return _LINE.sub("line", text)


def essences(views: Iterable[View], level: Level = without_lines) -> dict[int, Essence]:
    """Index → essence of each statement that has run; -1 where the text does not compile."""
    return {view.index: essence(view, level) for view in views if view.status != "notRun"}


def fresh_essences(views: Iterable[View], level: Level = without_lines) -> dict[int, Essence]:
    """Those of them that are shown as what a clean run gives."""
    return essences((view for view in views if is_fresh(view)), level)


def is_fresh(view: View) -> bool:
    """Whether it is shown as what a clean run gives."""
    return view.stale_reason is None and view.status in ("ok", "error", "exit")


def essence(view: View, level: Level = without_lines) -> Essence:
    """How a statement ended and what it put out, without what two clean runs may differ in."""
    streams = {"stdout": "", "stderr": ""}
    shown = []
    for output in view.outputs:
        item = as_json(output)
        kind = item["type"]
        if kind in streams:
            # The two come through two pipes: how they mix is chance.
            streams[kind] += item["text"]
        else:
            shown.append((kind, *(level(kind, part) for part in _parts(item))))
    texts = {name: level(name, text) for name, text in streams.items() if text}
    return view.status, view.exit_code, texts, shown


@contextmanager
def keeping_every_state() -> Iterator[None]:
    """Have a checkpoint taken before every statement, however little time that would save.

    So every way back is taken, and a program that is done in a millisecond has checkpoints.
    """
    with mock.patch.object(sessions, "keeps_every_state", True):
        yield


def _parts(item: dict[str, Any]) -> Iterator[str]:
    yield item["text"]
    for mime, value in sorted(item.get("data", {}).items()):
        yield f"{mime}: {value}" if mime != "text/plain" else mime
