"""`rdit import`: a notebook as a `.py` with `# %%` cells that runs.

Reads, writes, and says what was lost; what the script is like is for `notebook_import` to say. Outputs are
left behind: running the file makes them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.export.notebook_import.assembly import script_of
from rdit_lsp.export.notebook_import.reading import NotebookError, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rdit_lsp.export.notebook_import.assembly import Script


def run(notebook: str, output: str | None) -> int:
    """Convert a notebook; returns an exit code."""
    try:
        script = script_of(read(Path(notebook)))
        _write(script.text, Path(notebook), output)
    except BrokenPipeError:
        # The reader has what it wanted. What is still buffered must not be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    except NotebookError as error:
        return _refuse(str(error))
    for sentence in losses(script):
        print(f"rdit: {sentence}", file=sys.stderr)
    return 0


def losses(script: Script) -> Iterator[str]:
    """What is missing from a script that was a notebook, in sentences."""
    if script.left:
        lines = "1 line was left as a comment"
        if len(script.left) > 1:
            lines = f"{len(script.left)} lines were left as comments"
        yield f"{lines}: {_ranges(script.left)}."
    if len(script.refused) == 1:
        ((line, reason),) = script.refused
        yield f"the cell at line {line} is not valid Python: {reason}{'' if reason[-1] in '.?' else '.'}"
    elif script.refused:
        lines = ", ".join(str(line) for line, _ in script.refused)
        yield f"{len(script.refused)} cells are not valid Python, as is said there: at lines {lines}."
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for line in script.unchecked:
        yield f"the cell at line {line} is not valid in Python {version}, but may be in the notebook's."


def _ranges(lines: Iterable[int]) -> str:
    """`3, 7–9` for 3, 7, 8 and 9."""
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and ranges[-1][-1] == line - 1:
            ranges[-1][1:] = [line]
        else:
            ranges.append([line])
    return ", ".join("–".join(map(str, ends)) for ends in ranges)


def _write(text: str, notebook: Path, output: str | None) -> None:
    """Write the script to `output`, or beside the notebook. Raises NotebookError and OSError."""
    if output == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    target = Path(output) if output is not None else notebook.with_suffix(".py")
    if output is None and target.exists() and target.read_text("utf-8", "replace") != text:
        raise NotebookError(f"{target} is there already: name another file with --output.")
    target.write_text(text, "utf-8", newline="\n")


def _refuse(sentence: str) -> int:
    print(f"rdit: {sentence}", file=sys.stderr)
    return 2
