"""`rdit import`: write a notebook as a script, and print what the script lacks.

What the script is like is decided in `export/notebook_import`. Outputs are left out: running the file
makes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rdit_lsp.cli.standard_output import write
from rdit_lsp.export.notebook_import.conversion import Conversion, convert
from rdit_lsp.export.notebook_import.reading import NotebookError


def import_notebook(notebook: str, output: str | None) -> int:
    """Convert a notebook; returns the exit code."""
    try:
        converted = convert(Path(notebook))
        _write(converted, output)
    except FileExistsError as error:
        return _refuse(f"{error.filename} is there already: name another file with --output.")
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    except NotebookError as error:
        return _refuse(str(error))
    for sentence in converted.losses:
        print(f"rdit: {sentence}", file=sys.stderr)
    return 0


def _write(converted: Conversion, output: str | None) -> None:
    """Write the script to `output`, or beside the notebook. Raises OSError."""
    if output == "-":
        write("stdout", converted.text.encode())
    else:
        converted.save(Path(output) if output is not None else None)


def _refuse(sentence: str) -> int:
    print(f"rdit: {sentence}", file=sys.stderr)
    return 2
