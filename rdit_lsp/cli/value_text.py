"""A value as `rdit run` and `rdit watch` write it beside its line; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdit_lsp.render.layout import laid_out

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!\[[\d;]*m)")
"""What a terminal would obey, but for line ends, tabs and colours."""


def beside(
    line: int, text: str, columns: int | None, paint: Callable[[str], str], rule: str = "│"
) -> str:
    """`text` behind the number of its line, with a line end; `paint` colours what is not of the value.

    `columns` is the width of the terminal, None where there is none. A table that fills it stands below.
    """
    label = f"{line:>4} {rule} "
    text = _CONTROL.sub(_escaped, text)
    room = None if columns is None else columns - len(label)
    if room is not None:
        text = laid_out(text, max(room, 20))
    lines = text.split("\n")
    if room is not None and len(lines) > 1 and any(len(each) > room for each in lines):
        return paint(label.rstrip()) + "\n" + text + "\n"
    rest = "\n" + paint(" " * (len(label) - 2) + f"{rule} ")
    return paint(label) + rest.join(lines) + "\n"


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
