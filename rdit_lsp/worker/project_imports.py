"""The files of the user's own project that statements import.

Knows `sys.modules` and where libraries are installed. What comes with an interpreter or was installed
changes seldom and is large; the project's files change while the user works, and results depend on them.
"""

import sys

_modules = sys.modules
"""Bound here because user code may put another dict, or nothing, in its place."""
_INSTALLED = ("/site-packages/", "/dist-packages/")


def file_of(module: object) -> "str | None":
    """The file that `module`, which may be anything, was loaded from, or None."""
    try:
        # Not by `getattr`: a module that loads its content lazily would load it now.
        file = object.__getattribute__(module, "__dict__").get("__file__")
    except Exception:
        return None
    return file if type(file) is str else None


class ProjectImports:
    """Reports each file once."""

    def __init__(self) -> None:
        self._known = set(_modules)
        self._count = len(self._known)
        roots = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
        self._libraries = tuple(root.rstrip("/") + "/lib" for root in roots)

    def new_files(self) -> "list[str]":
        """Files of the project's modules that were imported since the last call."""
        if len(_modules) == self._count:
            return []
        self._count = len(_modules)
        files = []
        for name, module in list(_modules.items()):
            if name in self._known:
                continue
            self._known.add(name)
            if module is _modules.get("__main__"):
                continue  # `multiprocessing` gives it a second name.
            file = file_of(module)
            if file is not None and self._is_in_project(file):
                files.append(file)
        return files

    def _is_in_project(self, file: str) -> bool:
        return (
            file.endswith(".py")
            and file.startswith("/")
            and not file.startswith(self._libraries)
            and not any(part in file for part in _INSTALLED)
        )
