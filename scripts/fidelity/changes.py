"""Edits that are plausible for any Python text, drawn by chance. Pure: knows text, not rdit."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

Lines = list[str]

_NUMBER = re.compile(r"(?<![\w.])\d{1,6}(\.\d+)?(?![\w.])")
_INSERTED = ("print({n})", "print('so far', {n})", "{n}", "# A comment, {n}.", "", "{n};")
_INSERTED_OF_NAME = ("print(type({name}))", "print({name})", "{name}", "{name};")


@dataclass(frozen=True)
class Change:
    """A new text, and what was done to the old one."""

    lines: Lines
    what: str


def change(lines: Lines, chance: Random) -> Change:
    """One edit: a number, a statement deleted, doubled, moved, inserted, or ended with `;`.

    Where the kind drawn finds nothing to work on, something is inserted.
    """
    spans = _spans(lines)
    kinds = [_number, _number, _number, _delete, _double, _swap, _insert, _insert, _semicolon]
    found = chance.choice(kinds)(lines, spans, chance) if spans else None
    return found or _insert(lines, spans, chance)


def _spans(lines: Lines) -> list[tuple[int, int]]:
    """First and last line index of each top-level statement; none where the text is broken."""
    try:
        body = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError):
        return []
    spans = []
    for node in body:
        decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
        first = min([node.lineno, *(each.lineno for each in decorators)])
        spans.append((first - 1, (node.end_lineno or first) - 1))
    return spans


def _number(lines: Lines, spans: list[tuple[int, int]], chance: Random) -> Change | None:
    places = [
        (index, found)
        for first, last in spans
        for index in range(first, last + 1)
        for found in _NUMBER.finditer(lines[index].partition("#")[0])
    ]
    if not places:
        return None
    index, found = chance.choice(places)
    old = found[0]
    new = (
        f"{float(old) * 1.1:.4g}" if "." in old else str(max(int(old) + chance.choice((-1, 1)), 0))
    )
    line = lines[index]
    changed = line[: found.start()] + new + line[found.end() :]
    return Change(_replaced(lines, index, index, [changed]), f"line {index + 1}: {old} -> {new}")


def _delete(lines: Lines, spans: list[tuple[int, int]], chance: Random) -> Change:
    first, last = chance.choice(spans)
    return Change(_replaced(lines, first, last, []), f"delete lines {first + 1}-{last + 1}")


def _double(lines: Lines, spans: list[tuple[int, int]], chance: Random) -> Change:
    first, last = chance.choice(spans)
    twice = lines[first : last + 1] * 2
    return Change(_replaced(lines, first, last, twice), f"double lines {first + 1}-{last + 1}")


def _swap(lines: Lines, spans: list[tuple[int, int]], chance: Random) -> Change | None:
    number = chance.randrange(len(spans))
    if number + 1 >= len(spans) or spans[number][1] >= spans[number + 1][0]:
        return None
    (first, last), (begin, end) = spans[number], spans[number + 1]
    between = lines[last + 1 : begin]
    swapped = [*lines[begin : end + 1], *between, *lines[first : last + 1]]
    what = f"swap lines {first + 1}-{last + 1} and {begin + 1}-{end + 1}"
    return Change(_replaced(lines, first, end, swapped), what)


def _insert(lines: Lines, spans: list[tuple[int, int]], chance: Random) -> Change:
    index = chance.choice([*(first for first, _ in spans), len(lines)])
    above = "\n".join(lines[:index])
    names = sorted(set(re.findall(r"^([a-zA-Z]\w*) = ", above, re.MULTILINE)))
    if names and chance.random() < 0.5:
        new = chance.choice(_INSERTED_OF_NAME).format(name=chance.choice(names))
    else:
        new = chance.choice(_INSERTED).format(n=chance.randrange(100))
    return Change([*lines[:index], new, *lines[index:]], f"insert {new!r} at line {index + 1}")


def _semicolon(lines: Lines, spans: list[tuple[int, int]], chance: Random) -> Change | None:
    last = chance.choice(spans)[1]
    line = lines[last]
    if "#" in line or line.startswith((" ", "\t")) or line.rstrip().endswith((";", "\\")):
        return None
    return Change(_replaced(lines, last, last, [f"{line};"]), f"end line {last + 1} with ;")


def _replaced(lines: Lines, first: int, last: int, new: Lines) -> Lines:
    return [*lines[:first], *new, *lines[last + 1 :]]
