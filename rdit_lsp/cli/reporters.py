"""How a run is shown in a terminal: as text, JSON or JSON lines. Each reporter observes one session.

Writes to stdout and stderr; starts, stops and decides nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rdit_lsp.api.encode import statement_result
from rdit_lsp.cli.result_lines import ResultLines
from rdit_lsp.cli.standard_output import Output
from rdit_lsp.document.document import split_lines
from rdit_lsp.outputs.codec import as_json
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.text import decode, printable
from rdit_lsp.render.summary import as_text, is_by_the_way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rdit_lsp.cli.run_pictures import RunPictures
    from rdit_lsp.cli.startup import RunOptions
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.snapshot import View


ENDINGS: dict[RunStatus, str] = {
    "error": "failed",
    "interrupted": "interrupted",
    "cancelled": "interrupted",
    "timeout": "timed out",
    "exit": "exited",
    "crashed": "crashed",
}
"""How a run ended that did not end well, in words."""


@dataclass(frozen=True)
class RunEnd:
    """How a script ended."""

    status: RunStatus
    exit_code: int
    """Of the command."""
    milliseconds: float
    """From the request to the end of the program."""
    views: Sequence[View]
    """Of all statements, with what came late."""
    python: str | None
    """`sys.executable` of the program; None where there was none."""


class TextReporter:
    """Streams as they come, and each value beside its line."""

    def __init__(
        self, options: RunOptions, launch: Launch, out: Output | None = None, source: str = ""
    ) -> None:
        """`source` is the text that runs, which only JSON lines quote."""
        del source
        self._options = options
        self._launch = launch
        self._out = out if out is not None else Output()
        self._lines = ResultLines(self._out, captures=launch.capture)
        self._pictures: RunPictures | None = None
        """None before the first one."""

    @property
    def can_answer(self) -> bool:
        """Never asked: the program reads the terminal's standard input itself."""
        return False

    def on_change(self) -> None:
        """Nothing: every event is reported as it happens."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Write it where the program wrote it."""
        del index
        self._lines.stream(stream, data)

    def on_result(self, view: View) -> None:
        """Write values and failures that the program has not written itself."""
        for output in view.outputs:
            if isinstance(output, Display):
                self._write_display(output, view)
            elif isinstance(output, Failure) and not output.printed:
                self._lines.failure(output.text)
        if view.note:
            self._lines.note(view.note)

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """Never called, as `can_answer` is False."""

    def on_rejection(self, failure: Failure) -> None:
        """The file does not compile; nothing has run."""
        self._lines.failure(failure.text)

    def on_end(self, end: RunEnd) -> None:
        """Say that time ran out, which looks like Ctrl-C; the exit code says how all else ended."""
        if end.status == "timeout":
            self._lines.note(f"stopped after {self._options.timeout:g} s.")

    def _write_display(self, output: Display, view: View, rule: str = "│") -> None:
        if view.is_docstring or is_by_the_way(output):
            return
        text, drawing = as_text(output), None
        if output.has_picture:
            path, drawing = self._picture_files().shown(output, view.last, self._out.columns)
            text += f"\n{path}" if path is not None else ""
        self._lines.value(text, view.last, drawing=drawing, rule=rule)

    def _picture_files(self) -> RunPictures:
        if self._pictures is None:
            from rdit_lsp.cli.run_pictures import RunPictures  # Few runs have any.

            self._pictures = RunPictures(self._launch.path, os.environ)
        return self._pictures


class QuietReporter(TextReporter):
    """Nothing: the program has the terminal's streams, and Python writes its failures there."""

    def on_result(self, view: View) -> None:
        """Nothing to add to what the program wrote."""

    def on_rejection(self, failure: Failure) -> None:
        """Nothing: the program's own Python has written it."""

    def on_end(self, end: RunEnd) -> None:
        """Nothing: the exit code says how it ended."""


class JsonReporter(TextReporter):
    """One object at the end, and nothing else on stdout."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Nothing: it is in the object."""

    def on_result(self, view: View) -> None:
        """Nothing: it is in the object, with what arrives late."""

    def on_rejection(self, failure: Failure) -> None:
        """Nothing: it is in the object."""

    def on_end(self, end: RunEnd) -> None:
        """Write the object."""
        self._write_json(
            {
                "file": self._options.file,
                "python": end.python,
                "status": end.status,
                "exitCode": end.exit_code,
                "durationMs": round(end.milliseconds, 3),
                "results": [statement_result(view, complete=True) for view in end.views],
            }
        )

    def _write_json(self, value: dict[str, Any]) -> None:
        self._out.write("stdout", json.dumps(value).encode() + b"\n")


class JsonLinesReporter(JsonReporter):
    """One object a line as things happen."""

    def __init__(
        self, options: RunOptions, launch: Launch, out: Output | None = None, source: str = ""
    ) -> None:
        super().__init__(options, launch, out, source)
        self._source = split_lines(source)
        self._write_json({"event": "start", "file": options.file, "python": launch.python[0]})

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Write it as an object."""
        output = {"type": stream, "text": decode(data)}
        self._write_json({"event": "output", "nodeIndex": index or 0, "output": output})

    def on_result(self, view: View) -> None:
        """Write displays and failures, then the whole result."""
        for output in view.outputs:
            if isinstance(output, Display | Failure):
                shown = as_json(output)
                self._write_json({"event": "output", "nodeIndex": view.index, "output": shown})
        self._write_statement(view, complete=True)

    def on_end(self, end: RunEnd) -> None:
        """Write what has not run, and how it ended."""
        for view in end.views:
            if view.index == -1 or view.status == "notRun":
                self._write_statement(view)
        self._write_json(
            {
                "event": "end",
                "status": end.status,
                "exitCode": end.exit_code,
                "durationMs": round(end.milliseconds, 3),
            }
        )

    def _write_statement(self, view: View, *, complete: bool = False) -> None:
        source = "\n".join(self._source[view.first - 1 : view.last])
        result = statement_result(view, complete=complete)
        self._write_json({"event": "statement", "source": printable(source), "result": result})


REPORTERS: Mapping[str, type[TextReporter]] = {
    "text": TextReporter,
    "quiet": QuietReporter,
    "json": JsonReporter,
    "jsonl": JsonLinesReporter,
}
"""By layout of `rdit run`."""
