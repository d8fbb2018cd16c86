"""The files of the user's own project that statements import, and where they looked for modules.

Knows loaders, the path finder and where libraries are installed. What comes with an interpreter or was
installed changes seldom and is large; the project's files change while the user works, and results depend
on them: on what the loader read, and on what a finder did not find.
"""

import sys
from os import fsdecode
from posix import getcwd, stat
from sys import _getframe

if False:
    from typing import Any, Callable

    Stamp = tuple[int, int, int]

_INSTALLED = ("/site-packages/", "/dist-packages/")
_ENDINGS = (".py", ".pyc", ".so")
"""How the files end that a finder takes for modules."""


def file_of(module: object) -> "str | None":
    """The file that `module`, which may be anything, was loaded from, or None."""
    try:
        # Not by `getattr`: a module that loads its content lazily would load it now.
        file = object.__getattribute__(module, "__dict__").get("__file__")
    except Exception:
        return None
    return file if type(file) is str else None


class Project:
    """Which files are the user's own."""

    def __init__(self, *own: str) -> None:
        """`own` are folders of the worker's."""
        roots = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
        libraries = [root.rstrip("/") + "/lib" for root in roots]
        self._others = (*libraries, *(folder + "/" for folder in own))

    def has(self, path: str) -> bool:
        """Whether an absolute path is neither one of an installed library nor the worker's own."""
        path += "/"
        return not path.startswith(self._others) and not any(part in path for part in _INSTALLED)


class ProjectImports:
    """What the running statement imports; `take` begins anew."""

    def __init__(self, project: Project, document: str, is_made: "Callable[[str], bool]") -> None:
        """`is_made`: whether the program itself has made a file, so that its content follows from it."""
        self._project = project
        self._document = document
        self._is_made = is_made
        self._files: "dict[str, Stamp | None]" = {}
        self._lookups: "dict[tuple[str, str], list[str]]" = {}
        self._listed: "dict[str, tuple[object, dict[str, list[str]]]]" = {}
        """The entries of folders by the name of a module, and the finder's own listing they come from."""

    def take(self) -> "dict[str, Any]":
        """What was read and looked for since the last call, as fields of a message."""
        files, self._files = self._files, {}
        lookups, self._lookups = self._lookups, {}
        return {"imported": files, "lookups": [[*at, found] for at, found in lookups.items()]}

    def opened(self, path: str) -> None:
        """Note the file `path`, which is about to be read, if a loader reads it."""
        if not self._project.has(path):
            return
        if path.endswith(".pyc") or is_loader(_getframe(3).f_code.co_filename):
            self._note(_source_of(path))

    def ran(self, file: str) -> None:
        """Note the file that code about to be compiled or run is from."""
        path = absolute(file)
        if path == self._document or path in self._files or not self._project.has(path):
            return
        if _stamp(path) is not None:
            self._note(path)

    def loaded(self, path: str) -> None:
        """Note an extension module."""
        if self._project.has(path):
            self._note(path)

    def looked(self, name: str, path: "list[str]", spec: "Any") -> None:
        """Note where the path finder has looked for a module, and what it found in each folder."""
        tail = name.rpartition(".")[2]
        origin = getattr(spec, "origin", None) if spec is not None and spec.loader else None
        at = origin.rpartition("/")[0] if type(origin) is str else None
        for folder in path:
            if type(folder) is str and self._project.has(absolute(folder)):
                self._look(absolute(folder), folder, tail)
            if at is not None and at in (folder, folder + "/" + tail):
                return

    def _look(self, path: str, folder: str, name: str) -> None:
        finder = sys.path_importer_cache.get(folder or path)
        if hasattr(finder, "archive"):
            self._note(absolute(finder.archive))  # type: ignore[union-attr]  # A zipimporter.
            return
        found = self._entries(path, getattr(finder, "_path_cache", None)).get(name, [])
        if name in found:
            inits = ("/__init__.py", "/__init__.pyc")
            found = found + [name + i for i in inits if _stamp(path + "/" + name + i)]
        if not any(self._is_made(path + "/" + entry) for entry in found or [""]):
            self._lookups[path, name] = sorted(found)

    def _entries(self, path: str, listing: "Any") -> "dict[str, list[str]]":
        known = self._listed.get(path)
        if known is not None and known[0] is listing:
            return known[1]
        entries: "dict[str, list[str]]" = {}
        for entry in listing or ():
            stem, dot, _ = entry.partition(".")
            if not dot or entry.endswith(_ENDINGS):
                entries.setdefault(stem, []).append(entry)
        self._listed[path] = listing, entries
        return entries

    def _note(self, path: str) -> None:
        if not self._is_made(path):
            self._files[path] = _stamp(path)


def absolute(path: "str | bytes") -> str:
    """A path as seen from the root; "." and ".." stay."""
    text = fsdecode(path)
    if text.startswith("/"):
        return text
    try:
        return (getcwd() + "/" + text).rstrip("/")
    except OSError:
        return "/" + text  # The folder is gone, and so is what is in it.


def is_loader(file: str) -> bool:
    """Whether code of `file` that opens another does so to run it."""
    return file.startswith("<frozen ") or file.endswith("/runpy.py")


def _source_of(path: str) -> str:
    """The source that a compiled file stands for, where there is one."""
    folder, _, name = path.rpartition("/")
    if folder.endswith("/__pycache__"):
        return folder[: -len("__pycache__")] + name.partition(".")[0] + ".py"
    return path


def _stamp(path: str) -> "Stamp | None":
    """What changes when a file does; None where there is none."""
    try:
        status = stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
