"""A document's text and the statements in it, as the user types.

Pure: nothing here knows of results, sessions or LSP. A `Document` is frozen; an edit gives a new one
that shares every block the edit did not touch. Statements are told apart by identity, so whatever is
tied to one moves with it for free, however lines above it come and go.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from rdit_lsp.document.blocks import blocks as cut
from rdit_lsp.worker.statements import SHOWS_FIGURES, Span, lines_of, parse, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_SHOWS_FIGURES = re.compile(SHOWS_FIGURES)
_CELL = re.compile(r"#\s*(%%|In\[)")


@dataclass(eq=False, frozen=True)
class Statement:
    """One top-level statement; its place is relative to its block."""

    offset: int
    """Lines between the block's first line and this statement's."""
    height: int
    """Number of lines, decorators included."""
    is_expr: bool
    text: str
    """Its lines; statements that share a line share the text as well, told apart by `part`."""
    part: int = 0
    """Which of the statements that begin on the same line it is, from 0."""
    is_broken: bool = False
    """It does not parse: the lines of its block, kept so that its result stays while it is typed."""


@dataclass(eq=False)
class Block:
    """Lines that hold whole statements, and the blank and comment lines after them."""

    lines: tuple[str, ...]
    """Without the trailing blank and comment lines."""
    height: int
    """Number of lines up to the next block."""
    is_open: bool = False
    """It opens a bracket or string that nothing below closes."""

    @cached_property
    def shows_figures(self) -> bool:
        """Whether it shows or saves figures itself."""
        return any(_SHOWS_FIGURES.search(line) for line in self.lines)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements in it, or a broken one where it does not parse."""
        text = "\n".join(self.lines)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # The interpreter that runs it shows them.
                body = parse(text, "<block>").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return (Statement(0, len(self.lines), False, text, is_broken=True),)
        return self.split([span(node) for node in body], first=1)

    def split(self, spans: Sequence[Span], first: int) -> tuple[Statement, ...]:
        """The statements of `spans`, whose lines count from the block's `first` line."""
        found: list[Statement] = []
        part = 0
        for number, each in enumerate(spans):
            part = part + 1 if number and each.first == spans[number - 1].first else 0
            offset, height = each.first - first, each.last - each.first + 1
            text = "\n".join(self.lines[offset : offset + height])
            found.append(Statement(offset, height, each.is_expr, text, part))
        return tuple(found)


class PlacedStatement(NamedTuple):
    """A statement and where it is in a document."""

    index: int  # type: ignore[assignment]  # Hides `tuple.index`, which is never called.
    """Position among the document's statements, from 0."""
    first: int
    """Its first line, from 1."""
    last: int
    statement: Statement


@dataclass(frozen=True)
class Document:
    """One version of a document's text."""

    uri: str
    version: int
    lines: Sequence[str]
    """Without their ends, as Python and LSP count lines; never changed in place."""
    lead: int
    """Lines before the first block."""
    blocks: Sequence[Block]

    @property
    def text(self) -> str:
        """The text; Python and LSP take all kinds of line ends for one."""
        return "\n".join(self.lines)

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """All statements, in order."""
        return [statement for block in self.blocks for statement in block.statements]

    @cached_property
    def firsts(self) -> Sequence[int]:
        """The first line, from 1, of each statement."""
        return [
            first + statement.offset
            for first, block in self.placed_blocks()
            for statement in block.statements
        ]

    @cached_property
    def placed(self) -> Sequence[PlacedStatement]:
        """All statements with their places. For what is done at every key stroke, use the parts."""
        return [
            PlacedStatement(index, first, first + statement.height - 1, statement)
            for index, (first, statement) in enumerate(
                zip(self.firsts, self.statements, strict=True)
            )
        ]

    @property
    def runnable_text(self) -> str:
        """The text with every broken block blanked out, so that the rest can be run.

        Indented lines that belong to nothing, before the first block or after a broken one, go too.
        """
        lines = list(self.lines)
        lines[: self.lead] = [""] * self.lead
        for first, block in self.placed_blocks():
            if block.statements[:1] and block.statements[0].is_broken:
                lines[first - 1 : first - 1 + block.height] = [""] * block.height
        return "\n".join(lines)

    @cached_property
    def starts(self) -> Sequence[int]:
        """The line index at which each block begins, and where the last one ends."""
        return list(accumulate((block.height for block in self.blocks), initial=self.lead))

    @cached_property
    def open_blocks(self) -> Sequence[int]:
        """Indexes of the blocks that wait for the end of a string or a bracket."""
        return [index for index, block in enumerate(self.blocks) if block.is_open]

    @cached_property
    def shows_figures(self) -> bool:
        """Whether it shows or saves figures itself; else what is part of a figure stands for it."""
        return any(block.shows_figures for block in self.blocks)

    def placed_blocks(self) -> Iterator[tuple[int, Block]]:
        """Each block with its first line, from 1."""
        return ((start + 1, block) for start, block in zip(self.starts, self.blocks, strict=False))

    def block_index(self, line: int) -> int:
        """Index of the block that line index `line` is in; -1 before the first."""
        return min(bisect_right(self.starts, line), len(self.blocks)) - 1

    def statement_index(self, line: int) -> int:
        """Index of the first statement that ends on `line`, from 1, or below it."""
        index = bisect_left(self.firsts, line)
        while index and self.firsts[index - 1] + self.statements[index - 1].height > line:
            index -= 1
        return index

    def cell(self, line: int) -> tuple[int, int]:
        """First and last line, from 1, of the `# %%` cell around `line`."""
        first, last = 1, len(self.lines)
        for number, text in enumerate(self.lines, 1):
            if is_cell_marker(text):
                if number <= line:
                    first = number
                else:
                    last = number - 1
                    break
        return first, max(last, first)


