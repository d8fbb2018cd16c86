"""Columns: characters on our side, code units of the negotiated encoding on the client's.

Pure. All three encodings of LSP 3.17 are met in practice. Python's own strings count code points.
"""

from __future__ import annotations

from typing import TypeAlias

Encoding: TypeAlias = str
"""`utf-8`, `utf-16` or `utf-32`, as in LSP's `PositionEncodingKind`."""


def to_units(line: str, column: int, encoding: Encoding) -> int:
    """Code units before character `column` of `line`; a column past the end is the end."""
    if line.isascii() or encoding == "utf-32":
        return min(column, len(line))
    before = line[:column]
    if encoding == "utf-8":
        return len(before.encode("utf-8", "surrogatepass"))
    return len(before.encode("utf-16-le", "surrogatepass")) // 2


def from_units(line: str, units: int, encoding: Encoding) -> int:
    """The character of `line` that `units` code units come before."""
    if line.isascii() or encoding == "utf-32":
        return min(units, len(line))
    if encoding == "utf-8":
        return len(line.encode("utf-8", "surrogatepass")[:units].decode("utf-8", "ignore"))
    before = line.encode("utf-16-le", "surrogatepass")[: units * 2]
    return len(before.decode("utf-16-le", "ignore"))
