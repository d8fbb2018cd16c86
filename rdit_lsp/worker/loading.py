"""Imports the worker's other modules under a private name, and leaves no trace of them.

Apart from `bootstrap` because that one runs in `__main__`: a function defined there would keep
the user's namespace alive when the interpreter ends, and finalisers would find their module emptied.
"""

import builtins
import sys

# The frozen modules behind `importlib`: user code must not find that one imported either.
from _frozen_importlib_external import SourceFileLoader, spec_from_file_location
from _weakref import getweakrefs

if False:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Callable

_NAME = "_rdit_worker"
_PACKAGES = (_NAME, _NAME + ".display", _NAME + ".inspection")
_builtins = dict(vars(builtins))


class _Loader(SourceFileLoader):
    """Gives the worker's modules builtins of their own: `builtins.len = None` affects user code only."""

    def exec_module(self, module: "ModuleType") -> None:
        vars(module)["__builtins__"] = _builtins
        SourceFileLoader.exec_module(self, module)


class _Finder:
    """Finds the worker's modules in `folder`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(
        self, module: str, _path: object = None, _target: object = None
    ) -> "ModuleSpec | None":
        """The spec of a module of the worker, None for any other."""
        if module in _PACKAGES:
            folder = self._path(module)
            file = folder + "/__init__.py"
            return spec_from_file_location(
                module, file, loader=_Loader(module, file), submodule_search_locations=[folder]
            )
        if module.startswith(_NAME + "."):
            file = self._path(module) + ".py"
            return spec_from_file_location(module, file, loader=_Loader(module, file))
        return None

    def _path(self, module: str) -> str:
        return self._folder + module[len(_NAME) :].replace(".", "/")


class _PrivateModules:
    """The worker's modules, hidden from user code: neither `sys.path` nor `sys.modules` holds them."""

    def __init__(self, folder: str) -> None:
        self._finder = _Finder(folder)
        self._modules: "dict[str, ModuleType]" = {}
        self._subclasses: "list[dict[int, Any]]" = []
        """The lists of subclasses that the bases of the worker's classes keep."""

    def fetch(self, name: str) -> "Any":
        """The module `name`, imported now if it was not yet."""
        before, known = set(sys.modules), list(self._modules.values())
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self._finder)
        try:
            return __import__(_NAME + "." + name, fromlist=[name])
        finally:
            sys.meta_path.remove(self._finder)
            for module in [m for m in sys.modules if m == _NAME or m.startswith(_NAME + ".")]:
                self._modules[module] = sys.modules.pop(module)
            self._hide_classes([m for m in self._modules.values() if m not in known])
            # In development mode CPython imports the first one to load any extension module.
            for module in {"encodings.ascii", "gc", "itertools"} - before:
                sys.modules.pop(module, None)

    def _hide_classes(self, modules: "list[ModuleType]") -> None:
        """Take the classes of `modules` out of what `object.__subclasses__()` and its like return.

        Those are dicts by id, whose entries matter where a base is changed; none of these bases can be.
        """
        found = [value for module in modules for value in vars(module).values()]
        import gc  # Not above: it must go from `sys.modules` with what the worker imports.

        classes = [
            each for each in found if isinstance(each, type) and each.__module__[:5] == "_rdit"
        ]
        if not self._subclasses:
            classes += _OWN
            holders = gc.get_referrers(*[ref for each in classes for ref in getweakrefs(each)])
            keys = set(map(id, classes))
            self._subclasses = [
                each for each in holders if type(each) is dict and not keys.isdisjoint(each)
            ]
        for subclasses in self._subclasses:
            for each in classes:
                subclasses.pop(id(each), None)


_OWN = (_Loader, _Finder, _PrivateModules)


def load(folder: str) -> "Callable[[int], None]":
    """Import the worker from `folder`; returns its loop's entry."""
    modules = _PrivateModules(folder)
    loop = modules.fetch("loop")
    loop.fetch = modules.fetch
    return loop.serve
