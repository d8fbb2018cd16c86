"""HTML and Markdown that user code made, as Markdown or text that no client has to trust.

Pure: text in, text out. HTML never comes out again: only the text of it does, and the tables in it. It
uses what comes with Python, because every hover needs it and nothing is rendered here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from rdit_lsp.outputs.text import printable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

READ = 400_000
"""Characters of HTML that are looked at."""

ROWS, COLUMNS, CELL = 60, 30, 200
"""What of a table is shown: rows, columns, and characters of a cell."""

WIDEST = 30
"""Characters up to which the cells of a column are made as wide as each other."""

_SPECIAL = re.compile(
    r"""
      [*`|]                                # Emphasis and code, which also begin within words; cells.
    | (?<![^\W_])_ | _(?![^\W_])           # Emphasis: not that in `order_id`.
    | \[ (?=[^\]]*\][(\[:]) | !(?=\[)      # Links and pictures: not `datetime64[s]`.
    | < | &(?=\#?\w+;)                    # HTML.
    | ~(?=~|\w) | (?<=\w)~                 # Struck out.
    | \$ | \\(?=[!-/:-@\[-`{-~])
    | ^[>\#+-]                            # Blocks: quotes, headings, lists.
    """,
    re.VERBOSE,
)
"""What Markdown takes for more than text. All else stays: some clients show Markdown as it is written."""

_NUMBER = re.compile(r"[-+−]?[\d,.]+(e[-+]?\d+)?%?|nan|NaN|NaT|None|null|inf|-inf|", re.IGNORECASE)
_CODE = re.compile(
    r"(^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[^\n]*$|(?P<tick>`+)[^`].*?(?P=tick))",
    re.MULTILINE | re.DOTALL,
)
_FENCE = re.compile(r"`{3,}")
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_LINK = re.compile(
    r"(\]\(\s*<?|^\s*\[[^\]]+\]:\s*<?)(?!https?:|#|mailto:)[a-z][\w+.-]*:",
    re.IGNORECASE | re.MULTILINE,
)
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_ACTIVE = {
    "script", "handler", "listener", "foreignobject", "animate", "animatemotion", "animatetransform",
    "set", "discard", "iframe", "audio", "video",
}  # fmt: skip
"""Elements of SVG that run something, hold something else, or lead elsewhere."""

_INSIDE = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp);)", re.IGNORECASE)
_FETCHED = re.compile(
    r"""url\(\s*["']?(?!\s*["']?(#|data:image/(png|jpeg|gif|webp);))[^)]*\)|@import[^;]*;?|image-set\(""",
    re.IGNORECASE,
)
"""What makes a style fetch something."""

_SILENT = {"style", "script", "head", "title", "template", "noscript", "svg", "math"}
_BREAKING = {"p", "div", "br", "tr", "li", "table", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "hr"}


@dataclass
class Table:
    """Rows of cells."""

    head: list[list[str]] = field(default_factory=list)
    body: list[list[str]] = field(default_factory=list)


def safe_markdown(text: str) -> str:
    """Markdown whose HTML is text, whose pictures are links, and whose links lead to the web only."""
    found: list[str] = []
    at = 0
    for code in _CODE.finditer(text):
        found += [_defused(text[at : code.start()]), code.group()]
        at = code.end()
    return "".join([*found, _defused(text[at:])])


def escaped(text: str) -> str:
    """Plain text as Markdown that shows exactly it, on one line."""
    text = " ".join(text.split())
    lone = {sign for sign in "*`~$_" if text.count(sign) == 1 and not text.startswith(sign)}
    return _SPECIAL.sub(lambda found: ("" if found[0] in lone else "\\") + found[0], text)


def emphasised(text: str) -> str:
    """Plain text as Markdown that shows it emphasised, on one line."""
    escapes = _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))
    return f"*{escapes}*"


def text_of(html: str) -> str:
    """What a person would read in `html`."""
    return _read(html).text()


