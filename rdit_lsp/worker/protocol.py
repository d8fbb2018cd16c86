"""The wire protocol between server and worker: how one message becomes bytes and back.

Knows nothing of sockets, processes or what the messages mean. Shared by both sides, so it is written
for Python 3.8 and imports only what both have.

A frame is a four-byte big-endian length and that many bytes. Requests (server to worker) are
marshalled: the server is trusted, `marshal` is built in and its version 2 reads the same on every
CPython. Replies (worker to server) are JSON: whatever user code manages to write into the channel,
decoding it can do the server no harm.
"""

import marshal

if False:  # `typing` takes as long to import as all of the worker; only type checkers need it.
    from typing import Any, Dict

    Message = Dict[str, Any]

VERSION = 3
"""Changes with every change of a message. `Ready` carries it; a mismatch is reported, not guessed."""

LIMIT = 1 << 28
"""The largest frame in bytes that either side accepts."""

_HEADER = 4
_MARSHAL_VERSION = 2


class ProtocolError(Exception):
    """The other side sent bytes that are no frame of this protocol."""


def encode_request(message: "Message") -> bytes:
    """The frame of `message`, a dict of str, int, float, bool, None, bytes, list and dict."""
    return _frame(marshal.dumps(message, _MARSHAL_VERSION))


def decode_request(payload: bytes) -> "Message":
    """The message of a request's payload."""
    message: "Message" = marshal.loads(payload)
    return message


def encode_reply(message: "Message") -> bytes:
    """The frame of `message`, a dict of JSON's own types; lone surrogates in text survive."""
    return _frame(_json(message).encode())  # ASCII: everything else is escaped.


def decode_reply(payload: bytes) -> "dict[str, object]":
    """The message of a reply's payload.

    Raises ProtocolError when it is not a JSON object.
    """
    import json

    try:
        # As text: of bytes it would look first which encoding they are in.
        message: object = json.loads(str(payload, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a frame that is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"a frame that is not an object: {message!r:.80}")
    return message


class Frames:
    """Cuts a stream of bytes into the payloads of its frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> "list[bytes]":
        """The payloads completed by `data`. Raises ProtocolError for a length over LIMIT."""
        held = self._held
        held += data
        payloads = []
        start = 0
        while len(held) - start >= _HEADER:
            size = int.from_bytes(held[start : start + _HEADER], "big")
            if size > LIMIT:
                raise ProtocolError(f"a frame of {size} bytes")
            end = start + _HEADER + size
            if len(held) < end:
                break
            payloads.append(bytes(held[start + _HEADER : end]))
            start = end
        del held[:start]
        return payloads


def _frame(payload: bytes) -> bytes:
    if len(payload) > LIMIT:
        raise ProtocolError(f"a message of {len(payload)} bytes")
    return len(payload).to_bytes(_HEADER, "big") + payload


def _escape(text: str) -> str:
    """JSON's form of a string, in ASCII. Replaced below by the C version where there is one."""
    import json

    return json.dumps(text)


try:
    # The `json` package costs a fifth of a bare interpreter's start; the worker needs one function.
    from _json import encode_basestring_ascii as _escape  # type: ignore[assignment]
except ImportError:
    pass


def _json(value: "Any") -> str:
    kind = type(value)
    if kind is str:
        return _escape(value)
    if kind is int:
        return int.__repr__(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        # JSON has no name for these three; null says "no number" to every reader.
        return float.__repr__(value) if value - value == 0.0 else "null"
    if kind is dict:
        return "{" + ",".join([_escape(str(k)) + ":" + _json(v) for k, v in value.items()]) + "}"
    if kind in (list, tuple):
        return "[" + ",".join([_json(item) for item in value]) + "]"
    raise TypeError(f"not JSON: {kind.__name__}")
