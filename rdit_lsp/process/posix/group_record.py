"""The list of a guard on disk: what a server left that was killed together with its guard.

A file of lines: who the server is, its folders (`/…`), process groups that began (`+`) and ended (`-`), and
signs of life (`@`). Knows process groups and files; nothing of what runs in the groups.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.process.posix import groups
from rdit_lsp.process.posix.guard import kill_groups, remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = logging.getLogger(__name__)

TOUCH = 60.0
"""Seconds between two signs of life of a server, which gives them by `touch`."""

_LATE = 20.0
"""Seconds that a sign of life may come late, on a machine that is very busy."""
_PREFIX = "watched-"
_MOST_LINES = 4096
"""Lines after which the file is written anew with what still holds."""


class GroupRecord:
    """The file of one server. A disk that is full costs its entries, and nothing else."""

    def __init__(self, folder: Path) -> None:
        """Name it in `folder`."""
        self.path = folder / f"{_PREFIX}{os.getpid()}"
        self._folders: tuple[Path, ...] = ()
        self._groups: set[int] = set()
        self._lines = 0
        self._fd: int | None = None

    def begin(self, folders: Iterable[Path]) -> None:
        """Write it for the first time; `folders` are the server's own."""
        self._folders = tuple(folders)
        self._write_anew()

    def add(self, group: int) -> None:
        """A process group began."""
        self._groups.add(group)
        self._append(f"+{group}")

    def remove(self, group: int) -> None:
        """A process group ended."""
        self._groups.discard(group)
        self._append(f"-{group}")

    def touch(self) -> None:
        """Record that the server lives: the processes that its groups hold now are its own."""
        self._append("")

    def _append(self, entry: str) -> None:
        self._lines += 1
        if self._lines > _MOST_LINES or self._fd is None:
            self._write_anew()
            return
        try:
            os.write(self._fd, f"{entry}\n@{_now()}\n".encode() if entry else b"@%d\n" % _now())
        except OSError as error:
            log.info("%s: %s", self.path, error.strerror)

    def _write_anew(self) -> None:
        """Write it beside itself and rename that: it is never there by half."""
        server = f"{os.getpid()} {groups.began(os.getpid()) or 0} {_boot()}"
        known = (f"+{group}" for group in sorted(self._groups))
        lines = (server, *map(str, self._folders), *known, f"@{_now()}")
        new = self.path.with_name(f"{self.path.name}.new")
        self._lines = 0
        try:
            new.unlink(missing_ok=True)
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            old, self._fd = self._fd, fd
            if old is not None:
                os.close(old)
            os.write(fd, "".join(f"{line}\n" for line in lines).encode())
            new.rename(self.path)
        except OSError as error:
            log.info("%s: %s", self.path, error.strerror)
            remove([str(new)])


def clean_up(folder: Path) -> int:
    """End and remove what killed servers with a record in `folder` have left; how many there were."""
    found = 0
    for path in _records(folder):
        left = _Left.read(path)
        if left is not None and left.is_alive:
            continue
        found += 1
        if left is not None:
            left.end()
        remove([str(path)])
    return found


def _records(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if path.name.startswith(_PREFIX))
    except OSError:
        return


class _Left:
    """What a record says."""

    def __init__(self, server: str, lines: Iterable[str]) -> None:
        """Raises ValueError for a first line that is of another kind."""
        pid, began, self._boot = server.split(" ")
        self._pid, self._began = int(pid), int(began)
        self._groups: set[int] = set()
        self._folders: list[str] = []
        self._alive_at = 0
        for line in lines:
            self._take(line[:1], line[1:])

    @classmethod
    def read(cls, path: Path) -> _Left | None:
        """None for a file that was never whole, or is none of rdit's."""
        try:
            server, *lines = path.read_text("utf-8", "surrogateescape").splitlines()
            return cls(server, lines)
        except (OSError, ValueError):
            return None

    def _take(self, kind: str, rest: str) -> None:
        if kind == "/":
            self._folders.append(kind + rest)
        elif rest.isdecimal():  # The last line may be there by half.
            if kind == "+":
                self._groups.add(int(rest))
            elif kind == "-":
                self._groups.discard(int(rest))
            elif kind == "@":
                self._alive_at = int(rest)

    @property
    def is_alive(self) -> bool:
        """Whether the server that wrote it still runs."""
        if self._boot != _boot():
            return False
        began = groups.began(self._pid)
        return (
            began == self._began if began is not None else _is_there(self._pid) and not self._began
        )

    def end(self) -> None:
        """Kill its groups, and remove its folders.

        Ids are used again, but not while a process has one: a group is the server's if one of its processes
        began while the server lived. That was at most `TOUCH` after its last sign of life. A younger one is
        taken into account because the program itself may have exited, and left a child.
        """
        if self._boot == _boot():
            oldest, died = groups.oldest_members(), self._alive_at + _ticks(TOUCH + _LATE)
            kill_groups(group for group in self._groups if oldest.get(group, died + 1) <= died)
        remove(f for f in self._folders if Path(f).name.startswith(f"rdit-{self._pid}-"))


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _now() -> int:
    """Ticks since boot, as processes' beginnings are counted."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return _ticks(time.clock_gettime(clock))


def _ticks(seconds: float) -> int:
    return int(seconds * os.sysconf("SC_CLK_TCK"))


def _boot() -> str:
    """An id of the time since the machine was started."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "-"
