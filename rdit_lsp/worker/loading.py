"""Imports the worker's other modules under a private name, and leaves no trace of them.

Apart from `importlib_bootstrap` because that one runs in `__main__`: a function of its would keep the
user's namespace alive when the interpreter ends, and finalisers would find their module emptied.
"""

import builtins
import sys

# The frozen modules behind `importlib`: user code must not find that one imported either.
from _frozen_importlib_external import SourceFileLoader, spec_from_file_location

_NAME = "_rdit_worker"
_builtins = dict(vars(builtins))


class _Loader(SourceFileLoader):
    """Gives our modules builtins of their own: `builtins.len = None` is the user's affair."""

    def exec_module(self, module):
        vars(module)["__builtins__"] = _builtins
        SourceFileLoader.exec_module(self, module)


class _Finder:
    """Finds our modules in `folder`."""

    def __init__(self, folder):
        self._folder = folder

    def find_spec(self, module, _path=None, _target=None):
        """The spec of one of ours, None for any other."""
        if module == _NAME:
            file = self._folder + "/__init__.py"
            loader = _Loader(_NAME, file)
            return spec_from_file_location(
                _NAME, file, loader=loader, submodule_search_locations=[self._folder]
            )
        if module.startswith(_NAME + "."):
            file = self._folder + "/" + module[len(_NAME) + 1 :] + ".py"
            return spec_from_file_location(module, file, loader=_Loader(module, file))
        return None


def load(folder):
    """Import the worker from `folder`; returns its loop's entry.

    Neither `sys.path` nor `sys.modules` keeps a trace: user code that clears, lists or patches the
    modules it finds there meets none of ours.
    """
    finder = _Finder(folder)
    before = set(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        from _rdit_worker.loop import serve
    finally:
        sys.meta_path.remove(finder)
    for module in [m for m in sys.modules if m == _NAME or m.startswith(_NAME + ".")]:
        del sys.modules[module]
    # In development mode CPython imports the first one to load any extension module.
    for module in {"encodings.ascii", "gc"} - before:
        sys.modules.pop(module, None)
    return serve