def is_cell_marker(line: str) -> bool:
    """Whether a line begins a cell, as the editors that know cells see it."""
    return _CELL.match(line) is not None


def split_lines(text: str) -> list[str]:
    """The lines of `text`, without their ends; a byte order mark at the start is no part of them."""
    return lines_of(text.removeprefix("\ufeff"))


def open_document(uri: str, version: int, text: str) -> Document:
    """The document with this text."""
    lines = split_lines(text)
    blocks, _ = _split(lines, 0, _never)
    lead = len(lines) - sum(block.height for block in blocks)
    return Document(uri, version, lines, lead, blocks)


def renamed(document: Document, uri: str, version: int) -> Document:
    """The same text as another document."""
    return replace(document, uri=uri, version=version)


def replace_text(document: Document, version: int, text: str) -> Document:
    """The document with an entirely new text, of which what is the same at both ends stays."""
    return replace_lines(document, version, split_lines(text))


def replace_lines(document: Document, version: int, new: Sequence[str]) -> Document:
    """As `replace_text`, with the lines of that text."""
    old = document.lines
    shared = min(len(old), len(new))
    start = 0
    while start < shared and old[start] == new[start]:
        start += 1
    if start == len(old) == len(new):
        return replace(document, version=version)
    end = 0
    while end < shared - start and old[-1 - end] == new[-1 - end]:
        end += 1
    if start == len(old) - end:
        # Nothing is taken away: the edit needs a line to stand for, as an insertion at a cursor has.
        start, end = (start - 1, end) if start else (start, end - 1)
    return edit(document, version, start, len(old) - end - 1, new[start : len(new) - end])


def edit(
    document: Document, version: int, first: int, last: int, replacement: Sequence[str]
) -> Document:
    """Replace line indexes `first` up to and including `last` by the lines of `replacement`.

    Only blocks around the edit are split again. The one above may take in what is now its own (an
    `else`, an indented line), so it is always among them; so is one further above that waits for the
    end of a string.
    """
    old = document.lines
    lines = [*old[:first], *replacement, *old[last + 1 :]]
    begin = max(document.block_index(first) - 1, 0)
    if document.open_blocks:
        begin = min(begin, document.open_blocks[0])
    start = document.starts[begin] if begin else 0
    shift = len(lines) - len(old)

    def is_old_block(index: int) -> bool:
        """Whether a block of the old text, below the edit, begins at line `index` of the new one."""
        before = index - shift
        at = bisect_left(document.starts, before)
        return before > last and at < len(document.blocks) and document.starts[at] == before

    found, reached = _split(lines, start, is_old_block)
    resume = len(document.blocks)
    if reached is not None:
        resume = bisect_left(document.starts, reached - shift)
    between = _kept(document.blocks[begin:resume], found)
    blocks = [*document.blocks[:begin], *between, *document.blocks[resume:]]
    if begin == 0:
        lead = len(lines) - sum(block.height for block in blocks)
        return Document(document.uri, version, lines, lead, blocks)
    edited = Document(document.uri, version, lines, document.lead, blocks)
    _hand_on(document, edited, begin, between, resume, shift)
    return edited


