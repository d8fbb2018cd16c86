"""Makes the process look as if `python FILE` had started it: `__main__`, `sys.argv`, `sys.path`, limits.

Knows what plain Python does when it starts; nothing of statements or messages.
"""

import os
import sys

_HIGHEST = 2**31 - 1


def become_main(argv: "list[str]", path: str, *, is_file: bool) -> None:
    """Make this process look as if `python argv[0] …` had started it.

    `path` is the file name in code and tracebacks. `is_file`: there is such a file or could be one;
    otherwise the source came from standard input.
    """
    # A module of its own: when the interpreter ends, that of the bootstrap's frame is still in use, and the
    # program's objects must die with their module.
    found = sys.modules["__main__"].__dict__
    module = sys.modules["__main__"] = type(sys)("__main__")
    namespace = module.__dict__
    # What the interpreter itself puts there, without the names of the bootstrap.
    standard = ("__name__", "__doc__", "__package__", "__loader__", "__spec__", "__annotations__")
    kept = {name: found[name] for name in (*standard, "__builtins__") if name in found}
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


def hide_calls_from_recursion_limit(depth: int) -> None:
    """Give user code the recursion it has under plain Python, though `depth` calls are the worker's."""
    get, set_ = sys.getrecursionlimit, sys.setrecursionlimit
    set_(get() + depth)

    def getrecursionlimit():
        # type: () -> int
        return get() - depth

    def setrecursionlimit(limit, /):
        # type: (int) -> None
        known = isinstance(limit, int) and 0 < limit < _HIGHEST
        set_(min(limit + depth, _HIGHEST) if known else limit)

    for function in (getrecursionlimit, setrecursionlimit):
        function.__module__, function.__qualname__ = "sys", function.__name__
        setattr(sys, function.__name__, function)


def ask_for_more() -> None:
    """Go on with a prompt on the terminal if the program has set PYTHONINSPECT itself.

    The interpreter looks at the variable once more where it has run a file to its end, not at a SystemExit.
    """
    import os

    if os.environ.get("PYTHONINSPECT") and os.isatty(0):
        import code

        code.interact("", local=sys.modules["__main__"].__dict__, exitmsg="")


def end_main() -> None:
    """Do what the interpreter does with the main module when it has come to its end."""
    namespace = sys.modules["__main__"].__dict__
    for name in ("__file__", "__cached__"):
        namespace.pop(name, None)
