"""`rdit export`: run a file as one more client of `Session`, and write it with its results."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.cli.startup import refuse
from rdit_lsp.cli.terminal import exit_code
from rdit_lsp.document import document as documents
from rdit_lsp.export.files import save, target_of
from rdit_lsp.export.model import About
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import Request
from rdit_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.cli.startup import StartedScript
    from rdit_lsp.export.model import Format
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import Snapshot, View
    from rdit_lsp.session.report import Report


def run(script: StartedScript, to: Format, output: str | None) -> int:
    """Run the script and write it with its results; returns the script's exit code."""
    try:
        file = None if script.order.file == "-" else script.order.file
        target = target_of(file, to, output)
        snapshot, report, python = asyncio.run(_run(script))
        name = Path(file).name if file is not None else "standard input"
        save(snapshot, to, About(name, python), target)
    except (WorkerError, OSError) as error:
        return refuse(script.order.file, error)
    finally:
        script.guard.close()
    if report.status != "ok":
        print(f"rdit: {script.order.file} ended with {report.status}.", file=sys.stderr)
    return exit_code(report.status, list(report.views))


async def _run(script: StartedScript) -> tuple[Snapshot, Report, str | None]:
    order = script.order
    document = documents.open_document(order.file, 0, script.source)
    listener = _Listener()
    session = Session(document, lambda: script.launch, listener, script.guard, script.spawn)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, session.interrupt)
    loop.add_signal_handler(signal.SIGTERM, session.interrupt)
    request = Request(stop_on_error=order.stop_on_error, timeout=order.timeout)
    python = None
    try:
        report = await session.execute(request)
        python = session.status.version
        listener.listen(session)
    finally:
        await session.close(leave_children=True, patient=True)
    return listener.snapshot, report, python


class _Listener:
    """Waits for what comes late: from threads, children and `atexit`, until the session is closed."""

    snapshot: Snapshot

    def __init__(self) -> None:
        self._session: Session | None = None

    def listen(self, session: Session) -> None:
        """The run is over: the snapshot is as it is now, and as whatever still comes makes it."""
        self._session = session
        self.snapshot = session.snapshot()

    @property
    def can_answer(self) -> bool:
        """Never asked: the program reads the terminal's standard input itself."""
        return False

    def on_change(self) -> None:
        """Whatever changes before the end of the run is in the snapshot."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        del index, stream, data
        if self._session is not None:
            self.snapshot = self._session.snapshot()

    def on_result(self, view: View) -> None:
        """It is in the snapshot."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """As `can_answer` says."""
