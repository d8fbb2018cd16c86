"""What a program wrote to stdout or stderr: bounded in memory, whole on disk."""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from rdit_lsp.outputs.text import abridged, decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


log = logging.getLogger(__name__)

StreamName: TypeAlias = Literal["stdout", "stderr"]

HELD = 1 << 18
"""Bytes of one stream's text held at its start, and as many at its end; the rest is on disk only."""

MOST_STORED = 1 << 32
"""Bytes of one stream that are kept on disk."""

LONGEST = 1 << 24
"""Bytes of one stream that go into a message at most. For a longer one it has the path of the file."""


@dataclass(frozen=True, eq=False)
class Stream:
    """Consecutive text of stdout or stderr, as it was at one moment."""

    name: StreamName
    head: bytes
    """Its first bytes; all of them where `spill` is None."""
    tail: bytes
    """Its last bytes, if it is longer than what `head` holds."""
    size: int
    """Bytes of the whole."""
    spill: Spill | None = None
    """The file that holds the whole, where it is longer than head and tail."""

    @property
    def path(self) -> Path | None:
        """The file that holds the whole, where only its start and end are held."""
        return self.spill.path if self.spill is not None else None

    def text(self, limit: int | None = None) -> str:
        """The text held, with a line that says what is left out; at most about `limit` characters."""
        if self.spill is None:
            whole = decode(self.head + self.tail)
            if limit is None or len(whole) <= limit:
                return whole
            half = limit // 2
            return abridged(whole[:half], whole[-half:], len(whole) - 2 * half, None)
        half = HELD if limit is None else min(HELD, limit // 2)
        head, tail = self.head[:half], self.tail[-half:]
        left_out = self.size - len(head) - len(tail)
        return abridged(decode(head), decode(tail), left_out, self.spill.path)

    def complete(self) -> str:
        """All of it, read back from disk, unless it is longer than a message should be."""
        if self.spill is None or self.size > LONGEST:
            return self.text()
        return decode(b"".join(self.pieces()))

    def pieces(self) -> Iterator[bytes]:
        """All of it, a piece at a time."""
        if self.spill is None:
            yield self.head + self.tail
            return
        left = self.size
        with self.spill.path.open("rb") as file:
            while left > 0 and (piece := file.read(min(left, 1 << 20))):
                left -= len(piece)
                yield piece


class StreamBuffer:
    """A stream that grows."""

    def __init__(self, name: StreamName, path: Path) -> None:
        """`path` is the file for the whole, once it is longer than what is held."""
        self.name = name
        self._path = path
        self._size = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._spill: Spill | None = None
        self._frozen: Stream | None = None

    def append(self, data: bytes) -> None:
        """Add `data` at the end."""
        self._frozen = None
        self._size += len(data)
        if self._spill is not None:
            self._spill.store(data)
        room = HELD - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if self._spill is None and len(self._tail) > HELD:
            self._spill = Spill(self._path)
            self._spill.store(self._head + self._tail)
        if self._spill is not None and len(self._tail) > 2 * HELD:
            del self._tail[:-HELD]

    def freeze(self) -> Stream:
        """The stream as it is now; the same object as long as nothing is appended."""
        if self._frozen is None:
            head, tail = bytes(self._head), bytes(self._tail)
            self._frozen = Stream(self.name, head, tail, self._size, self._spill)
        return self._frozen

    def discard(self) -> None:
        """Remove the file now: this output will not be shown again."""
        if self._spill is not None:
            self._spill.discard()


class Spill:
    """The file of a stream that is longer than what is held of it; removed with the last reference."""

    def __init__(self, path: Path) -> None:
        """The file is made by the first `store`."""
        self.path = path
        self._stored = 0
        self._is_storing = True
        self._remove = weakref.finalize(self, path.unlink, missing_ok=True)

    def store(self, data: bytes | bytearray) -> None:
        """Write at its end, as long as there is room: an endless loop must not fill the disk."""
        if self._is_storing and self._stored < MOST_STORED:
            try:
                with self.path.open("ab", buffering=0) as file:
                    file.write(data)
            except OSError as error:
                log.warning("output is cut, %s cannot be written: %s", self.path, error)
                self._is_storing = False
        self._stored += len(data)

    def discard(self) -> None:
        """Remove the file now."""
        self._remove()
        self._is_storing = False
