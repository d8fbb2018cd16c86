"""Makes equal constants of one file one object, although its statements are compiled one by one.

CPython's compiler does so for all that it compiles at once (`merge_consts_recursive` in C, with
`_PyCode_ConstantKey`): under `python FILE` a `257` above *is* the `257` below, in functions, too. Knows
code objects, nothing of their source.

What is not shared: code objects, because those of an edited statement may equal the earlier ones in all but
their lines; and what is in a frozenset, because to make it anew could change its order.
"""

if False:
    from types import CodeType
    from typing import Any, Dict

_ATOMS = frozenset((int, bool, str, bytes))
_SIGNED = frozenset((float, complex))
_SINGLE = frozenset((type(None), bool, type(...)))


class Constants:
    """The constants that a document's statements have had so far."""

    def __init__(self) -> None:
        self._known: "Dict[Any, Any]" = {}

    def shared(self, code: "CodeType") -> "CodeType":
        """`code` with the known constants in the place of its own; from now on all of its are known."""
        try:
            return self._code(code)
        except RecursionError:
            return code  # Nested too deep for the limit that the program has set.

    def _code(self, code: "CodeType") -> "CodeType":
        own = code.co_consts
        shared = self._items(own)
        return code if shared is own else code.replace(co_consts=shared)

    def _items(self, own: "tuple[Any, ...]") -> "tuple[Any, ...]":
        """`own` itself where each item is the known one."""
        items = tuple(map(self._constant, own))
        for item, mine in zip(items, own):
            if item is not mine:
                return items
        return own

    def _constant(self, value: "Any") -> "Any":
        kind = type(value)
        if kind in _SINGLE:
            return value
        if kind is _Code:
            return self._code(value)
        key = _key(value)
        if kind is tuple and key not in self._known:
            value = self._items(value)
        return self._known.setdefault(key, value)


def _key(value: "Any") -> "Any":
    """Equal for constants that are one object."""
    kind = type(value)
    if kind in _ATOMS:
        return kind, value
    if kind in _SIGNED:
        return kind, value, repr(value)  # 0.0 equals -0.0.
    if kind is tuple:
        return kind, tuple(map(_key, value))
    if kind is frozenset:
        return kind, frozenset(map(_key, value))
    if kind is slice:  # A constant from 3.14 on.
        return kind, _key(value.start), _key(value.stop), _key(value.step)
    return kind, id(value)  # `None`, `...`, and what a later Python may have.


_Code = type(_key.__code__)
