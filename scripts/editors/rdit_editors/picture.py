"""A terminal's screen as an SVG picture. Knows nothing of terminals but their cells."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 8.4, 18
_WORD = re.compile(r"\S+")
_PAPER, _INK = "#14161b", "#e0e2ea"

_NAMES = {
    "black": "#07080d",
    "red": "#ffc0b9",
    "green": "#b3f6c0",
    "brown": "#fce094",
    "blue": "#a6dbff",
    "magenta": "#ffcaff",
    "cyan": "#8cf8f7",
    "white": "#eef1f8",
}
"""The eight colours a terminal has by name; all others come as six hexadecimal digits."""


@dataclass(frozen=True)
class Cell:
    """One place of the screen; colours as pyte names them."""

    text: str
    ink: str = "default"
    paper: str = "default"
    is_bold: bool = False
    is_reversed: bool = False

    @property
    def style(self) -> tuple[str, str, bool]:
        """Colour of the text, colour behind it, and whether it is bold."""
        ink, paper = _colour(self.ink, _INK), _colour(self.paper, _PAPER)
        return (paper, ink, self.is_bold) if self.is_reversed else (ink, paper, self.is_bold)


def svg(rows: Sequence[Sequence[Cell]]) -> str:
    """The picture of a screen on the paper that most of it has, its empty rows at the end left out."""
    rows = list(rows)
    papers = Counter(cell.style[1] for row in rows for cell in row)
    paper = papers.most_common(1)[0][0] if papers else _PAPER
    while rows and all(cell.text.isspace() and cell.style[1] == paper for cell in rows[-1]):
        rows.pop()
    columns = max((len(row) for row in rows), default=0)
    width, height = columns * _WIDTH + 16, len(rows) * _HEIGHT + 16
    body = "\n".join(_row(index, row, paper) for index, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'font-family="ui-monospace, monospace" font-size="14">\n'
        f'<rect width="100%" height="100%" rx="6" fill="{paper}"/>\n{body}\n</svg>\n'
    )


def _row(index: int, row: Sequence[Cell], page: str) -> str:
    parts, column = [], 0
    for style, run in groupby(row, lambda cell: cell.style):
        text = "".join(cell.text for cell in run)
        parts.append(_run(index, column, text, style, page))
        column += len(text)
    return "".join(parts)


def _run(row: int, column: int, text: str, style: tuple[str, str, bool], page: str) -> str:
    ink, paper, is_bold = style
    x, y = 8 + column * _WIDTH, 8 + row * _HEIGHT
    found = ""
    if paper != page:
        width = len(text) * _WIDTH
        found += (
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_HEIGHT}" fill="{paper}"/>'
        )
    weight = ' font-weight="bold"' if is_bold else ""
    # Word by word, each at its place and with its length: viewers shrink spaces, and have other fonts.
    for word in _WORD.finditer(text):
        found += (
            f'<text x="{x + word.start() * _WIDTH:.1f}" y="{y + 13}" fill="{ink}"{weight} '
            f'textLength="{len(word[0]) * _WIDTH:.1f}" lengthAdjust="spacingAndGlyphs">'
            f"{escape(word[0])}</text>"
        )
    return found


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return _NAMES.get(name.removeprefix("bright"), f"#{name}")
