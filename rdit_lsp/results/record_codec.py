"""Records as bytes, and back; pure.

Lines of JSON: a header, the text, the program states, and a result each. The header has what tells a whole
record of this version from anything else.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from rdit_lsp.document.state_keys import Beginning, Beyond, Step
from rdit_lsp.outputs.display import Display
from rdit_lsp.results import result_codec
from rdit_lsp.results.record import Kept, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rdit_lsp.document.state_keys import Origin
    from rdit_lsp.results.result_codec import Json

_FORMAT = "rdit results 1"
"""Another number for other lines; what has another one is not read."""

LARGEST = 1 << 25
"""Bytes of a record, about."""

LARGEST_RESULT = 1 << 23
"""Bytes of one result's outputs."""


class RecordError(Exception):
    """Bytes are no record; the message says why."""


def encode(uri: str, record: Record, pause: Callable[[], None] = lambda: None) -> bytes:
    """The bytes of the record of a document; outputs that would make it too large are cut.

    `pause` is called after each result.
    """
    lines = [_dumps({"text": record.text, "meanings": record.meanings}), _states(record.states)]
    left = LARGEST - sum(map(len, lines))
    for kept in record.results:
        if kept.place is None and left <= 0:
            break
        lines.append(_dumps(_encode_kept(kept, max(min(left, LARGEST_RESULT), 0))))
        left -= len(lines[-1])
        pause()
    body = b"\n".join(lines)
    header = {"format": _FORMAT, "uri": uri, "size": len(body), "crc": zlib.crc32(body)}
    return _dumps(header) + b"\n" + body


def decode(uri: str, data: bytes) -> Record:
    """The record of a document. Raises RecordError for bytes that are not whole, or something else."""
    first, _, body = data.partition(b"\n")
    try:
        header = json.loads(first)
        _check(header, uri, body)
        text, states, *results = map(json.loads, body.split(b"\n"))
        return Record(
            text["text"],
            text["meanings"],
            list(_decode_states(states)),
            [_decode_kept(found) for found in results],
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise RecordError(f"it cannot be read: {error!r}") from error


def _check(header: Json, uri: str, body: bytes) -> None:
    if header["format"] != _FORMAT:
        raise RecordError(f"it is written as {header['format']!r}, by another version")
    if header["uri"] != uri:
        raise RecordError(f"it is of {header['uri']}")
    if (header["size"], header["crc"]) != (len(body), zlib.crc32(body)):
        raise RecordError("it is not whole")


def _dumps(value: Any) -> bytes:  # JSON
    # All of it ASCII, so that a lone surrogate, which no encoding has, comes back as it was.
    return json.dumps(value, separators=(",", ":")).encode()


def _states(states: Sequence[Origin]) -> bytes:
    """States by numbers: an edit makes all below it new ones, and their texts are the same."""
    texts: dict[str, int] = {}
    rows: list[list[Any]] = []
    for origin in states:
        if isinstance(origin, Step):
            number = texts.setdefault(origin.text, len(texts))
            read = [result_codec.encode_read(dict(origin.read))] if origin.read else []
            rows.append([origin.before, number, origin.part, *read])
        else:
            rows.append([*origin])
    return _dumps({"texts": [*texts], "states": rows})


def _decode_states(found: Json) -> Iterator[Origin]:
    texts: list[str] = found["texts"]
    for number, row in enumerate(found["states"]):
        if isinstance(row[0], str):
            yield Beginning(row[0])
            continue
        before, *step = row
        if not 0 <= before < number:
            raise ValueError(f"state {number} comes after state {before}")
        if not step:
            yield Beyond(before)
            continue
        text, part, *read = step
        contents = result_codec.decode_read(read[0]) if read else {}
        yield Step(before, texts[text], part, frozenset(contents.items()))


def _encode_kept(kept: Kept, room: int) -> Json:
    result = kept.result
    found = result_codec.encode(result, result.outputs(), room)
    if kept.state is not None:
        found["state"] = kept.state
    if kept.place is not None:
        found["place"] = kept.place
    if kept.updates:
        displays = kept.updates.values()
        found["updates"] = result_codec.encode_outputs([*displays], room)
    return found


def _decode_kept(found: Json) -> Kept:
    state, place, updates = (found.pop(name, None) for name in ("state", "place", "updates"))
    displays = map(result_codec.decode_output, updates or ())
    return Kept(
        result_codec.decode_result(**found),
        state,
        place and (place[0], place[1]),
        {each.id: each for each in displays if isinstance(each, Display) and each.id},
    )
