"""The files that the program uses and changes: what it does outside its memory.

Knows the audit events of file operations. Devices, pipes, libraries, what Python compiles, and the worker's
own files are left out. What native code opens by itself raises no event.
"""

from os import O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY, fsdecode
from os.path import realpath
from posix import readlink, stat
from stat import S_ISREG

from .project_imports import absolute

if False:
    from typing import Any

    from .project_imports import Project

ANY = "*"
"""In the place of a path: any file."""

WRITES = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND
"""Flags with which a file is opened to be changed."""
_MOST = 1000
"""How many files of one statement are told apart."""
_SYSTEM = ("/proc/", "/dev/", "/sys/")
ASKS = {"access", "exists", "getmtime", "getsize", "is_dir", "is_file", "is_symlink", "isdir"}
ASKS |= {"isfile", "islink", "lexists", "lstat", "stat"}
"""Names by which a program asks for files without an event; which, cannot be told."""


class UsedFiles:
    """What the running statement uses and changes; `take` begins anew.

    A folder's list of entries is a path that ends in a slash.
    """

    def __init__(self, project: "Project") -> None:
        self._project = project
        self._used: "set[str]" = set()
        self._changed: "set[str]" = set()
        self._made: "set[str]" = set()

    def take(self) -> "dict[str, Any]":
        """What was used and changed since the last call, as fields of a message."""
        used, self._used = self._used, set()
        changed, self._changed = self._changed, set()
        if len(used) > _MOST:
            return {"used": [ANY], "changed": [ANY]}
        return {"used": sorted(used), "changed": sorted(changed)}

    def lose(self) -> None:
        """Note that something may have been used and changed that could not be noted."""
        self._used.add(ANY)
        self._changed.add(ANY)

    def is_made(self, path: str) -> bool:
        """Whether the program has written a file, or made the folder that it is in."""
        if not self._made:
            return False
        path = realpath(path)
        while path not in self._made:
            path = path.rpartition("/")[0]
            if not path:
                return False
        return True

    def asked(self, names: "frozenset[str]") -> None:
        """Note code with these names, which may ask for files without an event."""
        if not ASKS.isdisjoint(names):
            self._used.add(ANY)

    def opened(self, path: str, flags: int) -> None:
        """Note a file that is about to be opened."""
        if self._is_ignored(path):
            return
        path = realpath(path)
        mode = _mode(path)
        if self._is_ignored(path) or not (mode is None or S_ISREG(mode)):
            return
        self._used.add(path)
        if flags & WRITES:
            self._change(path)
            if mode is None:
                self._changed.add(_folder(path))

    def used(self, path: "Any") -> None:
        """Note a file or folder that matters, whether it is there or not."""
        path = _readable(path)
        if path is not None and not self._is_ignored(path):
            self._used.add(realpath(path))

    def listed(self, path: "Any") -> None:
        """Note a folder whose entries are about to be listed."""
        path = _readable(path)
        if path is not None and not self._is_ignored(path):
            self._used.add(realpath(path) + "/")

    def changed(self, path: "Any", at: "Any" = -1) -> None:
        """Note a file or folder that is about to be changed; `at` is the folder it is seen from."""
        path = _readable(path, at)
        if path is not None and not self._is_ignored(path):
            self._change(_entry(path))  # Of a link, that itself or what it leads to.
            self._change(realpath(path))

    def changed_entry(self, path: "Any", at: "Any" = -1) -> None:
        """Note an entry of a folder that is about to be made or removed."""
        self.changed(path, at)
        path = _readable(path, at)
        if path is not None and not self._is_ignored(path):
            self._changed.add(_folder(_entry(path)))

    def made_folder(self, path: "Any", _mode_bits: int, at: "Any" = -1) -> None:
        """Note a folder that is about to be made; one that is there already stays what it is."""
        full = _readable(path, at)
        if full is not None and _mode(full) is None:
            self.changed_entry(path, at)
            self._used.add(realpath(full) + "/")

    def renamed(self, source: "Any", target: "Any", at: "Any" = -1, to: "Any" = -1) -> None:
        """Note what is about to have another name; with a folder goes all that is in it."""
        full = _readable(source, at)
        mode = None if full is None else _mode(full)
        self.changed_entry(source, at)
        self.changed_entry(target, to)
        if mode is not None and not S_ISREG(mode):
            self._changed.add(ANY)

    def linked(self, _source: "Any", target: "Any", *at: "Any") -> None:
        """Note a link that is about to be made."""
        self.changed_entry(target, at[-1] if at else -1)

    def connected(self, database: "Any") -> None:
        """Note a database that is about to be opened, which changes unseen from now on."""
        path = _readable(database)
        if path is not None and not path.endswith("/:memory:"):
            self.opened(path, WRITES)

    def _change(self, path: str) -> None:
        self._used.add(path)
        self._changed.add(path)
        if len(self._made) < _MOST:
            self._made.add(path)

    def _is_ignored(self, path: str) -> bool:
        return (
            path.startswith(_SYSTEM)
            or "/__pycache__" in path
            or not self._project.has(path)
            or len(self._used) > _MOST
        )


def _readable(path: "Any", at: "Any" = -1) -> "str | None":
    """The absolute path of what an operation is given; None where that is a descriptor of no file."""
    try:
        if path is None:
            path = "."
        if type(path) is int:
            path = readlink("/proc/self/fd/%d" % path)
        if type(path) not in (str, bytes):
            return None
        text = fsdecode(path)
        if "\0" in text:
            return None
        if type(at) is int and at >= 0 and not text.startswith("/"):
            return readlink("/proc/self/fd/%d" % at) + "/" + text
        return absolute(text)
    except OSError:
        return None


def _entry(path: str) -> str:
    """A path whose folders are real ones; the last part may be a link."""
    folder, _, name = path.rstrip("/").rpartition("/")
    return realpath(folder or "/").rstrip("/") + "/" + name


def _folder(path: str) -> str:
    return path.rpartition("/")[0] + "/"


def _mode(path: str) -> "int | None":
    try:
        return stat(path).st_mode
    except (OSError, ValueError):
        return None
