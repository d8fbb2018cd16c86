"""`rdit run` and `rdit watch`: one document's session in a terminal, as one more client of `Session`.

Turns what the session tells into text, JSON or JSON lines, and how the run ended into an exit code.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter, strftime
from typing import TYPE_CHECKING, Any, TextIO

from rdit_lsp.api.encode import statement_result
from rdit_lsp.cli.startup import read_source, refuse
from rdit_lsp.document import document as documents
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.text import decode
from rdit_lsp.process.posix.children import reap_orphans
from rdit_lsp.process.spawn import WorkerError, shares_terminal
from rdit_lsp.render.summary import as_text, summary
from rdit_lsp.session.planning import Request
from rdit_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rdit_lsp.cli.startup import RunOptions, StartedScript
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.report import Report

_STARTS = {
    "start": "in a new namespace",
    "checkpoint": "from a checkpoint",
    "live": "in the live namespace",
}
_LOOK_EVERY = 0.1
"""Seconds between two looks at a watched file: on every file system, also without notifications."""


def run(script: StartedScript) -> int:
    """Run a script to its end and return the exit code."""
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(_run(script))
    except WorkerError as error:
        return refuse(script.order.file, error)
    finally:
        script.guard.close()


def watch(script: StartedScript) -> int:
    """Run a script, then update it after every change, until Ctrl-C while nothing runs."""
    gc.freeze()
    gc.enable()
    try:
        asyncio.run(_watch(script))
    except WorkerError as error:
        return refuse(script.order.file, error)
    finally:
        script.guard.close()
    return 0


async def _run(script: StartedScript) -> int:
    order = script.order
    teller = _TELLERS[order.layout](order, script.launch)
    session = _session(script, teller)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if shares_terminal(script.launch) and sign == signal.SIGINT:
            loop.add_signal_handler(sign, _ignore)  # The terminal has sent it to the program, too.
        else:
            loop.add_signal_handler(sign, session.pass_on, sign)
    begin = perf_counter()
    request = Request(stop_on_error=order.stop_on_error, timeout=order.timeout)
    try:
        report = await session.execute(request)
    finally:
        python = session.status.python
        await session.close(leave_children=True, patient=True)
    views = teller.final(report, session)
    code = exit_code(report.status, views)
    teller.end(report.status, code, (perf_counter() - begin) * 1000, views, python)
    return code


async def _watch(script: StartedScript) -> None:
    order = script.order
    reap_orphans(script.guard.pid)
    teller = _Watch(order, script.launch)
    session = _session(script, teller)
    teller.session = session
    quitting = asyncio.Event()

    def stop() -> None:
        if not session.interrupt():
            quitting.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, quitting.set)
    ended = asyncio.create_task(quitting.wait())
    try:
        request = Request(stop_on_error=order.stop_on_error, timeout=order.timeout)
        teller.summarize(await session.execute(request), session)
        request = replace(request, scope="stale")
        while not quitting.is_set():
            changed = asyncio.create_task(_next_change(order.file, session))
            await asyncio.wait([ended, changed], return_when=asyncio.FIRST_COMPLETED)
            if not changed.done():
                changed.cancel()
                return
            teller.begin_update()
            teller.summarize(await session.execute(request), session)
    finally:
        ended.cancel()
        await session.close(leave_children=True)
        teller.leave()


def _ignore() -> None:
    pass


def _session(script: StartedScript, teller: _Text) -> Session:
    document = documents.open_document(script.order.file, 0, script.source)
    return Session(document, lambda: script.launch, teller, script.guard, script.spawn)


async def _next_change(file: str, session: Session) -> None:
    """Wait until the file, or a file of the project that it imports, holds something else."""
    was_empty = False
    while True:
        await asyncio.sleep(_LOOK_EVERY)
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


def exit_code(status: str, views: list[View]) -> int:
    """The exit code of a run: Python's own, and 124 for a time-out, as `timeout` has it."""
    if status == "ok":
        return 0
    if status in ("interrupted", "cancelled"):
        return 128 + signal.SIGINT
    if status == "timeout":
        return 124
    if status in ("exit", "crashed"):
        code = next((v.exit_code for v in reversed(views) if v.exit_code is not None), 1)
        return 128 - code if code < 0 else code
    return 1


class _Text:
    """Streams as they come, and each value beside its line."""

    def __init__(self, order: RunOptions, launch: Launch) -> None:
        self._order = order
        self._launch = launch
        self._at_line_start = True

    def on_change(self) -> None:
        """Nothing to do: everything is told as it happens."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        del index
        if stream == "stdout":
            self._at_line_start = data.endswith(b"\n")
        _write_bytes(sys.stdout if stream == "stdout" else sys.stderr, data)

    def on_result(self, view: View) -> None:
        for output in view.outputs:
            if isinstance(output, Display):
                self._tell_value(as_text(output), view)
            elif isinstance(output, Failure) and not output.printed:
                _write_bytes(sys.stderr, output.text.encode("utf-8", "backslashreplace"))
        if view.note:
            _write_bytes(sys.stderr, f"rdit: {view.note}\n".encode())

    @property
    def can_answer(self) -> bool:
        """Never asked: the program reads the terminal's standard input itself."""
        return False

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """As `can_answer` says."""

    def final(self, report: Report, session: Session) -> list[View]:
        """The views of the run as they are after everything has ended."""
        if report.views and report.views[0].index == -1:
            for output in report.views[0].outputs:
                if isinstance(output, Failure) and not output.printed:
                    self._tell_failure(output)
            return list(report.views)
        late = {view.index: view for view in session.snapshot().views}
        return [late.get(view.index, view) for view in report.views]

    def end(
        self,
        status: str,
        code: int,
        milliseconds: float,
        views: list[View],
        python: str | None,
    ) -> None:
        """Say how the whole run ended."""

    def _tell_failure(self, failure: Failure) -> None:
        _write_bytes(sys.stderr, failure.text.encode("utf-8", "backslashreplace"))

    def _tell_value(self, text: str, view: View) -> None:
        lead = "" if self._at_line_start else "\n"
        self._at_line_start = True
        label = f"{view.last:>4} │ "
        rest = "\n" + " " * (len(label) - 2) + "│ "
        shown = lead + label + text.replace("\n", rest) + "\n"
        _write_bytes(sys.stdout, shown.encode("utf-8", "backslashreplace"))


