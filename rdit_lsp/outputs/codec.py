"""Outputs from the messages of a worker, and as the JSON of `docs/protocol.md`; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rdit_lsp.outputs.display import Display, Json
from rdit_lsp.outputs.failure import Failure, Frame
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import abridged, printable

if TYPE_CHECKING:
    from rdit_lsp.outputs.output import Output


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


def _bounded(value: Any, limit: int | None) -> Any:  # data of any MIME type
    if limit is None or not isinstance(value, str) or len(value) <= limit:
        return value
    half = limit // 2
    return abridged(value[:half], value[-half:], len(value) - 2 * half, None)


def _display_as_json(output: Display, limit: int | None) -> Json:
    """What is over the limit is named and left out: half a picture or half a table is of no use."""
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
    elif limit is None and output.layout:
        metadata = {**metadata, "rdit": {**output.about, "pretty": output.layout}}
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
