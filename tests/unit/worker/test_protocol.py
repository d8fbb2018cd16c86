"""Frames survive every way a stream can be cut, and garbage is refused."""

from __future__ import annotations

import json
import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.worker import protocol
from rdit_lsp.worker.protocol import (
    LIMIT,
    Frames,
    ProtocolError,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)

text = st.text(st.characters())
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20
)
messages = st.dictionaries(text, values, max_size=5)
requests = st.dictionaries(text, values | st.binary(), max_size=5)


@given(messages)
def test_reply_round_trip(message: dict[str, object]) -> None:
    """A reply says on the other side what it said here, whatever a program printed into it."""
    (payload,) = Frames().feed(encode_reply(message))
    assert decode_reply(payload) == message


@given(messages)
def test_reply_is_what_json_says(message: dict[str, object]) -> None:
    """The worker's own encoder, which saves it an import, agrees with the library's."""
    assert json.loads(encode_reply(message)[4:]) == json.loads(json.dumps(message))


@given(requests)
def test_request_round_trip(message: dict[str, object]) -> None:
    """Requests may hold bytes: a source that is no text."""
    (payload,) = Frames().feed(encode_request(message))
    assert decode_request(payload) == message


def test_split_at_every_byte() -> None:
    """A socket delivers in any pieces."""
    sent: list[dict[str, object]] = [{"type": "a"}, {}, {"text": "é😀" * 10, "n": [1, 2.5, None]}]
    stream = b"".join(map(encode_reply, sent))
    for cut in range(len(stream) + 1):
        frames = Frames()
        payloads = frames.feed(stream[:cut]) + frames.feed(stream[cut:])
        assert [decode_reply(payload) for payload in payloads] == sent
    frames = Frames()
    single = [payload for byte in stream for payload in frames.feed(bytes([byte]))]
    assert [decode_reply(payload) for payload in single] == sent


def test_lone_surrogates() -> None:
    """Bytes that are not UTF-8 reach Python's strings as lone surrogates."""
    message = {"text": "\udcff\ud83d", "\udc80": 1}
    assert decode_reply(encode_reply(message)[4:]) == message


def test_numbers_that_json_does_not_know() -> None:
    """They become null: other readers of JSON stop at `NaN`."""
    numbers = {"a": float("inf"), "b": float("-inf"), "c": float("nan"), "d": 1e308, "e": -0.0}
    reply = decode_reply(encode_reply({**numbers})[4:])
    assert [reply[key] for key in "abcd"] == [None, None, None, 1e308]
    assert str(reply["e"]) == "-0.0"
    assert decode_reply(encode_reply({"n": 1 << 200})[4:]) == {"n": 1 << 200}


def test_only_plain_values_are_sent() -> None:
    """A subclass could run user code while a frame is made."""

    class Text(str):
        __slots__ = ()

    for value in (Text("x"), {1}, b"x", object()):
        with pytest.raises(TypeError, match="not JSON"):
            encode_reply({"value": value})


def test_keys_need_not_be_text() -> None:
    """As `json.dumps` has it."""
    message: dict[Any, object] = {1: 2}
    assert decode_reply(encode_reply(message)[4:]) == {"1": 2}


def test_limit() -> None:
    """Neither side makes or accepts a frame that would fill the memory."""
    with pytest.raises(ProtocolError, match=f"a frame of {LIMIT + 1} bytes"):
        Frames().feed((LIMIT + 1).to_bytes(4, "big"))
    assert Frames().feed(LIMIT.to_bytes(4, "big")) == []


def test_too_large_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender finds out, not the receiver."""
    monkeypatch.setattr(protocol, "LIMIT", 10)
    with pytest.raises(ProtocolError, match="a message of"):
        encode_reply({"text": "x" * 20})


@pytest.mark.parametrize(
    "payload",
    [b"", b"x", b"[1]", b"1", b"null", b'{"a":', b"\xff\xfe", b"[" * 100_000, b'"text"', b"{} {}"],
)
def test_garbage(payload: bytes) -> None:
    """User code may write anything into the channel; the server survives it."""
    with pytest.raises(ProtocolError):
        decode_reply(payload)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Cutting never fails but for a length that is too large, and decoding only as documented."""
    try:
        for payload in Frames().feed(data):
            decode_reply(payload)
    except ProtocolError:
        pass


def test_requests_are_read_by_every_version() -> None:
    """Version 2 of `marshal` has neither references nor what came after Python 3.8."""
    frame = encode_request({"type": "x", "list": ["a", "a", "a"], "bytes": b"\xff", "none": None})
    assert marshal.loads(frame[4:]) == decode_request(frame[4:])
    assert not any(byte & 0x80 and chr(byte & 0x7F) in "isu[{" for byte in frame[4:5])
