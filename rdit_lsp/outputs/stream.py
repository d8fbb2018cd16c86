"""What a program wrote to stdout or stderr: bounded in memory, whole on disk."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING, Literal, TypeAlias

from rdit_lsp.outputs.text import abridged, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


log = logging.getLogger(__name__)

StreamName: TypeAlias = Literal["stdout", "stderr"]


HELD = 1 << 18
"""Bytes of one stream's text held at its start, and as many at its end; the rest is on disk only."""


MOST_STORED = 1 << 32
"""Bytes of one stream that are kept on disk."""


LONGEST = 1 << 24
"""Bytes of one stream that are ever put into a message. Of a longer one the file's path is told."""


class Stream:
    """Consecutive text of stdout or stderr."""

    def __init__(self, name: StreamName, spill: Path) -> None:
        """`spill` is where the whole goes once there is more than is held."""
        self.name = name
        self.size = 0
        """Bytes so far."""
        self._head = bytearray()
        self._tail = bytearray()
        self._spill = spill
        self._stored = 0
        """Bytes on disk, from the start."""
        self._is_storing = True
        self._remove: Callable[[], object] | None = None

    def append(self, data: bytes) -> None:
        """Add `data` at the end."""
        self.size += len(data)
        if self._stored:
            self._store(data)
        room = HELD - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if not self._stored and len(self._tail) > HELD:
            # Whoever lets go of the output lets go of the file.
            self._remove = weakref.finalize(self, self._spill.unlink, missing_ok=True)
            self._store(self._head + self._tail)
        if self._stored and len(self._tail) > 2 * HELD:
            del self._tail[:-HELD]

    def _store(self, data: bytes | bytearray) -> None:
        """Write to disk, as long as there is room: an endless loop must not fill it."""
        if self._is_storing and self._stored < MOST_STORED:
            try:
                with self._spill.open("ab", buffering=0) as file:
                    file.write(data)
            except OSError as error:
                log.warning("output is cut, %s cannot be written: %s", self._spill, error)
                self._is_storing = False
        self._stored += len(data)

    @property
    def path(self) -> Path | None:
        """The file that holds the whole, where only its start and end are held."""
        return self._spill if self._stored else None

    def discard(self) -> None:
        """Remove the file now; nobody is to see this output again."""
        if self._remove is not None:
            self._remove()
            self._is_storing = False

    def text(self, limit: int | None = None) -> str:
        """The text held, with a line that says what is left out; at most about `limit` characters."""
        if not self._stored:
            whole = decode(bytes(self._head + self._tail))
            if limit is None or len(whole) <= limit:
                return whole
            half = limit // 2
            return abridged(whole[:half], whole[-half:], len(whole) - 2 * half, None)
        half = HELD if limit is None else min(HELD, limit // 2)
        head, tail = bytes(self._head[:half]), bytes(self._tail[-half:])
        left_out = self.size - len(head) - len(tail)
        return abridged(decode(head), decode(tail), left_out, self._spill)

    def complete(self) -> str:
        """All of it, read back from disk, unless it is longer than a message should be."""
        if not self._stored or self.size > LONGEST:
            return self.text()
        return decode(self._spill.read_bytes())

    def pieces(self) -> Iterator[bytes]:
        """All of it, a piece at a time."""
        if not self._stored:
            yield bytes(self._head + self._tail)
            return
        with self._spill.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
