"""Keeps the results of one session on disk, and brings them back when its document is opened again.

An observer of the session: it writes soon after a run, now and then while one goes on, and at the end. A
thread does it, one file at a time; what goes wrong there never reaches a run. Knows nothing of what is in a
record.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.archive import Archive
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.session import Session

log = logging.getLogger(__name__)

_AFTER_RUN = 0.2
"""Seconds between the end of a run and writing: the next one often follows at once."""

_DURING_RUN = 5.0
"""Seconds for which a statement's result may be lost with its server while others run."""

_SHARE = 16
"""Writing takes at most about one part in so many of the time."""


class ResultKeeper:
    """Writes what a session has."""

    can_answer = False

    def __init__(self, session: Session, archive: Archive, may_keep: Callable[[], bool]) -> None:
        """`may_keep`: whether the document's settings allow it to be kept, as they are now."""
        self._session = session
        self._archive = archive
        self._may_keep = may_keep
        self._has_changed = False
        """There is something that has not been written."""
        self._has_file = False
        """There is something on disk, which must go once all is forgotten."""
        self._is_kept = False
        """It is what the session had then."""
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._rests_until = 0.0

    @property
    def has_all(self) -> bool:
        """Whether what was written last is on disk, and is all that there is."""
        return self._is_kept and not self._has_changed and self._writing is None

    def follow(self, may_keep: Callable[[], bool]) -> None:
        """Ask these settings from now on: another client has opened the document."""
        self._may_keep = may_keep

    def bring_back(self) -> None:
        """Show what was kept of the document, if it may be."""
        if not self._may_keep():
            return
        with _no_collections():
            record = self._archive.load(self._name)
            if record is not None:
                self._session.bring_back(record)
                self._has_file = self._is_kept = True

    async def finish(self) -> None:
        """Write what has not been written, and wait until it is."""
        while self._writing is not None or self._has_changed:
            if self._writing is None:
                self._write()
            else:
                await asyncio.wait([self._writing])
        self._cancel()

    # What it observes.

    def on_change(self) -> None:
        """Write soon where a run has ended, or all was forgotten."""
        if self._has_file and not self._session.has_results:
            self._has_changed = True
        if self._has_changed and self._session.is_idle:
            self._schedule(_AFTER_RUN)

    def on_output(
        self,
        index: int | None,  # noqa: ARG002  (it is among the results)
        stream: StreamName,  # noqa: ARG002  (so is this)
        data: bytes,  # noqa: ARG002  (and this)
    ) -> None:
        """Write it now and then."""
        self._changed()

    def on_result(self, view: View) -> None:  # noqa: ARG002  (all are written together)
        """Write it now and then."""
        self._changed()

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """Never called, as `can_answer` is False."""

    # Writing.

    @property
    def _name(self) -> str:
        """The document's uri as the archive has it, however its clients write it."""
        return unquote(self._session.uri)

    def _changed(self) -> None:
        self._has_changed = True
        if self._timer is None:
            self._schedule(_DURING_RUN)

    def _schedule(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = max(loop.time() + seconds, self._rests_until)
        if self._timer is None or due < self._timer.when():
            self._cancel()
            self._timer = loop.call_at(due, self._write)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _write(self) -> None:
        self._cancel()
        if self._writing is None and self._has_changed:
            self._has_changed = False
            self._writing = asyncio.create_task(self._save())

    async def _save(self) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        try:
            record = await self._session.record() if self._may_keep() else None
            self._is_kept = False
            save = self._archive.save
            self._has_file = self._is_kept = await asyncio.to_thread(save, self._name, record)
        except Exception:  # (whatever it is, it is no fault of a run)
            log.exception("%s: an error of rdit's own: results are not kept", self._session.uri)
        self._writing = None
        self._rests_until = loop.time() + _SHARE * (loop.time() - begin)
        if self._has_changed:
            self._schedule(_AFTER_RUN if self._session.is_idle else _DURING_RUN)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Collect no garbage: thousands of objects that all stay would be traversed again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
