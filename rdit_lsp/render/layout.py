"""Nested data over several lines: the text of a list of dictionaries is one long line otherwise.

Pure, text to text. It works on what `repr` has written, and adds nothing but line breaks and indentation
between the items of brackets: so it calls no code of the program, and dataclasses are laid out like lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH = 79
"""Characters of a line that is left as it is."""

_LONGEST = 200_000
"""Characters beyond which nothing is laid out."""
_DEEPEST = 50
_INDENT = 4
_SHORT = 20
"""Characters of items that share lines, as the numbers of a list do."""

_NESTED = re.compile(r"[\w.]*[\[({].*[\])}]")
"""A container or an object with its fields, on one line."""

_TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\[({]|[\])}]|,\ |[^'"\[\](){},]+|.""")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@dataclass
class _Group:
    """Brackets and what is between them."""

    opening: str
    items: list[_Item] = field(default_factory=lambda: [[]])
    """Each with text and groups, without the comma and space after it."""
    length: int = 1
    """Characters on one line, both brackets included."""


_Item: TypeAlias = "list[str | _Group]"


def laid_out(text: str) -> str | None:
    """`text` over several lines; None where it is short, has several already, or is no nested data."""
    if not WIDTH < len(text) <= _LONGEST or not _NESTED.fullmatch(text):
        return None
    whole = _parsed(text)
    if whole is None:
        return None
    found = "".join(_lines(whole, 0))
    return found if "\n" in found else None


def _parsed(text: str) -> _Item | None:
    """The text as parts; None where its brackets do not match."""
    open_groups = [_Group("")]
    for token in _TOKEN.findall(text):
        current = open_groups[-1]
        if token in _PAIRS:
            if len(open_groups) > _DEEPEST:
                return None
            open_groups.append(_Group(token))
            continue
        if token in _PAIRS.values():
            if _PAIRS.get(current.opening) != token:
                return None
            open_groups.pop()
            current.length += 1
            open_groups[-1].items[-1].append(current)
            open_groups[-1].length += current.length
            continue
        current.length += len(token)
        if token == ", " and current.opening:
            current.items.append([])
        else:
            current.items[-1].append(token)
    return open_groups[0].items[0] if len(open_groups) == 1 else None


def _lines(item: _Item, indent: int) -> Iterator[str]:
    """The text of an item that begins at column `indent`, its groups over several lines where they must."""
    column = indent
    for part in item:
        if isinstance(part, str):
            column += len(part)
            yield part
        elif column + part.length <= WIDTH or not any(part.items):
            column += part.length
            yield _flat(part)
        else:
            column = indent + 1
            yield from _over_lines(part, indent)


def _over_lines(group: _Group, indent: int) -> Iterator[str]:
    inner = "\n" + " " * (indent + _INDENT)
    may_share = _are_short(group.items)
    yield group.opening
    column = WIDTH
    for number, item in enumerate(group.items):
        is_last = number == len(group.items) - 1
        length = _length(item) + 2
        if may_share and number and column + length <= WIDTH:
            yield " "
            column += length
        else:
            yield inner
            column = indent + _INDENT + length
        yield from _lines(item, indent + _INDENT)
        yield "" if is_last else ","
    yield "\n" + " " * indent + _PAIRS[group.opening]


def _are_short(items: Sequence[_Item]) -> bool:
    return all(
        len(item) == 1 and isinstance(item[0], str) and len(item[0]) <= _SHORT for item in items
    )


def _length(item: _Item) -> int:
    return sum(len(part) if isinstance(part, str) else part.length for part in item)


def _flat(group: _Group) -> str:
    inside = ", ".join(
        "".join(part if isinstance(part, str) else _flat(part) for part in item)
        for item in group.items
    )
    return f"{group.opening}{inside}{_PAIRS[group.opening]}"
