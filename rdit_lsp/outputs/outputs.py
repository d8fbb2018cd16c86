"""What a statement put out: stream text, displays and failures, bounded in memory and whole on disk.

Knows nothing of statements or clients. `as_json` gives the shapes of `docs/protocol.md`.
"""

from __future__ import annotations

import codecs
import logging
import re
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

StreamName: TypeAlias = Literal["stdout", "stderr"]
Json: TypeAlias = dict[str, Any]

HELD = 1 << 18
"""Bytes of one stream's text held at its start, and as many at its end; the rest is on disk only."""

MOST_STORED = 1 << 32
"""Bytes of one stream that are kept on disk."""

LONGEST = 1 << 24
"""Bytes of one stream that are ever put into a message. Of a longer one the file's path is told."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


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
            return _joined(whole[:half], whole[-half:], len(whole) - 2 * half, None)
        half = HELD if limit is None else min(HELD, limit // 2)
        head, tail = bytes(self._head[:half]), bytes(self._tail[-half:])
        left_out = self.size - len(head) - len(tail)
        return _joined(decode(head), decode(tail), left_out, self._spill)

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


@dataclass(frozen=True)
class Display:
    """Something to look at: an expression's value, or what code displayed on its own."""

    kind: Literal["result", "display"]
    data: dict[str, Any]
    """MIME type to data."""
    metadata: Json = field(default_factory=dict)
    """By MIME type; under `rdit` what is known of the value: type, shape, pixels, notes."""
    id: str | None = None
    """The name by which code can replace it later."""

    @property
    def text(self) -> str:
        """Its plain text."""
        return str(self.data.get("text/plain", ""))

    @property
    def about(self) -> Json:
        """What the worker found out about the value."""
        about = self.metadata.get("rdit")
        return about if isinstance(about, dict) else {}

    @property
    def notes(self) -> list[str]:
        """Sentences on what could not be shown."""
        notes = self.about.get("notes")
        return [str(note) for note in notes] if isinstance(notes, list) else []

    @property
    def figure(self) -> int | None:
        """A number that tells the figure it shows from others of its program."""
        figure = self.about.get("figure")
        return figure if isinstance(figure, int) else None

    @property
    def is_part(self) -> bool:
        """Whether the value is only a part of the figure that stands for it."""
        return self.about.get("part") is True

    @property
    def pretty(self) -> str:
        """It as a person would write it, over several lines; empty where that is its text."""
        pretty = self.about.get("pretty")
        return pretty if isinstance(pretty, str) else ""

    @property
    def has_picture(self) -> bool:
        """Whether it can be looked at."""
        return any(mime.startswith("image/") for mime in self.data)

    @property
    def size(self) -> int:
        """Characters of all its data, about."""
        return sum(len(value) for value in self.data.values() if isinstance(value, str))


@dataclass(frozen=True)
class Frame:
    """One call of a traceback. Columns are in characters, from 0; lines from 1."""

    file: str
    line: int
    function: str
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class Failure:
    """An exception that ended a statement."""

    name: str
    value: str
    text: str
    """What `python FILE` would have printed."""
    frames: tuple[Frame, ...] = ()
    printed: bool = False
    """The program's own `sys.excepthook` has told it already."""


Output: TypeAlias = Stream | Display | Failure


def parts_shown(outputs: Iterable[Output]) -> bool | None:
    """Whether parts of figures among `outputs` stand for their figures; None where there are none."""
    parts = [output.about.get("part") for output in outputs if isinstance(output, Display)]
    return next((part for part in parts if isinstance(part, bool)), None)


def display_from(
    kind: Literal["result", "display"], data: object, metadata: object, key: object = None
) -> Display:
    """The display of a worker's message, whatever user code made of it."""
    return Display(
        kind,
        _clean(data) if isinstance(data, dict) else {},
        _clean(metadata) if isinstance(metadata, dict) else {},
        key if isinstance(key, str) else None,
    )


