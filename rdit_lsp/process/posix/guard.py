"""A small process that outlives the server just long enough to clean up after it.

However the server exits, by SIGKILL, too, its workers and their children must not stay behind, nor its
folder of temporary files. A worker that is busy does not look at its socket, so end of file alone does
not end it; `PR_SET_PDEATHSIG` would spare the children and exists on Linux only.

Knows process groups and one folder, nothing else. Start it before any thread or event loop: it is a
plain fork, and all it shares with the server is a pipe. One that is killed is replaced by this file, run
as a script by an interpreter of its own: a fork of a process that has threads may hang in any lock that
one of them holds.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rdit_lsp.process.posix.group_record import GroupRecord

_USUAL = ("/tmp", "/var/tmp", "/usr/tmp")
_LONGEST_FOLDER = 80
"""Bytes of a folder's path: a socket's whole path may have 103 on macOS, 107 on Linux."""
_READING = 3
"""The descriptor of the pipe in a replacement."""


class Guard:
    """The server's end: keeps the list of process groups to kill if the server exits."""

    def __init__(self, record: GroupRecord | None = None) -> None:
        """Make the server's private folder and start its guard. Raises OSError.

        `record` has the same list on disk, for the case that both are killed.
        """
        self.folder = _private_folder(_candidates())
        """For output too long for memory; removed when the server exits."""
        self.sockets = self.folder if _has_room_for_name(self.folder) else _short_folder()
        """For sockets; most often the same folder."""
        self._groups: set[int] = set()
        self._record = record
        if record is not None:
            record.begin(dict.fromkeys((self.folder, self.sockets)))
        reading, self._fd = _pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._fd)
            _stand_guard(reading, self._paths())
        os.close(reading)

    def watch(self, group: int) -> None:
        """From now on, kill process group `group` if the server exits."""
        self._groups.add(group)
        if self._record is not None:
            self._record.add(group)
        self._send(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Spare process group `group`: it is gone, or lives on by intent."""
        self._groups.discard(group)
        if self._record is not None:
            self._record.remove(group)
        self._send(f"-{group}\n")

    def touch(self) -> None:
        """Record that the server lives: the processes that its groups hold now are its own.

        Its folders are kept from cleaners, which remove what is old, and made again where one was there.
        """
        if self._record is not None:
            self._record.touch()
        for folder in dict.fromkeys((self.folder, self.sockets)):
            with suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.utime(folder)

    def replace(self) -> None:
        """Start another guard in place of one that has been reaped. Raises OSError."""
        reading, writing = _pipe()
        groups = " ".join(map(str, sorted(self._groups)))
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", __file__, groups, *self._paths()],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, reading, _READING)],
            )
        except BaseException:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        os.close(self._fd)
        self._fd = writing

    def close(self) -> None:
        """Have the guard clean up now, and wait until it has."""
        os.close(self._fd)
        try:
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            status = -1  # It was reaped where it was waited for.
        if status != 0:  # It was killed.
            kill_groups(self._groups)
            remove(self._paths())

    def _paths(self) -> list[str]:
        """What it removes."""
        record = [] if self._record is None else [self._record.path]
        return list(dict.fromkeys(map(str, (self.folder, self.sockets, *record))))

    def _send(self, line: str) -> None:
        try:
            os.write(self._fd, line.encode())
        except BrokenPipeError:
            return  # It was killed, and its replacement gets the whole list.
        except BlockingIOError:
            # It reads no more: it was stopped. One that cannot act is worth no more than one that is gone.
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _pipe() -> tuple[int, int]:
    """A pipe whose writing end never keeps the server waiting."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    return reading, writing


def _private_folder(parents: Iterable[str]) -> Path:
    """A new folder that only this user can open, in the first of `parents` that has one made.

    `tempfile.mkdtemp` does the same, but importing it takes as long as starting Python does.
    """
    name = f"rdit-{os.getpid()}-{os.urandom(6).hex()}"
    for parent in parents:
        folder = Path(parent).absolute() / name
        try:
            folder.mkdir(mode=0o700)
        except OSError:
            continue  # It is missing, a file, full, or may not be written.
        return folder
    raise FileNotFoundError(
        errno.ENOENT, f"no folder for temporary files can be written: {', '.join(parents)}"
    )


def _candidates() -> tuple[str, ...]:
    """Where temporary files may go, in the order of `tempfile`."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return (*filter(None, named), *_USUAL, ".")


def _has_room_for_name(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= _LONGEST_FOLDER


def _short_folder() -> Path:
    """A folder for sockets where the one for files has too long a path."""
    return _private_folder((*_USUAL, os.environ.get("XDG_RUNTIME_DIR") or "/run"))


def _stand_guard(fd: int, paths: Iterable[str], groups: Iterable[int] = ()) -> NoReturn:
    """Read until the server is gone, then clean up. Never returns into the server's code."""
    try:
        # A session of its own: a signal for the server's process group must not end the guard.
        with suppress(PermissionError):  # It leads a group already.
            os.setsid()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)  # The editor waits for the end of the server's own streams.
        kill_groups(_read_groups(fd, set(groups)))
        remove(paths)
    finally:
        os._exit(0)


def kill_groups(groups: Iterable[int]) -> None:
    """Kill what is in these process groups."""
    for group in groups:
        with suppress(OSError):  # It has exited by itself.
            os.killpg(group, signal.SIGKILL)


def remove(paths: Iterable[str]) -> None:
    """Remove folders with all that is in them, and files."""
    import shutil  # Not at the start, which `rdit run` waits for.

    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            os.unlink(path)


def _read_groups(fd: int, groups: set[int]) -> set[int]:
    with open(fd, encoding="ascii") as lines:
        for line in lines:
            group = int(line[1:])
            if line[0] == "+":
                groups.add(group)
            else:
                groups.discard(group)
    return groups


if __name__ == "__main__":
    _stand_guard(_READING, sys.argv[2:], map(int, sys.argv[1].split()))
