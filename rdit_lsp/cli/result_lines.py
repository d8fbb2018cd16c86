"""Results in a terminal: streams as they are, values beside their line, failures in red.

Writes; knows nothing of where results come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdit_lsp.cli.standard_output import Output
    from rdit_lsp.outputs.stream import StreamName


class ResultLines:
    """What is written, and whether its last line has ended."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._at_line_start = True

    def stream(self, stream: StreamName, data: bytes) -> None:
        """Write what the program has written."""
        if stream == "stdout":
            self._at_line_start = data.endswith(b"\n")
        self._out.write(stream, data)

    def value(self, text: str, line: int) -> None:
        """Write a value beside the last line of its statement."""
        label = f"{line:>4} │ "
        rest = "\n" + self._out.paint("stdout", "grey", " " * (len(label) - 2) + "│ ")
        label = self._out.paint("stdout", "grey", label)
        shown = self.fresh_line() + label + text.replace("\n", rest) + "\n"
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

    def fresh_line(self) -> str:
        """What has to be written before a line of rdit's own: a line end, or nothing."""
        lead = "" if self._at_line_start else "\n"
        self._at_line_start = True
        return lead
