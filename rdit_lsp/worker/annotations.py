"""Keeps the annotations of all statements together, from Python 3.14 on.

There a compiled module has one `__annotate__` function, made for all its annotations (PEP 649, 749).
Statements are compiled one by one, so each that annotates a name brings a function that knows its own
names only, and a `__conditional_annotations__` that says which of them were come by.
"""

_FUNCTION, _MET = "__annotate__", "__conditional_annotations__"
_VALUE, _FAKE_GLOBALS = 1, 2  # Of `annotationlib.Format`, whose import costs too much here.


class Annotations:
    """The annotations of a namespace that is filled statement by statement."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._parts = []
        self._last = None

    def collect(self):
        """Call after each statement: put one function for all in the place of the newest."""
        function = self._namespace.get(_FUNCTION)
        if function is self._last or function is None:
            return
        self._parts.append((function, self._namespace.get(_MET)))
        self._last = function
        if len(self._parts) > 1:
            self._last = self._namespace[_FUNCTION] = self._one_for_all()
        self._namespace.pop("__annotations__", None)  # What was asked for before, without the new.

    def _one_for_all(self):
        namespace, parts = self._namespace, self._parts

        def __annotate__(format, /):  # noqa: A002, N807  (as Python names it)
            if format == _FAKE_GLOBALS:
                raise NotImplementedError
            met = namespace.get(_MET)
            found = {}
            try:
                for function, namespace[_MET] in parts:
                    found.update(_call(function, format))
            finally:
                namespace[_MET] = met
            return found

        return __annotate__


def _call(function, form):
    if form == _VALUE:
        return function(form)
    from annotationlib import Format, call_annotate_function

    return call_annotate_function(function, Format(form))