class _Watch(_Text):
    """As text in the file's order, with a line after each update that says what ran and what was reused."""

    def __init__(self, order: RunOptions, launch: Launch) -> None:
        super().__init__(order, launch)
        self.session: Session | None = None
        """What is watched; it is made with this teller, so it comes later."""

        self._first: int | None = 0
        """The first statement that this update runs; None before it is known."""

    def begin_update(self) -> None:
        """An update of the file begins."""
        self._first = None
        lead = b"" if self._at_line_start else b"\n"
        self._at_line_start = True
        _write_bytes(sys.stdout, lead + b"\n")
        self._rule(f"{Path(self._order.file).name} changed at {strftime('%H:%M:%S')}")

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        if self._first is None and index is not None:
            running = (view.index for view in self._views() if view.status == "running")
            self._begin_at(next(running, 0))
        super().on_output(index, stream, data)

    def on_result(self, view: View) -> None:
        if self._first is None:
            self._begin_at(view.index)
        super().on_result(view)

    def summarize(self, report: Report, session: Session) -> None:
        """An update has ended."""
        for view in self.final(report, session):
            if view.reused and view.index >= (self._first or 0):
                self._tell_reused(view)
        ran = sum(1 for view in report.views if not view.reused and view.status != "notRun")
        reused = sum(1 for view in report.views if view.reused)
        where = ""
        if report.way_back is not None and report.way_back.line is not None:
            start = _STARTS[report.way_back.kind]
            where = f" from line {report.way_back.line} on, {start}"
        statements = "1 statement" if ran == 1 else f"{ran} statements"
        ended = "" if report.status == "ok" else f"; ended with {report.status}"
        self._rule(f"{statements} run{where}; {reused} reused{ended}")

    def leave(self) -> None:
        """Watching has ended: behind the ^C of a terminal its next prompt has a line of its own."""
        if sys.stdout.isatty():
            _write_bytes(sys.stdout, b"\n")

    def _views(self) -> Sequence[View]:
        return self.session.snapshot().views if self.session is not None else ()

    def _begin_at(self, index: int) -> None:
        """Before the first statement that runs is told, tell the results above, which are kept."""
        self._first = index
        for view in self._views():
            if 0 <= view.index < index and view.stale_reason is None:
                self._tell_reused(view)

    def _tell_reused(self, view: View) -> None:
        label = f"{view.last:>4} ┊ "
        text = summary(view)
        if text:
            _write_bytes(sys.stdout, f"{label}{text}  (reused)\n".encode())

    def _rule(self, text: str) -> None:
        lead = "" if self._at_line_start else "\n"
        self._at_line_start = True
        _write_bytes(sys.stdout, f"{lead}── {text} ──\n".encode())


class _Quiet(_Text):
    """The program has the streams for itself, and tells its failures itself."""

    def on_result(self, view: View) -> None:
        """Nothing to add to what the program wrote."""

    def _tell_failure(self, failure: Failure) -> None:
        """The program's own Python has told it."""


class _Json(_Text):
    """One object at the end, and nothing else on stdout."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """It is in the result."""

    def on_result(self, view: View) -> None:
        """It comes at the end, with what arrives late."""

    def _tell_failure(self, failure: Failure) -> None:
        """It is in the result."""

    def end(
        self,
        status: str,
        code: int,
        milliseconds: float,
        views: list[View],
        python: str | None,
    ) -> None:
        _print_json(
            {
                "file": self._order.file,
                "python": python,
                "status": status,
                "exitCode": code,
                "durationMs": round(milliseconds, 3),
                "results": [statement_result(view, complete=True) for view in views],
            }
        )


class _JsonLines(_Json):
    """One object a line as things happen."""

    def __init__(self, order: RunOptions, launch: Launch) -> None:
        super().__init__(order, launch)
        _print_json({"event": "start", "file": order.file, "python": launch.python[0]})

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        output = {"type": stream, "text": decode(data)}
        _print_json({"event": "output", "nodeIndex": index or 0, "output": output})

    def on_result(self, view: View) -> None:
        for output in view.outputs:
            if isinstance(output, Display | Failure):
                event = {"event": "output", "nodeIndex": view.index, "output": as_json(output)}
                _print_json(event)
        _print_json({"event": "statement", "result": statement_result(view, complete=True)})

    def end(
        self,
        status: str,
        code: int,
        milliseconds: float,
        views: list[View],
        python: str | None,
    ) -> None:
        del python
        for view in views:
            if view.index == -1 or view.status == "notRun":
                _print_json({"event": "statement", "result": statement_result(view)})
        _print_json(
            {
                "event": "end",
                "status": status,
                "exitCode": code,
                "durationMs": round(milliseconds, 3),
            }
        )


_TELLERS: dict[str, type[_Text]] = {
    "text": _Text,
    "quiet": _Quiet,
    "json": _Json,
    "jsonl": _JsonLines,
}


def _write_bytes(stream: TextIO, data: bytes) -> None:
    stream.buffer.write(data)
    stream.buffer.flush()


def _print_json(value: dict[str, Any]) -> None:
    _write_bytes(sys.stdout, json.dumps(value).encode() + b"\n")
