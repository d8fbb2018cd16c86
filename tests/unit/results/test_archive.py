"""Records on disk: private, bounded, and never more than a line in the log when something is wrong."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.results import ran_well

from rdit_lsp.results import archive
from rdit_lsp.results.archive import Archive, cache_folder
from rdit_lsp.results.record import Record, record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

URI = "file:///d.py"


def record(text: str = "a = 1\na") -> Record:
    """The record of a document all of which has run."""
    found = asyncio.run(record_of(ran_well(text)))
    assert found is not None
    return found


def only_file(folder: Path) -> Path:
    """The one file below a folder."""
    (found,) = (path for path in folder.rglob("*") if path.is_file())
    return found


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o002)
    yield
    os.umask(before)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """Results would not come back, or those of another document would."""
    Archive(tmp_path).save(URI, record())
    Archive(tmp_path).save("file:///other.py", record("b"))
    found = Archive(tmp_path).load(URI)
    assert found is not None
    assert "a = 1\na" == found.text
    assert Archive(tmp_path).load("file:///third.py") is None


def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    """Outputs hold secrets."""
    folder = tmp_path / "made" / "rdit"
    Archive(folder).save(URI, record())
    path = only_file(folder)
    assert [0o600, 0o700, 0o700] == [
        each.stat().st_mode & 0o777 for each in (path, path.parent, folder)
    ]


def test_a_folder_that_others_may_read_is_closed(tmp_path: Path) -> None:
    """A folder made by hand would let names and sizes be seen, and files be removed."""
    (tmp_path / "results").mkdir(mode=0o777)
    (tmp_path / "results").chmod(0o777)
    Archive(tmp_path).save(URI, record())
    assert 0o700 == (tmp_path / "results").stat().st_mode & 0o777


def test_no_record_removes_the_file(tmp_path: Path) -> None:
    """Results would come back that were forgotten by hand."""
    kept = Archive(tmp_path)
    kept.save(URI, None)
    kept.save(URI, record())
    kept.save(URI, None)
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_a_folder_nothing_is_kept() -> None:
    """A user without a home would get an exception at each run."""
    kept = Archive(None)
    kept.save(URI, record())
    assert kept.load(URI) is None


@pytest.mark.parametrize("is_half", [True, False])
def test_a_broken_file_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_half: bool
) -> None:
    """A server that was killed, or another program, would keep a document from being opened."""
    kept = Archive(tmp_path)
    kept.save(URI, record())
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-20] if is_half else b"\x89PNG")
    assert [None, None] == [kept.load(URI), kept.load(URI)]
    assert 1 == len(lines(caplog))
    kept.save(URI, record())
    assert kept.load(URI) is not None


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "shared"])
def test_a_file_of_another_kind_or_owner_is_not_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """A file planted by another user would be shown as results, or a pipe hold up the server."""
    kept = Archive(tmp_path)
    kept.save(URI, record())
    path = only_file(tmp_path)
    moved = path.rename(tmp_path / "moved")
    if kind == "link":
        path.symlink_to(moved)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        moved.rename(path).chmod(0o622)
    assert kept.load(URI) is None
    assert 1 == len(lines(caplog))


def test_a_folder_of_another_user_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results would be written where another user can read them."""
    monkeypatch.setattr(archive.os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    Archive(tmp_path).save(URI, record())
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]
    assert 1 == len(lines(caplog))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_full_disk_loses_nothing(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """A run would fail for the sake of its cache, the last results be gone, or the log be filled."""
    kept = Archive(tmp_path)
    kept.save(URI, record())

    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(archive.Path, "replace", refuse)
        kept.save(URI, record("b"))
        kept.save(URI, record("c"))
    found = kept.load(URI)
    assert found is not None
    assert "a = 1\na" == found.text
    assert only_file(tmp_path).suffix == ".results"
    assert 1 == len(lines(caplog))
    assert os.strerror(number) in lines(caplog)[0]


def test_a_file_in_the_place_of_the_folder_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting that names a file would end runs."""
    (tmp_path / "file").write_text("mine")
    kept = Archive(tmp_path / "file")
    kept.save(URI, record())
    assert kept.load(URI) is None
    assert "mine" == (tmp_path / "file").read_text()
    assert lines(caplog)


def test_two_servers_write_one_document(tmp_path: Path) -> None:
    """Two editors on one file would make a file of two halves."""
    records = [record(f"a = {number}\n" * 50) for number in range(4)]

    def write(each: Record) -> None:
        for _ in range(25):
            Archive(tmp_path).save(URI, each)

    threads = [threading.Thread(target=write, args=(each,)) for each in records]
    for thread in threads:
        thread.start()
    seen = set()
    while any(thread.is_alive() for thread in threads):
        found = Archive(tmp_path).load(URI)
        seen.add(found.text if found is not None else None)
    for thread in threads:
        thread.join()
    last = Archive(tmp_path).load(URI)
    assert last is not None
    assert seen - {None} <= {each.text for each in records}
    assert only_file(tmp_path).suffix == ".results"


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    """Documents of years would fill the disk, or the one that is open be dropped."""
    Archive(tmp_path).save("file:///0.py", record())
    size = only_file(tmp_path).stat().st_size
    kept = Archive(tmp_path, largest=int(3.5 * size))
    for number in range(1, 3):
        kept.save(f"file:///{number}.py", record())
    times = {path: at for at, path in enumerate(sorted((tmp_path / "results").iterdir()))}
    for path in times:
        os.utime(path, (1000, 1000))
    assert kept.load("file:///0.py") is not None  # So it was used last.
    kept.save("file:///3.py", record())
    kept.save("file:///4.py", record())
    left = [n for n in range(5) if kept.load(f"file:///{n}.py") is not None]
    assert [0, 3, 4] == left


def test_a_document_larger_than_all_is_kept_alone(tmp_path: Path) -> None:
    """The document that has just run would have nothing on disk."""
    kept = Archive(tmp_path, largest=10)
    kept.save("file:///0.py", record())
    kept.save(URI, record())
    assert kept.load(URI) is not None
    assert kept.load("file:///0.py") is None


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    """Each kill would leave a file for ever; and one that is being written must not be removed."""
    Archive(tmp_path).save(URI, record())
    old, new, foreign = (
        (tmp_path / "results" / name) for name in ("a.part", "b.part", "notes.txt")
    )
    for path in (old, new, foreign):
        path.touch()
    for path in (old, foreign):
        os.utime(path, (1000, 1000))
    Archive(tmp_path).save(URI, record())
    assert [False, True, True] == [path.exists() for path in (old, new, foreign)]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"RDIT_CACHE_DIR": "/c/ d"}, "/c/ d"),
        ({"RDIT_CACHE_DIR": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/rdit"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/rdit"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/rdit"),
        ({"HOME": "h"}, None),
    ],
)
def test_the_folder_is_the_users(
    environ: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results would lie where the user does not look, or in the folder of the project."""
    monkeypatch.setattr(archive.sys, "platform", "linux")
    assert expected == (None if (found := cache_folder(environ)) is None else str(found))
    monkeypatch.setattr(archive.sys, "platform", "darwin")
    assert Path("/h/Library/Caches/rdit") == cache_folder({"HOME": "/h"})
