"""What a script that was a notebook lacks of it, in sentences. Pure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rdit_lsp.export.notebook_import.assembly import Script


def losses(script: Script) -> Iterator[str]:
    """A sentence for each kind of thing that is missing from the script."""
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
