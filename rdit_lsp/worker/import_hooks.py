"""Does something right after a library was imported, and finds a module of ours for it.

Knows how imports work, nothing of libraries. Designs that do not work: a finder on `sys.meta_path`,
which programs list and compare; a loader of our own, which `inspect` and `importlib.resources` meet
later; looking after each statement, which is too late for code that imports and uses a library at once
(it is the way out for libraries that are found by other finders). So the path finder itself looks up
what to do for a name, and the loader it returns is the one it always was.
"""

import sys

_modules = sys.modules
_IMPORTLIB = "<frozen importlib._bootstrap_external>"
"""CPython takes frames of this file out of tracebacks, and does not count them for warnings."""


class ImportHooks:
    """What to do about which module."""

    def __init__(self):
        self._after = {}
        self._provided = {}
        self._modules = 0

    def after(self, name, act):
        """Call `act` with the module `name` whenever it has been imported."""
        self._after[name] = act

    def provide(self, name, fill):
        """Let there be a module `name`: `fill` makes it of an empty one."""
        self._provided[name] = fill

    def install(self):
        """Take effect from now on."""
        from _frozen_importlib import ModuleSpec
        from _frozen_importlib_external import PathFinder

        find = PathFinder.__dict__["find_spec"].__func__
        after, provided = self._after, self._provided

        def find_spec(cls, fullname, path=None, target=None):
            if fullname in provided:
                return ModuleSpec(fullname, _Filler(provided[fullname]))
            spec = find(cls, fullname, path, target)
            if fullname in after and spec is not None:
                _do_after(spec.loader, after[fullname])
            return spec

        PathFinder.find_spec = classmethod(_as_importlib(find_spec))

    def catch_up(self):
        """Do what is due for modules that came another way."""
        if len(_modules) == self._modules:
            return
        self._modules = len(_modules)
        for name in self._after:
            module = _modules.get(name)
            if module is not None and not _is_being_imported(module):
                _attempt(self._after[name], module)


def _is_being_imported(module):
    return getattr(getattr(module, "__spec__", None), "_initializing", False)


class _Filler:
    """Loads a module by filling an empty one."""

    def __init__(self, fill):
        self._fill = fill

    def create_module(self, _spec):
        return None

    def exec_module(self, module):
        self._fill(module)


def _do_after(loader, act):
    execute = getattr(loader, "exec_module", None)
    if execute is None or not hasattr(loader, "__dict__"):
        return

    def exec_module(module):
        loader.__dict__.pop("exec_module", None)
        execute(module)
        _attempt(act, module)

    loader.exec_module = _as_importlib(exec_module)


def _attempt(act, module):
    try:
        act(module)
    except Exception:
        # A release of the library that we do not know: it works as without us.
        pass


def _as_importlib(function):
    function.__code__ = function.__code__.replace(co_filename=_IMPORTLIB)
    return function