def _hand_on(
    old: Document, new: Document, begin: int, between: Sequence[Block], resume: int, shift: int
) -> None:
    """Carry over to `new` what is known of `old`: only `between`, after block `begin`, is not in it.

    Working it out anew for thousands of blocks would take longer than the rest of a key stroke.
    """
    starts = old.starts[: begin + 1]
    rest = old.starts[resume + 1 :]
    ends = accumulate((block.height for block in between), initial=starts[begin])
    new.__dict__["starts"] = [
        *starts[:begin],
        *ends,
        *([start + shift for start in rest] if shift else rest),
    ]
    moved = begin + len(between) - resume
    new.__dict__["open_blocks"] = [
        *(index for index in old.open_blocks if index < begin),
        *(begin + number for number, block in enumerate(between) if block.is_open),
        *(index + moved for index in old.open_blocks if index >= resume),
    ]


def _kept(old: Sequence[Block], new: Sequence[Block]) -> list[Block]:
    """The blocks of `new`, but those of `old`, and so their statements, while they are the same."""
    same = 0
    while same < min(len(old), len(new)) and _is_equal(old[same], new[same]):
        same += 1
    kept = [_with_height(block, new[index].height) for index, block in enumerate(old[:same])]
    return [*kept, *new[same:]]


def _is_equal(old: Block, new: Block) -> bool:
    return (old.lines, old.is_open) == (new.lines, new.is_open)


def _with_height(block: Block, height: int) -> Block:
    """The block with as many blank and comment lines after it as make it `height` lines."""
    if block.height == height:
        return block
    same = Block(block.lines, height, block.is_open)
    if "statements" in block.__dict__:
        same.__dict__["statements"] = block.statements
    return same


def settle(document: Document, spans: Sequence[Span]) -> Document:
    """The document with the statements that the interpreter found, which count.

    Blocks that agree with `spans` stay as they are, the others are made anew; all of them where the
    interpreter's grammar sees other blocks.
    """
    blocks = list(document.blocks)
    position = 0
    for number, (first, block) in enumerate(document.placed_blocks()):
        last = first + len(block.lines) - 1
        begin = position
        while position < len(spans) and spans[position].last <= last:
            position += 1
        mine = spans[begin:position]
        if mine and mine[0].first < first:
            return _from_spans(document, spans)
        if not _agree(block, mine, first):
            blocks[number] = _settled(block, mine, first)
    if position < len(spans):
        return _from_spans(document, spans)
    return replace(document, blocks=blocks)


def _agree(block: Block, spans: Sequence[Span], first: int) -> bool:
    if "statements" not in block.__dict__:
        # The block was not parsed yet: what the interpreter saw saves parsing it.
        block.__dict__["statements"] = block.split(spans, first)
    known = block.statements
    if not spans and len(known) == 1 and known[0].is_broken:
        return True
    return [(s.offset + first, s.height, s.is_broken) for s in known] == [
        (each.first, each.last - each.first + 1, False) for each in spans
    ]


def _settled(block: Block, spans: Sequence[Span], first: int) -> Block:
    settled = Block(block.lines, block.height, block.is_open)
    settled.__dict__["statements"] = settled.split(spans, first)
    return settled


def _from_spans(document: Document, spans: Sequence[Span]) -> Document:
    groups: list[list[Span]] = []
    for each in spans:
        if groups and each.first <= max(s.last for s in groups[-1]):
            groups[-1].append(each)
        else:
            groups.append([each])
    blocks = []
    for number, group in enumerate(groups):
        first, last = group[0].first, max(each.last for each in group)
        end = groups[number + 1][0].first if number + 1 < len(groups) else len(document.lines) + 1
        block = Block(tuple(document.lines[first - 1 : last]), end - first)
        block.__dict__["statements"] = block.split(group, first)
        blocks.append(block)
    lead = groups[0][0].first - 1 if groups else len(document.lines)
    return replace(document, lead=lead, blocks=blocks)


def _split(
    lines: Sequence[str], start: int, may_stop: Callable[[int], bool]
) -> tuple[list[Block], int | None]:
    """Blocks of `lines` from index `start` on, and the index at which `may_stop` ended the work."""
    found = list(cut(lines, start, may_stop))
    after = found[-1].last if found else start
    # `cut` stops at the first beginning of a block that it may stop at; only blank and comment lines,
    # and what is indented below them, come between.
    reached = next((i for i in range(after, len(lines)) if may_stop(i)), None) if found else None
    ends = [block.first - 1 for block in found[1:]]
    ends.append(len(lines) if reached is None else reached)
    blocks = [
        Block(tuple(lines[block.first - 1 : block.last]), end - block.first + 1, block.is_open)
        for block, end in zip(found, ends, strict=False)
    ]
    return blocks, reached


def _never(_: int) -> bool:
    return False
