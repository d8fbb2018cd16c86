"""The audit hook: has the program's imports and its use of files noted while it runs.

Knows the interpreter's audit events and their arguments. The hook is called for every one of them, so it
looks no further than for the name of those that matter. The interpreter neither traces nor profiles it, and
what it calls must raise nothing that the program would not meet without it.
"""

import sys
from sys import _getframe

from .project_imports import Project, ProjectImports, absolute, is_loader
from .trees import names_in
from .used_files import ASKS, WRITES, UsedFiles

if False:
    from _ast import AST
    from types import CodeType, FrameType
    from typing import Any, Callable

_WORKER = __file__.rpartition("/")[0] + "/"
_NOT_SHARED = {
    "getpid": "its process id",
    "process_time": "its processor time",
    "thread_time": "its processor time",
    "getrusage": "its processor time",
}
"""Names by which a module of the project asks for what is different in a fork, and what that is."""


class Audit:
    """What the running statement reads, looks for, uses and changes."""

    def __init__(self, document: str, folder: str) -> None:
        """`document` is the file whose code runs; `folder` is private to the worker."""
        self._document = document
        self._project = Project(folder, _WORKER.rstrip("/"))
        self._files = UsedFiles(self._project)
        self._imports = ProjectImports(self._project, absolute(document), self._files.is_made)
        self.looked = self._imports.looked
        self.unshared: "str | None" = None
        """What a module of the project asks for that is different in a fork, in words."""
        self._may_ask = False

    def begin(self) -> None:
        """Take note from now on. There is no end to it."""
        sys.addaudithook(_hook(self._handlers(), self._files.lose))
        self._files.take()

    def prepare(self, source: "str | bytes") -> None:
        """Take note of the text whose statements are to run."""
        words = ASKS if isinstance(source, str) else map(str.encode, ASKS)
        self._may_ask = any(word in source for word in words)  # type: ignore[operator]  # Both are of one kind.

    def runs(self, statement: "AST") -> None:
        """Take note of the statement that runs next; as a part of the module it raises no event."""
        if self._may_ask:
            self._files.asked(frozenset(names_in(statement)))

    def take(self) -> "dict[str, Any]":
        """What was noted since the last call, as fields of a message."""
        return {**self._imports.take(), **self._files.take()}

    def _handlers(self) -> "dict[str, Callable[..., None]]":
        files = self._files
        handlers: "dict[str, Callable[..., None]]" = {
            "open": self._opened,
            "compile": self._compiled,
            "exec": self._ran,
            "import": self._imported,
            "os.listdir": self._listed,
            "os.scandir": self._listed,
            "os.mkdir": files.made_folder,
            "os.rename": files.renamed,
            "os.link": files.linked,
            "os.symlink": files.linked,
            "shutil.rmtree": lambda path, *_: files.used(path),
            "sqlite3.connect": files.connected,
        }
        handlers.update(dict.fromkeys(_ENTRY_EVENTS, files.changed_entry))
        handlers.update(dict.fromkeys(_CHANGE_EVENTS, lambda path, *_: files.changed(path)))
        handlers.update(dict.fromkeys(_PROCESS_EVENTS, self._began_process))
        return handlers

    def _opened(self, path: "Any", _mode: object, flags: int) -> None:
        if type(path) not in (str, bytes):
            return
        path = absolute(path)
        self._files.opened(path, flags)
        if not flags & WRITES:
            self._imports.opened(path)

    def _listed(self, path: "Any" = None) -> None:
        if not is_loader(_getframe(2).f_code.co_filename):
            self._files.listed(path)

    def _compiled(self, _source: object, file: "Any") -> None:
        if _is_file(file) and file != self._document:
            self._imports.ran(file)

    def _ran(self, code: "CodeType") -> None:
        file = code.co_filename
        if not _is_file(file):
            return
        is_document = file == self._document
        if not is_document:
            self._imports.ran(file)
        if code.co_name == "<module>" and (is_document or self._project.has(absolute(file))):
            names = frozenset(_names(code))
            self._files.asked(names)
            if not is_document:
                for name in names.intersection(_NOT_SHARED):
                    self.unshared = _NOT_SHARED[name]

    def _imported(self, _name: object, file: "Any", *_: object) -> None:
        if _is_file(file):
            self._imports.loaded(absolute(file))

    def _began_process(self, *_: object) -> None:
        frame: "FrameType | None" = _getframe(2)
        while frame is not None and frame.f_code.co_filename.endswith("/subprocess.py"):
            frame = frame.f_back
        if frame is None or not frame.f_code.co_filename.startswith(_WORKER):
            self._files.lose()


_ENTRY_EVENTS = ("os.remove", "os.rmdir")
_CHANGE_EVENTS = (
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "os.setxattr",
    "os.removexattr",
)
_PROCESS_EVENTS = (
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
)
"""Another process begins, which may change any file."""


def _hook(
    handlers: "dict[str, Callable[..., None]]", lose: "Callable[[], None]"
) -> "Callable[[str, tuple[Any, ...]], None]":
    def hook(event: str, arguments: "tuple[Any, ...]") -> None:
        handle = handlers.get(event)
        if handle is not None:
            try:
                handle(*arguments)
            except RecursionError:
                # The program is as deep as it may get: what it does there goes on.
                lose()

    return hook


def _is_file(name: object) -> bool:
    return type(name) is str and not name.startswith("<")


def _names(code: "CodeType") -> "list[str]":
    """The names of globals and attributes in code, and in the functions that it defines."""
    names = list(code.co_names)
    for constant in code.co_consts:
        if type(constant) is type(code):
            names += _names(constant)
    return names
