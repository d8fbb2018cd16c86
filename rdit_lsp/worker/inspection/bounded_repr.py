"""A `repr` of bounded length and cost, in one line or a few, as the standard library's `reprlib` makes.

Containers are walked here and not by `repr`, so a million items cost what the first few do. Methods and
properties of user code are called through `GuardedCalls`, which has a time limit, or are not called at
all. Knows nothing of names, questions or messages.
"""

import sys

from ..display.mime_bundle import exact
from . import arrays
from .guarded_calls import Unknown
from .lookup import (
    Computed,
    Function,
    Module,
    class_name,
    fields,
    is_a,
    is_c_getter,
    is_c_method,
    is_class,
    is_function,
    on_type,
    own_dict,
    qualified,
    title,
)

if False:
    from typing import Any, Callable, Collection, Iterable, Iterator, Tuple

    from .guarded_calls import GuardedCalls

    Part = Tuple[Any, str, Any]
    """Name, key or None; `=`, `: ` or nothing; item."""
    Parts = Tuple[str, Iterable[Part], str]
    """Beginning, parts, end."""

WIDTH = 100
"""Characters of a value in a line, about."""
_HEIGHT, _LONGEST = 40, 4000
"""Lines and characters of a text of several lines."""
_SHORT = 24
"""Characters up to which items share a line."""
_SMALL = 2000
"""Items or characters up to which a value is small enough for the `repr` of what holds it.

While C code makes the text of a large list, no time limit ends it."""
_DEPTH = 4
_BITS = 2000
"""Of an int whose digits are shown: the time they take grows with the square of their number."""
_ADDRESS = " at 0x"

_modules = sys.modules
_BRACKETS: "dict[type[Any], tuple[str, str]]" = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
    dict: ("{", "}"),
}
_TEXTS = (str, bytes, bytearray)
_PLAIN = (bool, int, float, complex, *_TEXTS)
_SINGLES = (None, Ellipsis, NotImplemented)
_DICTS_OF_COLLECTIONS = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
)
_REPR_IN_C = (
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "decimal.Decimal",
    "range",
    "re.Pattern",
)


