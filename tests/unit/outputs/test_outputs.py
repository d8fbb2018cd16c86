"""Output: bounded in memory, whole on disk, and text whatever the bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.outputs.codec import as_json
from rdit_lsp.outputs.stream import HELD, StreamBuffer
from rdit_lsp.outputs.text import decode, last_screen, printable

if TYPE_CHECKING:
    from pathlib import Path


def test_short_output_stays_in_memory(tmp_path: Path) -> None:
    """Every `print` would make a file."""
    buffer = StreamBuffer("stdout", tmp_path / "spill")
    buffer.append(b"a")
    buffer.append(b"b\n")
    stream = buffer.freeze()
    assert ("ab\n", "ab\n", None) == (stream.text(), stream.complete(), stream.path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("piece", [1000, HELD, 3 * HELD + 1])
def test_long_output_is_whole_on_disk(tmp_path: Path, piece: int) -> None:
    """The middle of a long output would be lost, or all of it held in memory."""
    buffer = StreamBuffer("stdout", tmp_path / "spill")
    whole = bytes(range(97, 123)) * (6 * HELD // 26)
    for at in range(0, len(whole), piece):
        buffer.append(whole[at : at + piece])
    stream = buffer.freeze()
    assert (len(whole), whole.decode()) == (stream.size, stream.complete())
    text = stream.text()
    assert len(text) < 3 * HELD
    assert text.startswith(whole[:HELD].decode())
    assert text.endswith(whole[-HELD:].decode())
    assert "left out" in text
    assert len(stream.text(1000)) < 1200
    path = stream.path
    assert path is not None
    del buffer
    assert path.exists(), "what is shown still needs it"
    del stream
    assert False is path.exists()


def test_what_was_seen_stays_as_it_was(tmp_path: Path) -> None:
    """A snapshot that is read in another thread would change under it."""
    buffer = StreamBuffer("stdout", tmp_path / "spill")
    seen = []
    for number in range(8):
        buffer.append(bytes([97 + number]) * (HELD // 2))
        assert buffer.freeze() is buffer.freeze()
        seen.append(buffer.freeze())
    for number, stream in enumerate(seen, 1):
        assert number * HELD // 2 == stream.size == len(stream.complete())
        assert chr(96 + number) == stream.complete()[-1] == stream.text(100)[-1]


@given(data=st.binary(max_size=50))
def test_any_bytes_are_text(data: bytes) -> None:
    """Bytes that are not UTF-8 would stop the server, or send what JSON readers refuse."""
    text = decode(data)
    text.encode("utf-8")
    if data.isascii():
        assert data.decode() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10%\r20%\r30%", "30%"),
        ("abc\rX", "Xbc"),
        ("ab\b\bc", "cb"),
        ("a\r\nb", "a\nb"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b[2K\rdone", "done"),
        ("plain", "plain"),
    ],
)
def test_last_screen(text: str, expected: str) -> None:
    """A progress bar would show all its states, or colours their codes."""
    assert expected == last_screen(text)


def test_lone_surrogates_are_escaped() -> None:
    """Editors refuse messages with half characters."""
    assert "a\\ud800" == printable("a\ud800")


def test_json_of_a_stream(tmp_path: Path) -> None:
    """A client could not find the whole of what it got a part of."""
    buffer = StreamBuffer("stderr", tmp_path / "spill")
    buffer.append(b"x" * (4 * HELD))
    stream = buffer.freeze()
    item = as_json(stream, limit=100)
    assert ("stderr", 4 * HELD, str(tmp_path / "spill")) == (
        item["type"],
        item["size"],
        item["path"],
    )
    assert len(json.dumps(item)) < 1000
    assert "x" * (4 * HELD) == as_json(stream, complete=True)["text"]
