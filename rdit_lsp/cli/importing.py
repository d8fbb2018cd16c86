"""`rdit import`: write a notebook as a script."""

from __future__ import annotations

import sys
from pathlib import Path

from rdit_lsp.cli.standard_output import write
from rdit_lsp.export.importing import NotebookError, read, script


def import_notebook(notebook: str, output: str | None) -> int:
    """Convert a notebook; returns the exit code."""
    target = Path(output) if output not in (None, "-") else Path(notebook).with_suffix(".py")
    try:
        text = script(read(Path(notebook)))
        if output == "-":
            write("stdout", text.encode("utf-8", "backslashreplace"))
            return 0
        if output is None and target.exists() and target.read_text("utf-8", "replace") != text:
            raise NotebookError(f"{target} is there already: name another file with --output.")
        target.write_text(text, "utf-8", "backslashreplace", newline="\n")
    except OSError as error:
        print(f"rdit: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except NotebookError as error:
        print(f"rdit: {error}", file=sys.stderr)
        return 2
    return 0
