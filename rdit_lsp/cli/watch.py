"""`rdit watch`: run a file, and after every change of it what the change makes necessary."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from rdit_lsp.cli.reporters import WatchReporter
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
from rdit_lsp.document import document as documents
from rdit_lsp.process.posix.children import reap_orphans

if TYPE_CHECKING:
    from rdit_lsp.cli.startup import StartedScript
    from rdit_lsp.session.planning import Request
    from rdit_lsp.session.session import Session

_INTERVAL = 0.1
"""Seconds between two reads of the file: polling works on every file system."""


def watch(script: StartedScript) -> int:
    """Run a script, then update it after every change, until Ctrl-C while nothing runs."""
    return in_event_loop(script, _watch)


async def _watch(script: StartedScript) -> int:
    reap_orphans(script.guard.pid)
    quitting = asyncio.Event()
    out = Output(lambda: _quit(session, quitting))
    reporter = WatchReporter(script.options, script.launch, out)
    session = new_session(script, reporter)
    reporter.watch(session)
    _stop_at_signals(session, quitting)
    ended = asyncio.create_task(quitting.wait())
    request = request_of(script.options)
    try:
        await _update(session, reporter, request)
        while not quitting.is_set():
            changed = asyncio.create_task(_next_change(script.options.file, session))
            await asyncio.wait([ended, changed], return_when=asyncio.FIRST_COMPLETED)
            if not changed.done():
                changed.cancel()
                break
            reporter.on_update()
            await _update(session, reporter, replace(request, scope="stale"))
    finally:
        ended.cancel()
        await session.close(leave_children=True)
        reporter.on_leave()
    out.check()
    return 0


def _quit(session: Session, quitting: asyncio.Event) -> None:
    quitting.set()
    end_program(session)


def _stop_at_signals(session: Session, quitting: asyncio.Event) -> None:
    """Quit at SIGTERM, and at Ctrl-C while nothing runs."""

    def stop() -> None:
        if not session.interrupt():
            quitting.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, quitting.set)


async def _update(session: Session, reporter: WatchReporter, request: Request) -> None:
    report = await session.execute(request)
    report_rejection(report, reporter)
    reporter.on_updated(report, final_views(report, session))


async def _next_change(file: str, session: Session) -> None:
    """Wait until the file, or a file of the project that it imports, holds something else."""
    was_empty = False
    while True:
        await asyncio.sleep(_INTERVAL)
        if session.refresh_dependencies():
            return
        try:
            source = read_source(file)
        except OSError:
            continue  # Editors replace a file by renaming another: for a moment there is none.
        if not source and not was_empty:
            was_empty = True
            continue  # Others write it in place: for a moment it is empty.
        document = session.document
        changed = documents.replace_text(document, document.version + 1, source)
        if changed.lines != document.lines:
            session.change(changed)
            return
