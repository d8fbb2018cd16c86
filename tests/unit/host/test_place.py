"""Where the host is, and which folders are refused."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from rdit_lsp.host.place import NoHostError, Place, is_turned_off, make, place_for

if TYPE_CHECKING:
    from pathlib import Path


def folder_for(**environ: object) -> str:
    return place_for({name: str(value) for name, value in environ.items()}).folder


def test_folder(tmp_path: Path) -> None:
    """Programs of one user would look for the host in different places."""
    assert str(tmp_path) == folder_for(RDIT_HOST_DIR=tmp_path, XDG_RUNTIME_DIR="/elsewhere")
    assert f"{tmp_path}/rdit" == folder_for(XDG_RUNTIME_DIR=tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's folders")
def test_folder_without_run_time_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell of `cron` would not find the host, nor would a program whose TMPDIR is its own."""
    uid = os.getuid()
    usual = (
        f"/run/user/{uid}/rdit" if os.access(f"/run/user/{uid}", os.W_OK) else f"/tmp/rdit-{uid}"
    )
    assert usual == folder_for()
    assert usual == folder_for(TMPDIR=tmp_path, XDG_RUNTIME_DIR="/nowhere")
    monkeypatch.setattr(os, "access", lambda path, _: path == str(tmp_path))
    assert f"{tmp_path}/rdit-{uid}" == folder_for(TMPDIR=tmp_path)


def test_path_that_is_too_long() -> None:
    """Systems cut it off, and the socket would be another file."""
    with pytest.raises(NoHostError, match="too long"):
        folder_for(RDIT_HOST_DIR="/" + "ä" * 45)
    assert len(os.fsencode(place_for({"RDIT_HOST_DIR": "/" + "ä" * 40}).socket)) < 100


def test_folder_is_private(tmp_path: Path) -> None:
    """Other users could see the log and the socket."""
    make(Place(str(tmp_path / "a" / "b")))
    assert 0o700 == (tmp_path / "a" / "b").stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_folder_that_others_write_to(tmp_path: Path, mode: int) -> None:
    """They could put a socket of their own there."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(NoHostError, match="other users can write"):
        make(Place(str(folder)))


def test_folder_that_is_none(tmp_path: Path) -> None:
    """The reason would be a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(NoHostError, match="File exists"):
        make(Place(str(tmp_path / "file")))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(NoHostError):
        make(Place(str(tmp_path / "dangling")))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives folders away")
def test_folder_of_another_user(tmp_path: Path) -> None:
    """Another user could read and answer what editors say."""
    os.chown(tmp_path, 12345, -1)
    with pytest.raises(NoHostError, match="belongs to another user"):
        make(Place(str(tmp_path)))
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    os.chown(link, 12345, -1, follow_symlinks=False)
    with pytest.raises(NoHostError, match="not a folder"):
        make(Place(str(link)))


def test_turned_off() -> None:
    """A person who wants no host would have one."""
    assert is_turned_off({"RDIT_HOST": "off"})
    assert is_turned_off({"RDIT_HOST": "OFF"})
    assert not is_turned_off({"RDIT_HOST": "auto"})
    assert not is_turned_off({})
