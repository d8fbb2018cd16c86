"""A small process that outlives the server just long enough to clean up after it.

However the server exits, by SIGKILL, too, its workers and their children must not stay behind, nor its
folder of temporary files. A worker that is busy does not look at its socket, so end of file alone does
not end it; `PR_SET_PDEATHSIG` would spare the children and exists on Linux only.

Knows process groups and one folder, nothing else. Start it before any thread or event loop: it is a
plain fork, and all it shares with the server is a pipe.
"""

from __future__ import annotations

import errno
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

_USUAL = ("/tmp", "/var/tmp", "/usr/tmp")
_LONGEST_FOLDER = 80
"""Bytes of a folder's path: a socket's whole path may have 103 on macOS, 107 on Linux."""


class Guard:
    """The server's end: keeps the list of process groups to kill if the server exits."""

    def __init__(self) -> None:
        """Make the server's private folder and start its guard. Raises OSError."""
        self.folder = _private_folder(_candidates())
        """For output too long for memory; removed when the server exits."""
        self.sockets = self.folder if _has_room_for_name(self.folder) else _short_folder()
        """For sockets; most often the same folder."""
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(writing)
            _stand_guard(reading, {str(self.folder), str(self.sockets)})
        os.close(reading)
        self._fd = writing

    def watch(self, group: int) -> None:
        """From now on, kill process group `group` if the server exits."""
        self._send(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Spare process group `group`: it is gone, or lives on by intent."""
        self._send(f"-{group}\n")

    def close(self) -> None:
        """Have the guard clean up now, and wait until it has."""
        os.close(self._fd)
        os.waitpid(self.pid, 0)

    def _send(self, line: str) -> None:
        # The guard may have been killed; workers still exit when their sockets close.
        with suppress(BrokenPipeError):
            os.write(self._fd, line.encode())


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


def _stand_guard(fd: int, folders: Iterable[str]) -> NoReturn:
    """Read until the server is gone, then clean up. Never returns into the server's code."""
    try:
        # A session of its own: a signal for the server's process group must not end the guard.
        os.setsid()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)  # The editor waits for the end of the server's own streams.
        groups = _read_groups(fd)
        for group in groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except OSError:
                continue  # It has exited by itself.
        import shutil  # Not at the start, which `rdit run` waits for.

        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


def _read_groups(fd: int) -> set[int]:
    groups: set[int] = set()
    with open(fd, encoding="ascii") as lines:
        for line in lines:
            group = int(line[1:])
            if line[0] == "+":
                groups.add(group)
            else:
                groups.discard(group)
    return groups