class BoundedRepr:
    """Makes texts of values."""

    def __init__(self, calls: "GuardedCalls", seconds: float = 10.0) -> None:
        """`seconds`: the most that one call of user code may take."""
        self._calls = calls
        self._seconds = seconds
        self._last: "tuple[Any, str | None]" = (None, None)
        """The last value of which `repr` was called, and its text: a slow one is called once."""

    def summary(self, value: "Any") -> str:
        """A value in one line, to be shown beside its type."""
        size = arrays.shape(value, self.run)
        if size is not None:
            return self._sized(value, size)
        text = self.line(value)
        count = length(value)
        if _base(type(value), _TEXTS) is not None:
            unit = "character" if is_a(value, str) else "byte"
            return f"{text} ({_count(count or 0, unit)})" if text.endswith("…") else text
        return f"{text} ({_count(count, 'item')})" if count else text

    def line(self, value: "Any", room: int = WIDTH) -> str:
        """A text of one line of `room` characters, about."""
        return one_line(self._text(value, room, ()), 2 * room)

    def lines(self, value: "Any") -> str:
        """A text of several lines."""
        parts = self._container(value)
        if parts is None:
            words = self._basic(value, _LONGEST) or self._own_repr(value)
            if words is not None:
                return bounded(words)
            if arrays.shape(value, self.run) is not None:
                return ""
            parts = self._fields(value)
        line = self._joined(parts, 2 * WIDTH, (id(value),))
        return line if len(line) <= WIDTH and "\n" not in line else self._one_a_line(parts, value)

    def length(self, value: "Any") -> "int | None":
        """`len(value)` where that may be called, else None."""
        count = length(value)
        if count is None and on_type(type(value), "__len__") is not None:
            try:
                return self.run(lambda: len(value))
            except Unknown:
                return None
        return count

    def run(self, call: "Callable[[], Any]") -> "Any":
        """Return `call()`, which may run user code. Raises Unknown."""
        return self._calls.run(call, self._seconds)

    def _sized(self, value: "Any", size: "list[int]") -> str:
        """The summary of an array or a table."""
        if arrays.is_table(value, size):
            text = f"{_count(size[0], 'row')} × {_count(size[1], 'column')}"
            columns = ", ".join(arrays.columns(value, self.run))
            return one_line(f"{text}: {columns}" if columns else text, 2 * WIDTH)
        few = arrays.elements(value, size)
        if not size:
            return self.line(value) if few is None else self.line(few[0])
        text = " × ".join([f"{number:,}" for number in size])
        text = " ".join([part for part in (text, arrays.dtype(value, self.run)) if part])
        return text if few is None else f"{text}: {self.line(few)}"

    def _text(self, value: "Any", room: int, above: "tuple[int, ...]") -> str:
        """`value` in `room` characters, about; `above` are the ids of the containers around it."""
        parts = self._container(value)
        if parts is None:
            words = self._basic(value, room)
            if words is None:
                words = self._own_repr(value)
            if words is not None:
                return words if len(words) <= 2 * room else words[:room] + "…"
            parts = self._fields(value)
        if len(above) >= _DEPTH or id(value) in above:
            return f"{parts[0]}…{parts[2]}"
        return self._joined(parts, room, (*above, id(value)))

    def _basic(self, value: "Any", room: int) -> "str | None":
        """The text of a value of the interpreter's own types; None of any other."""
        kind = type(value)
        if any(value is single for single in _SINGLES):
            return repr(value)
        if is_a(value, Module):
            return f"<module {title(value)}>"
        if is_class(value):
            return f"<class {qualified(value)}>"
        if is_function(value):
            return f"<function {title(value)}>"
        if kind is Computed:
            return "a property, whose value is not asked for here"
        base = _base(kind, _PLAIN)
        if base is not None and (self._calls.gentle or _has_repr_of(kind, base)):
            return _plain(value, base, room)
        return None

    def _container(self, value: "Any") -> "Parts | None":
        """The parts of a container that is built in, None of any other value."""
        kind = type(value)
        base = _base(kind, _BRACKETS)
        if base is None:
            if kind is _deque():
                return "deque([", ((None, "", item) for item in value), "])"
            return None
        names: "Any" = on_type(kind, "_fields") if base is tuple else None
        if _are_names(names) and (self._calls.gentle or _is_of_namedtuple(kind)):
            parts = zip(names, tuple.__iter__(value))
            return class_name(kind) + "(", ((name, "=", item) for name, item in parts), ")"
        if not (
            self._calls.gentle
            or _has_repr_of(kind, base)
            or qualified(kind) in _DICTS_OF_COLLECTIONS
        ):
            return None
        begin, end = _BRACKETS[base]
        if kind is not base or kind is frozenset or (kind is set and not len(value)):
            begin, end = f"{class_name(kind)}({begin}", end + ")"
        if kind is set and not len(value):
            begin, end = "set(", ")"
        return begin, _items(value, base), end

    def _own_repr(self, value: "Any") -> "str | None":
        """What `repr` returns; None where it may not be called, or returns no more than an address."""
        kind = type(value)
        method = on_type(kind, "__repr__")
        if is_c_method(method) and qualified(kind) in _REPR_IN_C and not _has_zone(value):
            return repr(value)
        if (
            self._calls.gentle
            or method is vars(object)["__repr__"]
            or _is_of_dataclass(kind, method)
        ):
            return None
        if _has_repr_of(kind, BaseException) or not _is_small(value):
            return None
        if self._last[0] is not value:
            try:
                words = _without_address(self.run(lambda: exact(repr(value))))
            except Unknown as unknown:
                words = f"<{class_name(kind)} whose repr {unknown}>"
            self._last = (value, words)
        return self._last[1]

    def _fields(self, value: "Any") -> "Parts":
        """The parts of an object: its attributes."""
        kind = type(value)
        if is_a(value, BaseException):
            arguments = vars(BaseException)["args"].__get__(value)
            return class_name(kind) + "(", ((None, "", item) for item in arguments), ")"
        hidden = _hidden_fields(kind)
        shown = [(name, "=", item) for name, item in fields(value) if name not in hidden]
        return (class_name(kind) + "(", shown, ")") if shown else (f"<{class_name(kind)}", (), ">")

    def _joined(self, parts: "Parts", room: int, above: "tuple[int, ...]") -> str:
        """The parts in a line, as many as fit."""
        begin, items, end = parts
        texts = []
        try:
            for part in items:
                if room <= 0:
                    texts.append("…")
                    break
                texts.append(self._part(part, max(room, 8), above))
                room -= len(texts[-1]) + 2
        except RuntimeError:
            texts.append("…")  # A thread has changed it meanwhile.
        comma = "," if begin == "(" and len(texts) == 1 else ""
        return begin + ", ".join(texts) + comma + end

    def _one_a_line(self, parts: "Parts", value: "Any") -> str:
        """As `_joined`, with a line for each part, or for several short ones."""
        # An iterator that `_joined` has used lacks its first items, so there is a new one.
        begin, items, end = self._container(value) or parts
        lines, has_room = [begin], False
        try:
            for part in items:
                text = one_line(self._part(part, WIDTH, (id(value),)), WIDTH) + ","
                is_short = not part[1] and len(text) <= _SHORT
                if has_room and is_short and len(lines[-1]) + len(text) < WIDTH:
                    lines[-1] += " " + text
                    continue
                has_room = is_short
                if len(lines) >= _HEIGHT:
                    lines.append("    …")
                    break
                lines.append("    " + text)
        except RuntimeError:
            lines.append("    …")  # A thread has changed it meanwhile.
        return "\n".join([*lines, end])

    def _part(self, part: "Part", room: int, above: "tuple[int, ...]") -> str:
        name, sign, item = part
        label = ""
        if sign == "=":
            label = exact(name)[:WIDTH] + "="
        elif sign:
            label = self._text(name, room, above) + sign
        return label + self._text(item, max(room - len(label), 8), above)


