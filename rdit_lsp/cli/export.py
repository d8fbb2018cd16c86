"""`rdit export`: run a file, and write it with its results."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.cli.reporters import ENDINGS
from rdit_lsp.cli.run import exit_code, new_session, request_of
from rdit_lsp.cli.standard_output import write
from rdit_lsp.cli.startup import refuse
from rdit_lsp.export import formats
from rdit_lsp.export.files import save, target_of
from rdit_lsp.export.model import About
from rdit_lsp.process.spawn import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.cli.startup import StartedScript
    from rdit_lsp.export.model import Format
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import Snapshot, View
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.report import Report


def export(script: StartedScript, to: Format, output: str | None) -> int:
    """Run the script and write it with its results; returns the script's exit code."""
    file = script.options.file
    try:
        source = None if file == "-" else file
        target = target_of(source, to, output)
        snapshot, report, python = asyncio.run(_run(script))
        name = Path(source).name if source is not None else "standard input"
        if target is not None:
            save(snapshot, to, About(name, python), target)
            print(f"rdit: {target} has been written.", file=sys.stderr)
        else:
            write("stdout", formats.export(snapshot, to, About(name, python), None).data)
    except (WorkerError, OSError) as error:
        return refuse(file, error)
    finally:
        script.guard.close()
    if report.status in ENDINGS:
        print(f"rdit: {file}: {ENDINGS[report.status]}.", file=sys.stderr)
    return exit_code(report.status, report.views)


async def _run(script: StartedScript) -> tuple[Snapshot, Report, str | None]:
    """The document after the end of its program, how that ended, and its Python's version."""
    observer = _LateOutput()
    session = new_session(script, observer)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, session.interrupt)
    loop.add_signal_handler(signal.SIGTERM, session.interrupt)
    python = None
    try:
        report = await session.execute(request_of(script.options))
        python = session.status.version
        observer.begin(session)
    finally:
        await session.close(leave_children=True, patient=True)
    return observer.snapshot, report, python


class _LateOutput:
    """Keeps a snapshot of a run's end, renewed by what threads, children and `atexit` still write.

    Output alone renews it: the changes that closing a session makes to results are not to be exported.
    """

    snapshot: Snapshot

    def __init__(self) -> None:
        self._session: Attachment | None = None

    def begin(self, session: Attachment) -> None:
        """The run is over."""
        self._session = session
        self.snapshot = session.snapshot()

    @property
    def can_answer(self) -> bool:
        """Never asked: the program reads the terminal's standard input itself."""
        return False

    def on_change(self) -> None:
        """Nothing: see above."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Take the snapshot anew, once the run is over."""
        del index, stream, data
        if self._session is not None:
            self.snapshot = self._session.snapshot()

    def on_result(self, view: View) -> None:
        """Nothing: it is in the snapshot."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """Never called, as `can_answer` is False."""