def fenced(text: str, language: str) -> str:
    """A code block of Markdown that no run of backquotes in `text` can end."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    body = printable(text.rstrip("\n"))
    return f"{fence}{language}\n{body}\n{fence}"


def markdown_table(html: str) -> str | None:
    """The only table of `html` as Markdown; None where there is none, or more than that."""
    tables = _read(html).tables
    if len(tables) != 1 or not (tables[0].head or tables[0].body):
        return None
    table = tables[0]
    width = max(len(row) for row in [*table.head, *table.body])
    names = _names(table.head, width)
    columns = list(range(width))
    if width > COLUMNS:
        half = COLUMNS // 2
        columns = [*range(half), -1, *range(width - half, width)]
    rows = table.body
    if len(rows) > ROWS:
        rows = [*rows[: ROWS // 2], ["⋮"] * width, *rows[-ROWS // 2 :]]
    lines = [_cells(row, columns) for row in (names, *rows)]
    are_numeric = [_is_numeric(rows, column) for column in columns]
    return "\n".join(_in_columns(lines, are_numeric))


def safe_svg(text: str) -> str | None:
    """SVG without scripts, foreign elements, and anything remote; None for what is no SVG."""
    from xml.etree import ElementTree  # It is needed for pictures in files only.

    if "<!ENTITY" in text:
        return None  # Entities of entities fill the memory.
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        return None
    if root.tag != f"{{{_SVG}}}svg":
        return None
    pending = [root]
    while pending:
        element = pending.pop()
        _defuse_svg(element)
        pending += element
    for name, namespace in (("", _SVG), ("xlink", _XLINK)):
        ElementTree.register_namespace(name, namespace)
    try:
        return ElementTree.tostring(root, encoding="unicode")
    except RecursionError:
        return None


def _defuse_svg(element: Element) -> None:
    """Remove from `element` what is not allowed in it: attributes and direct children."""
    for name, value in list(element.attrib.items()):
        local = name.rpartition("}")[2].lower()
        is_link = local in ("href", "src", "base") and not _INSIDE.match(value)
        # A backslash in a style can spell any name.
        if local.startswith("on") or is_link or ("\\" in value and "(" in value):
            del element.attrib[name]
        else:
            element.attrib[name] = _FETCHED.sub("none", value)
    if element.tag == f"{{{_SVG}}}style" and element.text:
        element.text = _FETCHED.sub("none", element.text.replace("\\", ""))
    for child in list(element):
        namespace, _, local = child.tag.removeprefix("{").rpartition("}")
        if namespace != _SVG or local.lower() in _ACTIVE:
            element.remove(child)


class _Reader(HTMLParser):
    """Collects text and tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self._texts: list[str] = []
        self._silent = 0
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._in_head = False
        self._only_heads = True
        self._held: dict[int, tuple[int, str]] = {}
        """Column to how many more rows a cell above reaches into, and its text."""

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._texts).split("\n"))
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if tag in _BREAKING:
            self._texts.append("\n")
        if tag == "table":
            self.tables.append(Table())
            self._held = {}
        elif not self.tables:
            return
        elif tag == "thead":
            self._in_head = True
        elif tag == "tr":
            self._end_row()
            self._row, self._only_heads = [], True
        elif tag in ("td", "th"):
            self._end_cell()
            self._cell = []
            self._only_heads = self._only_heads and tag == "th"
            given = dict(attrs)
            self._span = _count(given.get("colspan")), _count(given.get("rowspan"))
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        if tag in ("td", "th"):
            self._end_cell()
            self._texts.append(" ")
        elif tag in ("tr", "thead", "tbody", "table"):
            self._end_row()
        if tag == "thead":
            self._in_head = False

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._cell is not None:
            self._cell.append(data)
        self._texts.append(data)

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None:
            self._cell = None
            return
        text = " ".join("".join(self._cell).split())[:CELL]
        self._cell = None
        across, down = self._span
        for number in range(across):
            self._fill_held()
            if down > 1:
                self._held[len(self._row)] = (down - 1, text)
            self._row.append(text if number == 0 else "")

    def _fill_held(self) -> None:
        """Leave room for the cells above that reach into this row."""
        assert self._row is not None
        while len(self._row) in self._held:
            column = len(self._row)
            rows, text = self._held[column]
            if rows > 1:
                self._held[column] = (rows - 1, text)
            else:
                del self._held[column]
            self._row.append("")

    def _end_row(self) -> None:
        self._end_cell()
        row, self._row = self._row, None
        if row and self.tables:
            table = self.tables[-1]
            is_head = self._in_head or (self._only_heads and not table.body)
            (table.head if is_head else table.body).append(row)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html[:READ])
    reader.close()
    return reader


def _count(text: str | None) -> int:
    return min(max(int(text), 1), 1000) if text is not None and text.isdecimal() else 1


def _names(head: list[list[str]], width: int) -> list[str]:
    """One row of column names out of several."""
    names = []
    for column in range(width):
        parts = dict.fromkeys(row[column] for row in head if column < len(row) and row[column])
        names.append(" · ".join(parts))
    return names


def _cells(row: list[str], columns: list[int]) -> list[str]:
    return ["…" if at < 0 else (escaped(row[at]) if at < len(row) else "") for at in columns]


def _in_columns(lines: list[list[str]], are_numeric: list[bool]) -> list[str]:
    """Lines of a table, its first the head. As wide as each other: some clients show them as they are."""
    widths = [
        max(3, *(min(len(line[at]), WIDEST) for line in lines)) for at in range(len(are_numeric))
    ]
    rules = [
        "-" * (width - 1) + (":" if is_numeric else "-")
        for width, is_numeric in zip(widths, are_numeric, strict=True)
    ]
    padded = [
        [
            cell.rjust(width) if is_numeric else cell.ljust(width)
            for cell, width, is_numeric in zip(line, widths, are_numeric, strict=True)
        ]
        for line in lines
    ]
    return [f"| {' | '.join(line)} |" for line in (padded[0], rules, *padded[1:])]


def _is_numeric(rows: list[list[str]], column: int) -> bool:
    cells = [row[column] for row in rows if 0 <= column < len(row)]
    return any(cells) and all(cell == "⋮" or _NUMBER.fullmatch(cell) for cell in cells)


def _defused(text: str) -> str:
    return _LINK.sub(r"\1#", _IMAGE.sub("", _TAG.sub("&lt;", text)))
