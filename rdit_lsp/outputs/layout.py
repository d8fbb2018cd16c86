"""Nested data that Python has written on one line, laid out over several.

Pure: text in, text out. It knows brackets, commas and strings, so it serves every `repr` that looks like
Python: containers, dataclasses, what libraries make in their manner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

WIDTH = 88
"""Characters of a line, about."""

LONGEST = 100_000
"""Characters of a text that is laid out: it takes a microsecond each."""

_DEEPEST = 60
_SHORT = 24
"""Characters up to which items share a line."""

_TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\[({]|[\])}]|,|[^\[\](){},'"]+|['"]""")
_CLOSES = {"[": "]", "(": ")", "{": "}"}

_Part: TypeAlias = "str | _Group"
_Item: TypeAlias = "list[_Part]"


@dataclass
class _Group:
    """What is between two brackets."""

    begin: str
    items: list[_Item] = field(default_factory=lambda: [[]])
    length: int = 2
    """Characters that it has on one line."""


def laid_out(text: str) -> str:
    """`text` with a line for each item of what does not fit into one; empty where that is nothing new."""
    if len(text) <= WIDTH or len(text) > LONGEST or "\n" in text:
        return ""
    whole = _parsed(text)
    if whole is None:
        return ""
    found = _item(whole, 0, 0)
    return found if "\n" in found else ""


def _parsed(text: str) -> _Item | None:
    """The parts of `text`; None where its brackets do not match, or are too many within each other."""
    whole: _Item = []
    item, open_groups = whole, list[_Group]()
    for token in _TOKEN.findall(text):
        if token in _CLOSES:
            group = _Group(token)
            item.append(group)
            open_groups.append(group)
            item = group.items[-1]
        elif token in ("]", ")", "}"):
            if not open_groups or _CLOSES[open_groups[-1].begin] != token:
                return None
            closed = open_groups.pop()
            closed.length = _length(closed)
            item = open_groups[-1].items[-1] if open_groups else whole
        elif token == "," and open_groups:
            item = []
            open_groups[-1].items.append(item)
        else:
            item.append(token if item else token.lstrip())
        if len(open_groups) > _DEEPEST:
            return None
    return None if open_groups else whole


def _length(group: _Group) -> int:
    return 2 * len(group.items) + sum(_item_length(item) for item in group.items)


def _item_length(item: _Item) -> int:
    return sum(len(part) if isinstance(part, str) else part.length for part in item)


def _flat(item: _Item) -> str:
    return "".join(
        part
        if isinstance(part, str)
        else f"{part.begin}{', '.join(map(_flat, part.items))}{_CLOSES[part.begin]}"
        for part in item
    )


def _item(item: _Item, indent: int, behind: int) -> str:
    """`item` in the room behind `indent`, with `behind` characters after it."""
    if indent + _item_length(item) + behind <= WIDTH:
        return _flat(item)
    return "".join(part if isinstance(part, str) else _broken(part, indent) for part in item)


def _broken(group: _Group, indent: int) -> str:
    """A group with its items on lines of their own; short ones share lines."""
    inner = indent + 4
    lines = [group.begin]
    has_room = False
    items = [item for item in group.items if item]
    for item in items:
        text = _item(item, inner, 1) + ("," if item is not items[-1] or len(items) == 1 else "")
        is_short = len(text) <= _SHORT and "\n" not in text
        if has_room and is_short and len(lines[-1]) + 1 + len(text) <= WIDTH:
            lines[-1] += " " + text
        else:
            lines.append(" " * inner + text)
        has_room = is_short
    return "\n".join([*lines, " " * indent + _CLOSES[group.begin]]) if items else _flat([group])
