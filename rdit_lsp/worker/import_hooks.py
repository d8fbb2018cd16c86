"""Calls functions right after a library was imported, and provides modules that a library asks for.

Knows how imports work, nothing of libraries. Designs that do not work: a finder on `sys.meta_path`,
which programs list and compare; a loader of the worker's, which `inspect` and `importlib.resources` use
later; looking after each statement, which is too late for code that imports and uses a library at once
(it serves for libraries that other finders find). So the path finder itself looks up what to call for a
name, and the loader it returns is the one it always was.
"""

import sys
from _functools import partial

from .driver import aside

if False:
    from types import ModuleType
    from typing import Any, Callable

    Act = Callable[[Any], None]

_modules = sys.modules
_IMPORTLIB = "<frozen importlib._bootstrap_external>"
"""CPython takes frames of this file out of tracebacks, and does not count them for warnings."""


class ImportHooks:
    """What to call for which module."""

    def __init__(self) -> None:
        self._after: "dict[str, Act]" = {}
        self._provided: "dict[str, Act]" = {}
        self._modules = 0

    def after(self, name: str, act: "Act") -> None:
        """Call `act` with the module `name` each time it has been imported."""
        self._after[name] = act

    def provide(self, name: str, fill: "Act") -> None:
        """Make a module `name` importable, for which `fill` is called with an empty one."""
        self._provided[name] = fill

    def install(self, looked: "Callable[[str, list[str], Any], None]") -> None:
        """Take effect from now on; `looked` gets each module, where it was looked for, and the spec."""
        from _frozen_importlib import ModuleSpec
        from _frozen_importlib_external import PathFinder

        find = PathFinder.__dict__["find_spec"].__func__
        after, provided = self._after, self._provided

        def find_spec(cls, fullname, path=None, target=None):
            # type: (Any, str, Any, Any) -> Any
            if fullname in provided:
                loader: "Any" = _Filler(provided[fullname])
                return ModuleSpec(fullname, loader)
            spec = find(cls, fullname, path, target)
            folders = list(sys.path if path is None else path)
            try:
                () = aside((partial(looked, fullname, folders, spec),))
            except RecursionError:
                pass  # A little less deep than the finder itself has just been.
            if fullname in after and spec is not None:
                _do_after(spec.loader, after[fullname])
            return spec

        path_finder: "Any" = PathFinder
        path_finder.find_spec = classmethod(_as_importlib(find_spec))

    def run_missed(self) -> None:
        """Call what is due for modules that other finders have found."""
        if len(_modules) == self._modules:
            return
        self._modules = len(_modules)
        for name in self._after:
            module = _modules.get(name)
            if module is not None and not _is_being_imported(module):
                _attempt(self._after[name], module)


def _is_being_imported(module: object) -> bool:
    return getattr(getattr(module, "__spec__", None), "_initializing", False)


class _Filler:
    """Loads a module by filling an empty one."""

    def __init__(self, fill: "Act") -> None:
        self._fill = fill

    def create_module(self, _spec: object) -> None:
        return None

    def exec_module(self, module: "ModuleType") -> None:
        self._fill(module)


def _do_after(loader: "Any", act: "Act") -> None:
    execute = getattr(loader, "exec_module", None)
    if execute is None or not hasattr(loader, "__dict__"):
        return

    def exec_module(module):
        # type: (Any) -> None
        loader.__dict__.pop("exec_module", None)
        execute(module)
        _attempt(act, module)

    loader.exec_module = _as_importlib(exec_module)


def _attempt(act: "Act", module: "Any") -> None:
    try:
        act(module)
    except Exception:
        # An unknown release of the library: it works as without the worker.
        pass


def _as_importlib(function: "Any") -> "Any":
    function.__code__ = function.__code__.replace(co_filename=_IMPORTLIB)
    return function