def one_line(text: str, room: int) -> str:
    """`text` on one line, its end left out where it is longer than `room`."""
    text = " ".join(text[: 4 * room].split())
    return text if len(text) <= room else text[: room - 1] + "…"


def bounded(text: str) -> str:
    """`text` with its end left out where it is long."""
    lines = text[:_LONGEST].split("\n")
    is_whole = len(text) <= _LONGEST and len(lines) <= _HEIGHT
    return text if is_whole else "\n".join([*lines[:_HEIGHT], "…"])


def length(value: "Any") -> "int | None":
    """The number of items of a container or characters of a text that is built in, else None."""
    bases: "tuple[Any, ...]" = (*_TEXTS, *_BRACKETS)
    for base in bases:
        if is_a(value, base):
            return base.__len__(value)
    return len(value) if type(value) is _deque() else None


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}" + ("" if number == 1 else "s")


def _first(items: "Iterable[Any]", count: int) -> "Iterator[Any]":
    """The first `count` items; `itertools` may not have been imported yet."""
    return (item for _, item in zip(range(count), items))


def _base(kind: "type[Any]", bases: "Iterable[type[Any]]") -> "type[Any] | None":
    for base in bases:
        if issubclass(kind, base):
            return base
    return None


def _has_repr_of(kind: "type[Any]", base: "type[Any]") -> bool:
    """Whether instances of `kind` have the `repr` of `base`."""
    return on_type(kind, "__repr__") is vars(base)["__repr__"]


def _plain(value: "Any", base: "Any", room: int) -> str:
    """A number or text; of a long text the beginning."""
    if base in _TEXTS:
        text = repr(base.__getitem__(value, slice(0, room)))
        return text if base.__len__(value) <= room else text + "…"
    if base is int and int.bit_length(value) > _BITS:
        return f"<int of about {int.bit_length(value) * 30103 // 100000:,} digits>"
    return base.__repr__(value)


def _items(value: "Any", base: "type[Any]") -> "Iterator[Part]":
    if base is dict:
        return ((key, ": ", item) for key, item in dict.items(value))
    return ((None, "", item) for item in base.__iter__(value))


def _deque() -> "Any":
    """The class, where the program has imported it; an inspection imports nothing."""
    module = _modules.get("collections")
    return (own_dict(module) or {}).get("deque") if is_a(module, type(sys)) else None


def _are_names(names: object) -> bool:
    return type(names) is tuple and all(type(name) is str for name in names)


def _is_of_namedtuple(kind: "type[Any]") -> bool:
    method: "Any" = on_type(kind, "__repr__")
    return type(method) is Function and "collections" in method.__code__.co_filename


def _is_of_dataclass(kind: "type[Any]", method: object) -> bool:
    """Whether `dataclass` made `method`, the `repr`."""
    is_wrapper = type(method) is Function and "__wrapped__" in method.__dict__
    return is_wrapper and on_type(kind, "__dataclass_fields__") is not None


def _hidden_fields(kind: "type[Any]") -> "Collection[str]":
    """The fields that a dataclass keeps out of its `repr`."""
    found = on_type(kind, "__dataclass_fields__")
    if type(found) is not dict:
        return ()
    hidden = []
    for name, field in list(found.items()):
        if dict(fields(field)).get("repr") is False:
            hidden.append(name)
    return hidden


def _has_zone(value: "Any") -> bool:
    zone = on_type(type(value), "tzinfo")
    return is_c_getter(zone) and zone.__get__(value) is not None


def _is_small(value: "Any") -> bool:
    """Whether nothing that an object holds is so large that its `repr` could take long."""
    held = [item for _, item in _first(fields(value), 50)]
    for item in [value, *held]:
        count = length(item)
        if count is None:
            continue
        if count > _SMALL:
            return False
        base = _base(type(item), _BRACKETS)
        inner = () if base is None else dict.values(item) if base is dict else base.__iter__(item)
        if any((length(each) or 0) > _SMALL for each in _first(inner, 20)):
            return False
    return True


def _without_address(text: str) -> str:
    """`text` without the memory addresses that `object.__repr__` and its like add."""
    begin = text.find(_ADDRESS)
    while begin >= 0:
        end = begin + len(_ADDRESS)
        while end < len(text) and text[end] in "0123456789abcdefABCDEF":
            end += 1
        text = text[:begin] + text[end:]
        begin = text.find(_ADDRESS, begin)
    return text
