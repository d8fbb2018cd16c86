"""Results as JSON for the disk, and back, exactly but for outputs that are too large; pure.

Not the public protocol, which leaves out what only rdit needs: `docs/protocol.md` is `outputs/codec`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from rdit_lsp.document.project_files import Lookup
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure, Frame
from rdit_lsp.outputs.stream import HELD, Stream
from rdit_lsp.outputs.text import abridged, decode
from rdit_lsp.results.line_references import LineReferences
from rdit_lsp.results.outcome import Status
from rdit_lsp.results.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rdit_lsp.document.project_files import Dependency
    from rdit_lsp.outputs.output import Output

Json: TypeAlias = dict[str, Any]

_BRIEF = 2_000
"""Bytes or characters that are kept of an output however little room there is."""
_TOO_LARGE = "It was too large to be kept with the other results."

_FIELDS = (
    "index",
    "first",
    "seconds",
    "exit_code",
    "shows_parts",
    "note",
    "assigned",
    "off_path",
    "caught_interrupt",
    "superseded",
    "figure_is_closed",
    "ran_at",
)
_PLAIN = vars(Result(""))
"""What need not be written."""

_STATUSES = frozenset(get_args(Status))


def encode(result: Result, outputs: Sequence[Output], room: int) -> Json:
    """The JSON of a result with these outputs, of which at most about `room` characters are whole."""
    values = vars(result)
    found: Json = {"text": result.text, "status": result.status}
    found |= {name: values[name] for name in _FIELDS if values[name] != _PLAIN[name]}
    if outputs:
        found["outputs"] = encode_outputs(outputs, room)
    if result.imports:
        found["imports"] = encode_read(result.imports)
    if result.references is not None:
        places = result.references.places
        found["references"] = result.references.path, [[line, *places[line]] for line in places]
    return found


def decode_result(
    text: str,
    status: Status,
    outputs: Sequence[Json] = (),
    imports: Sequence[Any] = (),
    references: tuple[str, Sequence[Any]] | None = None,
    **fields: Any,
) -> Result:
    """The result that `encode` has written, by the names in it.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    if status not in _STATUSES or not isinstance(text, str):
        raise ValueError(f"a result with the status {status!r}")
    found = Result(text, status, captured=[decode_output(each) for each in outputs], **fields)
    if imports:
        found.imports = decode_read(imports)
    if references is not None:
        path, places = references
        found.references = LineReferences(path, {line: (i, t, at) for line, i, t, at in places})
    return found


def encode_read(read: Mapping[Dependency, bytes]) -> list[list[Any]]:
    """What a statement imported or looked for, and what was in it."""
    return [
        [list(file) if isinstance(file, Lookup) else file, content.hex()]
        for file, content in read.items()
    ]


def decode_read(found: Sequence[Any]) -> dict[Dependency, bytes]:
    """What `encode_read` has written."""
    return {
        file if isinstance(file, str) else Lookup(*file): bytes.fromhex(content)
        for file, content in found
    }


def encode_outputs(outputs: Sequence[Output], room: int) -> list[Json]:
    """The JSON of outputs; of those that there is no `room` for, as much as there is room for."""
    found = []
    for output in outputs:
        size, limit = _size(output), max(room, _BRIEF)
        found.append(_encode_output(output if size <= limit else _brief(output, limit)))
        room -= min(size, room)
    return found


def _size(output: Output) -> int:
    if isinstance(output, Failure):
        return len(output.text) + len(output.value)
    if isinstance(output, Stream):
        return output.size
    others = (value for value in output.data.values() if not isinstance(value, str))
    return output.size + sum(len(json.dumps(value)) for value in others)


def _encode_output(output: Output) -> Json:
    if isinstance(output, Stream):
        return {"stream": output.name, "text": _whole(output).decode("utf-8", "surrogateescape")}
    if isinstance(output, Display):
        return {"display": output.kind, **_without_none(vars(output), "data", "metadata", "id")}
    frames = [_without_none(vars(frame), *vars(frame)) for frame in output.frames]
    return {**vars(output), "frames": frames}


def decode_output(found: Json) -> Output:
    """An output that `encode_outputs` has written."""
    if "stream" in found:
        data = found["text"].encode("utf-8", "surrogateescape")
        return Stream(found["stream"], data, b"", len(data))
    if "display" in found:
        data, metadata = dict(found["data"]), dict(found.get("metadata", {}))
        return Display(found["display"], data, metadata, found.get("id"))
    frames = tuple(Frame(**frame) for frame in found["frames"])
    return Failure(**{**found, "frames": frames})


def _whole(stream: Stream) -> bytes:
    try:
        return b"".join(stream.pieces())
    except OSError:  # Its file is gone: the result was dropped meanwhile, or the disk is full.
        return _brief_stream(stream, stream.size).head


def _brief(output: Output, limit: int) -> Output:
    """What is kept of an output that is too large: its beginning and end, or what it is."""
    if isinstance(output, Stream):
        return _brief_stream(output, limit)
    if isinstance(output, Failure):
        return replace(output, value=output.value[:_BRIEF], text=output.text[-limit:])
    text = output.text
    data = {"text/plain": text if len(text) <= _BRIEF else f"{text[:_BRIEF]} …"}
    about = {key: value for key, value in output.about.items() if key != "pretty"}
    about["notes"] = [*output.notes, _TOO_LARGE]
    return Display(output.kind, data, {"rdit": about}, output.id)


def _brief_stream(stream: Stream, limit: int) -> Stream:
    held = stream.head + stream.tail
    half = min(limit // 2, HELD)  # What lies beyond is not held.
    head, tail = held[:half], held[-half:]
    left_out = stream.size - len(head) - len(tail)
    text = abridged(decode(head), decode(tail), left_out, None).encode()
    return Stream(stream.name, text, b"", len(text))


def _without_none(values: Mapping[str, Any], *names: str) -> Json:
    return {name: values[name] for name in names if values[name] is not None}
