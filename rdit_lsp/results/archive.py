"""Records of documents in files of the user's cache folder, which other servers read and write as well.

A file is private to the user, replaced as a whole, and no more than a convenience: whatever is wrong with
it or with the disk is a line in the log.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.results import record_codec
from rdit_lsp.results.record_codec import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.results.record import Record

log = logging.getLogger(__name__)

LARGEST = 1 << 29
"""Bytes of all files."""

MOST = 2000
"""Files."""

_SUFFIX = ".results"
_UNFINISHED = ".part"
_ABANDONED = 600.0
"""Seconds after which a file that was not finished is removed: its server was killed."""


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder for results: RDIT_CACHE_DIR, else the user's for caches; None where there is none."""
    if environ.get("RDIT_CACHE_DIR"):
        return Path(environ["RDIT_CACHE_DIR"]).absolute()
    # The XDG Base Directory Specification: a path that is not absolute is ignored.
    given = Path(environ.get("XDG_CACHE_HOME") or "")
    if given.is_absolute():
        return given / "rdit"
    home = environ.get("HOME") or os.path.expanduser("~")
    if not os.path.isabs(home):
        return None
    return Path(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "rdit")


class Archive:
    """The records of all documents. Its methods take the time that the disk does."""

    def __init__(self, folder: Path | None, largest: int = LARGEST) -> None:
        """`folder` need not be there; without one nothing is kept. `largest`: bytes of all files."""
        self._folder = folder / "results" if folder is not None else None
        self._largest = largest
        self._said: set[str] = set()

    def load(self, uri: str) -> Record | None:
        """The record of a document; None where there is none that can be read."""
        path = self._path(uri)
        if path is None:
            return None
        try:
            return record_codec.decode(uri, _read(path))
        except FileNotFoundError:
            return None
        except (OSError, RecordError) as error:
            self._say(uri, f"the results in {path} are not shown: {error}")
            return None

    def save(self, uri: str, record: Record | None) -> bool:
        """Keep the record of a document in place of the last one; None: no more is kept of it.

        Returns whether there is a file of it then.
        """
        path = self._path(uri)
        if path is None:
            return False
        try:
            if record is None:
                path.unlink(missing_ok=True)
            else:
                _make(path.parent)
                # Without pauses the event loop's thread would get its turn after 5 ms each time.
                _write(path, record_codec.encode(uri, record, partial(time.sleep, 0)))
                self._prune(path)
        except OSError as error:
            self._say(uri, f"results are not kept: {error}")
            return False
        return record is not None

    def _path(self, uri: str) -> Path | None:
        if self._folder is None:
            return None
        name = hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._folder / f"{name}{_SUFFIX}"

    def _prune(self, newest: Path) -> None:
        """Remove the files of documents not used for longest, if there is too much of all, but `newest`."""
        files = sorted(_entries(newest.parent), reverse=True)
        size = count = 0
        for modified, bytes_, path in files:
            is_part = path.name.endswith(_UNFINISHED)
            count, size = count + 1, size + bytes_
            is_too_much = path != newest and (size > self._largest or count > MOST)
            if is_too_much or (is_part and time.time() - modified > _ABANDONED):
                path.unlink(missing_ok=True)

    def _say(self, uri: str, sentence: str) -> None:
        """Log what is wrong, once: a full disk is full at every run."""
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning("%s: %s", uri, sentence)


def _entries(folder: Path) -> list[tuple[float, int, Path]]:
    """When each file of an archive was last used, its size, and its path."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((_SUFFIX, _UNFINISHED)):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # Another server has just removed or renamed it.
                found.append((status.st_mtime, status.st_size, Path(entry.path)))
    return found


def _make(folder: Path) -> None:
    """Make the folder, or make sure that it is the user's alone. Raises OSError where it is another's."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        if each.stat().st_uid != os.geteuid():
            raise PermissionError(f"{each} is not a folder of this user")
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)


def _read(path: Path) -> bytes:
    """The file's content. Raises OSError for one that is another user's, or none."""
    # Not to be held up by a pipe, nor led elsewhere by a link.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        is_own = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if not is_own or stat.S_IMODE(status.st_mode) & 0o022:
            raise PermissionError("it is not a file that only this user writes")
        data = file.read()
    try:
        os.utime(path)  # It was used: others are pruned first.
    except OSError as error:
        log.debug("%s: %s", path, error)
    return data


def _write(path: Path, data: bytes) -> None:
    """Put a file in the place of the one that is there, whole or not at all."""
    part = path.with_name(f"{path.stem}-{os.getpid()}-{time.monotonic_ns()}{_UNFINISHED}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(part, flags, 0o600), "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
