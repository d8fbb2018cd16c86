"""The `repr` of nested containers over several lines, as `pprint` lays out the objects themselves.

Pure. It has the text alone, which may hold anything that user code calls a `repr`: what does not look like
containers stays as it is.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TOKENS = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|['"()\[\]{},]""", re.DOTALL)
"""Strings, what remains of broken ones, brackets and commas."""
_NESTED = re.compile(r"[(\[{=]|: ")
"""What makes an item more than a number or a word, so that it gets a line of its own."""
_DEEPEST = 60
"""Levels that are laid out; what is deeper stays on one line."""


class _Container(NamedTuple):
    head: str
    """Up to and with the opening bracket."""
    items: list[str]
    close: str


def laid_out(text: str, width: int) -> str:
    """`text` with lines of at most `width` characters, as far as its brackets allow."""
    if "\n" in text or len(text) <= width:
        return text
    return _laid_out(text, 0, width, _DEEPEST)


def _laid_out(text: str, indent: int, width: int, levels: int) -> str:
    container = _container(text) if indent + len(text) > width and levels else None
    if container is None:
        return text
    inner = indent + len(container.head)
    items = [_laid_out(item, inner, width - 1, levels - 1) for item in container.items]
    if any(_NESTED.search(item) for item in items):
        body = (",\n" + " " * inner).join(items)
    else:
        body = _filled(items, inner, width - 1)
    return container.head + body + container.close


def _filled(items: list[str], indent: int, width: int) -> str:
    """Short items, as many as a line holds."""
    lines = [""]
    for item in items:
        if lines[-1] and indent + len(lines[-1]) + len(item) + 2 > width:
            lines[-1] += ","
            lines.append(item)
        else:
            lines[-1] += f", {item}" if lines[-1] else item
    return ("\n" + " " * indent).join(lines)


def _container(text: str) -> _Container | None:
    """The parts of a text that ends with a bracket; None where brackets or quotes do not match."""
    cuts = _cuts(text)
    if cuts is None:
        return None
    items = [text[a + 1 : b].strip() for a, b in pairwise(cuts)]
    head, close = text[: cuts[0] + 1], text[-1]
    if items[-1] == "":  # A comma at the end, or nothing at all.
        return _Container(head, items[:-1], f",{close}") if items[:-1] else None
    return _Container(head, items, close)


def _cuts(text: str) -> list[int] | None:
    """Where the bracket is that the last one closes, the commas between the two, and the last one."""
    opened: list[str] = []
    cuts: list[int] = []
    for token in _TOKENS.finditer(text):
        sign, at = token[0], token.start()
        if sign in _CLOSING:
            if not opened:  # What was before it is part of the head, such as a key that is a tuple.
                cuts = [at]
            opened.append(_CLOSING[sign])
        elif sign in _CLOSING.values():
            if not opened or opened.pop() != sign:
                return None
            cuts += [at] if not opened else []
        elif sign == ",":
            cuts += [at] if len(opened) == 1 else []
        elif len(sign) == 1:
            return None  # A quote that nothing closes.
    return cuts if not opened and cuts and cuts[-1] == len(text) - 1 else None
