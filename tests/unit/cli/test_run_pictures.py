"""Pictures of a run: files, and the codes that draw them in a terminal."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest

from rdit_lsp.cli.inline_images import drawn, protocol_of
from rdit_lsp.cli.run_pictures import RunPictures
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.pictures import Picture

if TYPE_CHECKING:
    from pathlib import Path

RAW = b"\x89PNG" + bytes(range(256)) * 40


def figure(raw: bytes = RAW) -> Display:
    return Display("result", {"image/png": base64.b64encode(raw).decode()})


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, None),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"}, None),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "iTerm.app"}, None),
        ({"TERM": "screen", "LC_TERMINAL": "iTerm2"}, None),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux-1/default,1,0"}, None),
        ({"TERM": "xterm-kitty", "STY": "1.pts-0"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_protocol(env: dict[str, str], expected: str | None) -> None:
    """A terminal that cannot draw would show pages of letters."""
    assert expected == protocol_of(env)


@pytest.mark.parametrize("size", [10, 3072, 3073, 10_000])
def test_kitty(size: int) -> None:
    """The terminal would draw nothing, or answer into the program's input."""
    raw = RAW[:size]
    text = drawn(Picture("image/png", raw), "kitty", 80)
    assert text is not None
    commands = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in commands) == text
    assert raw == base64.b64decode("".join(data for _, data in commands))
    assert all(len(data) <= 4096 for _, data in commands)
    keys = [keys.split(",") for keys, _ in commands]
    assert ["a=T", "f=100", "q=2"] == keys[0][:3]
    assert [["m=1"]] * (len(keys) - 2) == keys[1:-1]
    assert "m=0" == keys[-1][-1]


def test_kitty_picture_that_is_wider_than_the_terminal() -> None:
    """It would be cut off at the edge."""
    wide, narrow = (Picture("image/png", RAW, width) for width in (2000, 640))
    assert ",c=79," in (drawn(wide, "kitty", 80) or "")
    assert ",c=" not in (drawn(narrow, "kitty", 80) or "")


def test_iterm() -> None:
    """The terminal would draw nothing."""
    data = base64.b64encode(RAW).decode()
    expected = f"\x1b]1337;File=inline=1;size={len(RAW)}:{data}\x07"
    assert expected == drawn(Picture("image/png", RAW), "iterm", 80)


def test_formats_that_are_not_drawn() -> None:
    """The terminal would say that the picture is broken."""
    svg = Picture("image/svg+xml", b"<svg/>")
    assert drawn(svg, "kitty", 80) is drawn(svg, "iterm", 80) is None
    assert drawn(Picture("image/jpeg", RAW), "kitty", 80) is None


def test_files(tmp_path: Path) -> None:
    """A picture would be overwritten by another, or those of earlier runs pile up."""
    env = {"XDG_CACHE_HOME": str(tmp_path), "TERM": "xterm-kitty"}
    for _ in range(2):
        pictures = RunPictures("/home/sales 2.py", env)
        shown = [
            pictures.shown(figure(RAW[:n]), line, None) for n, line in ((9, 3), (8, 3), (7, 5))
        ]
        paths = [path for path, _ in shown if path is not None]
        assert [RAW[:9], RAW[:8], RAW[:7]] == [path.read_bytes() for path in paths]
        assert [None] * 3 == [drawing for _, drawing in shown]
    [folder] = {path.parent for path in paths}
    assert 3 == len(list(folder.iterdir()))
    assert re.fullmatch(r"sales_2-[0-9a-f]{8}", folder.name)
    pictures.begin_update()
    path, drawing = pictures.shown(figure(RAW[:6]), 3, 80)
    assert (paths[0], RAW[:6]) == (path, paths[0].read_bytes())
    assert drawing is not None


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    """A run would fail for want of a place for its pictures."""
    file = tmp_path / "file"
    file.touch()
    pictures = RunPictures("/s.py", {"XDG_CACHE_HOME": str(file)})
    assert (None, None) == pictures.shown(figure(), 1, 80)


def test_display_without_a_picture() -> None:
    """A broken picture would end the run."""
    broken = Display("result", {"image/png": "x"})
    assert (None, None) == RunPictures("/s.py", {}).shown(broken, 1, 80)
