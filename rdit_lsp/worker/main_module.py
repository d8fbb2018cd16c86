"""Makes the process look as if `python FILE` had started it: `__main__`, `sys.argv`, `sys.path`, limits.

Knows what plain Python does when it starts; nothing of statements or messages.
"""

import os
import sys


def become_main(argv: "list[str]", path: str, *, is_file: bool) -> None:
    """Make this process look as if `python argv[0] …` had started it.

    `path` is the file name in code and tracebacks. `is_file`: there is such a file or could be one;
    otherwise the source came from standard input.
    """
    namespace = sys.modules["__main__"].__dict__
    # What the interpreter itself puts there; the names of the bootstrap are removed.
    standard = ("__name__", "__doc__", "__package__", "__loader__", "__spec__", "__annotations__")
    kept = {name: namespace[name] for name in (*standard, "__builtins__") if name in namespace}
    loader = type(kept["__loader__"])
    namespace.clear()
    namespace.update(kept)
    namespace["__doc__"] = None
    if is_file:
        # Python 3.9 made the main module's file absolute ("What's New In Python 3.9").
        namespace["__file__"] = path
        namespace["__cached__"] = None
        namespace["__loader__"] = loader("__main__", path)
        folder = os.path.dirname(os.path.realpath(path))
    else:
        namespace["__loader__"] = __import__("importlib.machinery").machinery.BuiltinImporter
        folder = ""
    if sys.flags.isolated or getattr(sys.flags, "safe_path", False):
        pass  # Python has not put the script's folder on the path, so there is none to replace.
    else:
        sys.path[0] = folder
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = sys.orig_argv[:-2] + argv
    sys.argv[:] = argv


def hide_frames_from_recursion_limit(depth: int) -> None:
    """Give user code the recursion it has under plain Python, though `depth` frames are the worker's."""
    get, set_ = sys.getrecursionlimit, sys.setrecursionlimit
    set_(get() + depth)

    def getrecursionlimit():
        # type: () -> int
        return get() - depth

    def setrecursionlimit(limit, /):
        # type: (int) -> None
        set_(limit + depth if isinstance(limit, int) and limit > 0 else limit)

    sys.getrecursionlimit = getrecursionlimit
    sys.setrecursionlimit = setrecursionlimit
