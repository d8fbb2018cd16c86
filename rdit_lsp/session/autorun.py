"""Updating a document on save or while typing (`runOn`), for those who want it.

Does exactly what an `rdit/execute` of scope `stale` does, only after a person has run the document, and
gives way to the next key. Where the person's own settings say that a save runs it, the first save does;
those of a project do not: it may be somebody else's. Knows when, not how.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import Request, RequestError
from rdit_lsp.settings.configuration import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.settings.configuration import RunOn, Settings

log = logging.getLogger(__name__)

PAUSE = 0.25
"""Seconds without a key before a document that runs while typing is updated."""


class AutoRun:
    """Watches one document's events."""

    def __init__(
        self,
        session: Callable[[], Attachment | None],
        settings: Callable[[], Settings],
        may_begin: Callable[[], bool] = lambda: False,
    ) -> None:
        """`session` gives the document's session while it is open.

        `may_begin`: whether a save is to run a document that has not been run yet.
        """
        self._session = session
        self._may_begin = may_begin
        self._settings = settings
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()

    def happened(self, event: RunOn) -> None:
        """The document was saved, or a key was typed in it."""
        session = self._session()
        if session is None:
            return
        if event == "type":
            session.give_way()
            self._stop_timer()
        begins = event == "save" and self._may_begin() and session.may_begin_by_itself
        if not (session.may_run_by_itself or begins):
            return
        self._stop_timer()
        pause = PAUSE if event == "type" else 0.0
        self._timer = asyncio.get_running_loop().call_later(pause, self._start, event)

    def close(self) -> None:
        """The document is closed."""
        self._stop_timer()

    def _is_wanted(self, event: RunOn) -> bool:
        try:
            chosen = self._settings().run_on
        except ConfigurationError:
            return False  # The next run by hand says what is wrong with the settings.
        return chosen == event or (chosen == "type" and event == "save")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, event: RunOn) -> None:
        self._timer = None
        session = self._session()
        # Only now: the settings are in files, and reading them at every key would take its time.
        if session is None or not self._is_wanted(event):
            return
        if any(s.is_broken for s in session.document.statements):
            return  # Half a word is no program: saying so at every key would only disturb.
        task = asyncio.create_task(self._update(session))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _update(self, session: Attachment) -> None:
        try:
            await session.execute(Request(scope="stale", automatic=True))
        except (WorkerError, RequestError) as error:
            log.info("%s was not updated: %s", session.document.uri, error)
