"""`rdit watch`: run a file, and after every change of it what the change makes necessary."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rdit_lsp.cli.run import (
    end_program,
    final_views,
    in_event_loop,
    new_session,
    report_rejection,
    request_of,
)
from rdit_lsp.cli.standard_output import Output
from rdit_lsp.cli.startup import read_source
from rdit_lsp.cli.watch_reporters import watch_reporter
from rdit_lsp.document import document as documents
from rdit_lsp.process.posix.children import reap_orphans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.cli.startup import StartedScript
    from rdit_lsp.cli.watch_reporters import WatchLog
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.planning import Request

_INTERVAL = 0.1
"""Seconds between two reads of the file: polling works on every file system."""
_GONE = 10
"""Reads in a row without a file after which it has been deleted, not replaced."""


def watch(script: StartedScript) -> int:
    """Run a script, then update it after every change, until Ctrl-C while nothing runs."""
    return in_event_loop(script, _watch)


async def _watch(script: StartedScript) -> int:
    reap_orphans(script.guard.pid)
    quitting = asyncio.Event()
    out = Output(lambda: _quit(session, quitting))
    reporter = watch_reporter(script.options, script.launch, out)
    session = new_session(script, reporter)
    reporter.watch(session)
    _stop_at_signals(session, quitting)
    ended = asyncio.create_task(quitting.wait())
    request = request_of(script.options)
    try:
        await _update(session, reporter, request)
        while not quitting.is_set():
            reporter.on_waiting()
            watching = _Watching(script.options.file, session, reporter, out)
            changed = asyncio.create_task(watching.next_change())
            await asyncio.wait([ended, changed], return_when=asyncio.FIRST_COMPLETED)
            if not changed.done():
                changed.cancel()
                break
            if out.failure is not None:
                break
            reporter.on_update(changed.result())
            await _update(session, reporter, replace(request, scope="stale"))
    finally:
        ended.cancel()
        await session.close(leave_children=True)
        reporter.on_leave()
    out.check()
    return 0


def _quit(session: Attachment, quitting: asyncio.Event) -> None:
    quitting.set()
    end_program(session)


def _stop_at_signals(session: Attachment, quitting: asyncio.Event) -> None:
    """Quit at SIGTERM, and at Ctrl-C while nothing runs."""

    def stop() -> None:
        if not session.interrupt():
            quitting.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, quitting.set)


async def _update(session: Attachment, reporter: WatchLog, request: Request) -> None:
    begin = perf_counter()
    report = await session.execute(request)
    report_rejection(report, reporter)
    reporter.on_updated(report, final_views(report, session), perf_counter() - begin)


class _Watching:
    """The wait for the next change of a file, or of a file of the project that it imports."""

    def __init__(self, file: str, session: Attachment, reporter: WatchLog, out: Output) -> None:
        self._file = file
        self._session = session
        self._reporter = reporter
        self._out = out
        self._missed = 0
        """Reads in a row that found no file."""
        self._was_empty = False

    async def next_change(self) -> str:
        """What has changed, in words; also returns when nothing reads what is written any more."""
        name = Path(self._file).name
        while self._out.is_read():
            await asyncio.sleep(_INTERVAL)
            if changed := self._session.refresh_dependencies():
                return _in_words(changed)
            source = self._read()
            if source is not None and self._take(source):
                break
        return name

    def _read(self) -> str | None:
        """The text; None for a moment without a file, as editors replace it by renaming another."""
        try:
            source = read_source(self._file)
        except OSError:
            self._missed += 1
            if self._missed == _GONE:
                self._reporter.on_gone()
            return None
        self._missed = 0
        if not source and not self._was_empty:
            self._was_empty = True
            return None  # Others write it in place: for a moment it is empty.
        return source

    def _take(self, source: str) -> bool:
        document = self._session.document
        changed = documents.replace_text(document, document.version + 1, source)
        if changed.lines == document.lines:
            return False
        self._session.change(changed)
        return True


def _in_words(changed: Sequence[str]) -> str:
    """Some files by name: those in the present folder by where they are in it."""
    here = Path.cwd()
    paths = [Path(path) for path in sorted(changed)]
    names = [str(path.relative_to(here) if here in path.parents else path.name) for path in paths]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