def failure_from(reply: Json) -> Failure:
    """The failure that a worker's reply describes."""
    frames = tuple(
        Frame(
            file=frame["file"],
            line=frame["line"],
            function=frame["function"],
            end_line=frame.get("endLine"),
            column=frame.get("column"),
            end_column=frame.get("endColumn"),
            text=frame.get("text"),
        )
        for frame in reply["frames"]
    )
    return Failure(
        printable(reply["name"]),
        printable(reply["value"]),
        printable(reply["text"]),
        frames,
        bool(reply.get("printed")),
    )


def as_json(output: Output, *, complete: bool = False, limit: int | None = None) -> Json:
    """The `OutputItem` of the public protocol.

    `complete` reads back what is on disk; `limit` bounds the characters of each text instead.
    """
    if isinstance(output, Stream):
        text = output.complete() if complete else output.text(limit)
        item: Json = {"type": output.name, "text": text}
        if output.path is not None:
            item["size"] = output.size
            item["path"] = str(output.path)
        return item
    if isinstance(output, Display):
        return _display_as_json(output, limit)
    return {
        "type": "error",
        "text": _bounded(output.text, limit),
        "name": output.name,
        "value": _bounded(output.value, limit),
        "frames": [_frame_as_json(frame) for frame in output.frames],
    }


def decode(data: bytes) -> str:
    r"""Text of bytes that need not be UTF-8: a byte that is not shows as `\xNN`.

    Lone surrogates would carry the bytes exactly, but JSON readers of real editors reject them.
    """
    return codecs.decode(data, "utf-8", "backslashreplace")


def printable(text: str) -> str:
    """`text` without lone surrogates, which JSON readers of real editors reject."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def last_screen(text: str) -> str:
    """What a terminal would show of `text` in the end: carriage returns done, no escape sequences."""
    return "\n".join(_last_state(line) for line in _ANSI.sub("", text).split("\n"))


def _last_state(line: str) -> str:
    """A line after its carriage returns and backspaces have been obeyed."""
    if "\r" not in line and "\b" not in line:
        return line
    cells: list[str] = []
    at = 0
    for piece in re.split("([\r\b])", line):
        if piece == "\r":
            at = 0
        elif piece == "\b":
            at = max(at - 1, 0)
        else:
            cells[at : at + len(piece)] = piece
            at += len(piece)
    return "".join(cells)


def size_text(size: int) -> str:
    """A number of bytes as a person would say it."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size = size // 1000 if size >= 100_000 else size / 1000  # type: ignore[assignment]  # for show
    return f"{size:.0f} GB"


def _joined(head: str, tail: str, left_out: int, path: Path | None) -> str:
    where = f", all of it is in {path}" if path else ""
    return f"{head}\n… {size_text(left_out)} left out{where} …\n{tail}"


def _bounded(value: Any, limit: int | None) -> Any:  # data of any MIME type
    if limit is None or not isinstance(value, str) or len(value) <= limit:
        return value
    half = limit // 2
    return _joined(value[:half], value[-half:], len(value) - 2 * half, None)


def _display_as_json(output: Display, limit: int | None) -> Json:
    """Half a picture or half a table helps nobody: what is over the limit is named and left out."""
    data: Json = {}
    left_out: Json = {}
    for mime, value in output.data.items():
        if mime in ("text/plain", "text/markdown"):
            data[mime] = _bounded(value, limit)
        elif limit is not None and isinstance(value, str) and len(value) > limit:
            left_out[mime] = len(value)
        else:
            data[mime] = value
    metadata = output.metadata
    if left_out:
        metadata = {**metadata, "rdit": {**output.about, "leftOut": left_out}}
    item: Json = {"type": output.kind, "text": _bounded(output.text, limit), "data": data}
    if metadata:
        item["metadata"] = metadata
    if output.id is not None:
        item["displayId"] = output.id
    return item


def _clean(value: Any) -> Any:  # JSON
    """JSON without lone surrogates, which JSON readers of real editors reject."""
    if isinstance(value, str):
        return value if value.isascii() else printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value


def _frame_as_json(frame: Frame) -> Json:
    optional = {
        "endLine": frame.end_line,
        "column": frame.column,
        "endColumn": frame.end_column,
        "text": frame.text,
    }
    found = {name: value for name, value in optional.items() if value is not None}
    return {"file": frame.file, "line": frame.line, "function": frame.function, **found}
