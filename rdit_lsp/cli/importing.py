"""`rdit import`: write a notebook as a script, and print what the script lacks.

What the script is like is decided in `export/notebook_import`. Outputs are left out: running the file
makes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rdit_lsp.cli.standard_output import write
from rdit_lsp.export.notebook_import.assembly import script_of
from rdit_lsp.export.notebook_import.losses import losses
from rdit_lsp.export.notebook_import.reading import NotebookError, read


def import_notebook(notebook: str, output: str | None) -> int:
    """Convert a notebook; returns the exit code."""
    try:
        script = script_of(read(Path(notebook)))
        _write(script.text, Path(notebook), output)
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    except NotebookError as error:
        return _refuse(str(error))
    for sentence in losses(script):
        print(f"rdit: {sentence}", file=sys.stderr)
    return 0


def _write(text: str, notebook: Path, output: str | None) -> None:
    """Write the script to `output`, or beside the notebook. Raises NotebookError and OSError."""
    if output == "-":
        write("stdout", text.encode())
        return
    target = Path(output) if output is not None else notebook.with_suffix(".py")
    if output is None and target.exists() and target.read_text("utf-8", "replace") != text:
        raise NotebookError(f"{target} is there already: name another file with --output.")
    target.write_text(text, "utf-8", newline="\n")


def _refuse(sentence: str) -> int:
    print(f"rdit: {sentence}", file=sys.stderr)
    return 2
