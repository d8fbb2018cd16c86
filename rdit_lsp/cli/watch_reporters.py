"""How a watch is shown: as a log, or on a terminal as a screen that each update writes anew.

Observes a session; starts, stops and decides nothing.
"""

from __future__ import annotations

from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING

from rdit_lsp.cli.reporters import ENDINGS, TextReporter
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.render.summary import duration, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdit_lsp.cli.standard_output import Colour, Output
    from rdit_lsp.cli.startup import RunOptions
    from rdit_lsp.outputs.stream import Stream, StreamName
    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.report import Report

_STARTS = {
    "start": "in a new namespace",
    "checkpoint": "from a checkpoint",
    "live": "in the live namespace",
}
_MOST_LINES = 20
"""Lines of what a reused statement has printed that are written again, the last ones."""


def watch_reporter(options: RunOptions, launch: Launch, out: Output) -> WatchLog:
    """The reporter for what standard output is."""
    return (WatchScreen if out.is_screen else WatchLog)(options, launch, out)


class WatchLog(TextReporter):
    """Text in the file's order, and after each update a line with how much ran and was reused."""

    def __init__(self, options: RunOptions, launch: Launch, out: Output | None = None) -> None:
        super().__init__(options, launch, out)
        self._session: Attachment | None = None
        self._first: int | None = 0
        """The first statement that this update runs; None before it is known."""

    def watch(self, session: Attachment) -> None:
        """Report on `session`, which is made with this reporter and therefore comes later."""
        self._session = session

    def on_waiting(self) -> None:
        """Nothing: a log that ends here is one that waits."""

    def on_gone(self) -> None:
        """The file has been deleted."""
        self._rule(f"{self._name} is gone; it is run again once it is back")

    def on_update(self, changed: str) -> None:
        """An update begins, as `changed` has changed."""
        self._first = None
        if self._pictures is not None:
            self._pictures.begin_update()
        self._begin_page()
        self._rule(f"{changed} changed at {strftime('%H:%M:%S')}")

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Write it, below the reused results of the statements above it."""
        if self._first is None and index is not None:
            running = (view.index for view in self._views() if view.status == "running")
            self._begin_at(next(running, 0))
        super().on_output(index, stream, data)

    def on_result(self, view: View) -> None:
        """Write it, below the reused results of the statements above it."""
        if self._first is None:
            self._begin_at(view.index)
        super().on_result(view)

    def on_updated(self, report: Report, views: Sequence[View], seconds: float) -> None:
        """An update has ended after `seconds`, with the results `views`."""
        for view in views:
            if view.reused and view.index >= (self._first or 0):
                self._write_reused(view)
        colour: Colour = "grey" if report.status == "ok" else "red"
        self._rule(_update_in_words(report, seconds), colour)

    def on_leave(self) -> None:
        """Watching has ended."""

    @property
    def _name(self) -> str:
        return Path(self._options.file).name

    def _views(self) -> Sequence[View]:
        return self._session.snapshot().views if self._session is not None else ()

    def _begin_at(self, index: int) -> None:
        """Write the results above the first statement that runs, which are kept."""
        self._first = index
        for view in self._views():
            if 0 <= view.index < index and view.stale_reason is None:
                self._write_reused(view)

    def _begin_page(self) -> None:
        self._out.write("stdout", self._lines.fresh_line().encode() + b"\n")

    def _write_reused(self, view: View) -> None:
        text = summary(view)
        if text:
            line = self._out.paint("stdout", "grey", f"{view.last:>4} ┊ {text}  (reused)")
            self._out.write("stdout", f"{line}\n".encode())

    def _rule(self, text: str, colour: Colour = "grey") -> None:
        rule = self._out.paint("stdout", colour, f"── {text} ──")
        self._out.write("stdout", f"{self._lines.fresh_line()}{rule}\n".encode())


class WatchScreen(WatchLog):
    """The whole file on one screen, with what it wrote and gave last time where that is reused."""

    def on_waiting(self) -> None:
        """The wait for a change begins, which without a word looks like an end."""
        self._rule(f"watching {self._name}; Ctrl-C ends")

    def on_leave(self) -> None:
        """Watching has ended: behind the ^C of a terminal its next prompt has a line of its own."""
        self._out.write("stdout", b"\n")

    def _begin_page(self) -> None:
        self._out.clear()
        self._lines.begin_page()

    def _write_reused(self, view: View) -> None:
        for output in view.outputs:
            if isinstance(output, Display):
                self._write_display(output, view, "┊")
            elif isinstance(output, Failure):
                self._lines.failure(output.text)
            else:
                self._write_again(output)

    def _write_again(self, stream: Stream) -> None:
        lines = stream.text().splitlines(keepends=True)
        more = len(lines) - _MOST_LINES
        if more > 0:
            self._rule(f"{more} more lines")
            lines = lines[more:]
        super().on_output(None, stream.name, "".join(lines).encode("utf-8", "backslashreplace"))


def _update_in_words(report: Report, seconds: float) -> str:
    if any(view.index == -1 for view in report.views):
        return "nothing has run: the file does not compile"
    ran = sum(1 for view in report.views if not view.reused and view.status != "notRun")
    reused = sum(1 for view in report.views if view.reused)
    where = ""
    if report.way_back is not None and report.way_back.line is not None:
        start = _STARTS[report.way_back.kind]
        where = f" from line {report.way_back.line} on, {start}"
    statements = "1 statement" if ran == 1 else f"{ran} statements"
    parts = [f"{statements} run{where}", f"{reused} reused"]
    if report.status in ENDINGS:
        parts.append(ENDINGS[report.status])
    return "; ".join([*parts, duration(seconds)])
