"""Keeps the annotations of all statements together, from Python 3.14 on.

There a compiled module has one `__annotate__` function for all its annotations (PEP 649, 749). Statements
are compiled one by one, so each that annotates a name defines a function for its own names only, and a
`__conditional_annotations__` that says which of them were executed.
"""

if False:
    from typing import Any, Callable, Dict

    Annotate = Callable[[int], Dict[str, Any]]

_FUNCTION, _EXECUTED = "__annotate__", "__conditional_annotations__"
_VALUE, _FAKE_GLOBALS = 1, 2  # Of `annotationlib.Format`, whose import costs too much here.


class Annotations:
    """The annotations of a namespace that is filled statement by statement."""

    def __init__(self, namespace: "dict[str, Any]") -> None:
        self._namespace = namespace
        self._parts: "list[tuple[Annotate, Any]]" = []
        self._last: "Annotate | None" = None

    def collect(self) -> None:
        """Call after each statement: replace the newest function by one for all annotations."""
        function = self._namespace.get(_FUNCTION)
        if function is self._last or function is None:
            return
        self._parts.append((function, self._namespace.get(_EXECUTED)))
        self._last = function
        if len(self._parts) > 1:
            self._last = self._namespace[_FUNCTION] = self._combined()
        self._namespace.pop("__annotations__", None)  # A dict made before, without the new ones.

    def _combined(self) -> "Annotate":
        namespace, parts = self._namespace, self._parts

        def __annotate__(format, /):  # noqa: A002, N807  (as Python names it)
            # type: (int) -> dict[str, Any]
            if format == _FAKE_GLOBALS:
                raise NotImplementedError
            executed = namespace.get(_EXECUTED)
            found: "dict[str, Any]" = {}
            try:
                for function, namespace[_EXECUTED] in parts:
                    found.update(_call(function, format))
            finally:
                namespace[_EXECUTED] = executed
            return found

        return __annotate__


def _call(function: "Annotate", form: int) -> "dict[str, Any]":
    if form == _VALUE:
        return function(form)
    from annotationlib import Format, call_annotate_function

    return call_annotate_function(function, Format(form))
