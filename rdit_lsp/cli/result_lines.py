"""Results in a terminal: streams as they are, values beside their line, failures in red.

Writes; knows nothing of where results come from.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rdit_lsp.cli.value_text import beside

if TYPE_CHECKING:
    from rdit_lsp.cli.standard_output import Output
    from rdit_lsp.outputs.stream import StreamName


class ResultLines:
    """What is written, and whether its last line has ended."""

    def __init__(self, out: Output, *, captures: bool = True) -> None:
        """`captures`: what the program writes comes through here; else it shares the terminal."""
        self._out = out
        self._captures = captures
        self._at_line_start = True

    def stream(self, stream: StreamName, data: bytes) -> None:
        """Write what the program has written."""
        if stream == "stdout":
            self._at_line_start = data.endswith(b"\n")
        self._out.write(stream, data)

    def value(self, text: str, line: int, *, drawing: str | None = None, rule: str = "│") -> None:
        """Write a value beside the last line of its statement, and what draws it below."""
        grey = partial(self._out.paint, "stdout", "grey")
        shown = self.fresh_line() + beside(line, text, self._out.columns, grey, rule)
        shown += f"{drawing}\n" if drawing is not None else ""
        self._out.write("stdout", shown.encode("utf-8", "backslashreplace"))

    def failure(self, traceback: str) -> None:
        """Write what Python prints of an exception."""
        # The line end stays outside, or a terminal may paint the next line, too.
        lines = traceback.rstrip("\n")
        text = self._out.paint("stderr", "red", lines) + traceback[len(lines) :]
        self._out.write("stderr", text.encode("utf-8", "backslashreplace"))

    def note(self, text: str) -> None:
        """Write a sentence of rdit's own."""
        self._out.write("stderr", f"rdit: {text}\n".encode())

    def begin_page(self) -> None:
        """What comes next begins at the top of an empty screen."""
        self._at_line_start = True

    def fresh_line(self) -> str:
        """What has to be written before a line of rdit's own: a line end, or nothing."""
        if not self._captures:
            return self._out.fresh_line()
        lead = "" if self._at_line_start else "\n"
        self._at_line_start = True
        return lead
