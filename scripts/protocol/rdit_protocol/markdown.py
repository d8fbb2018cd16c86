"""The definitions as tables of `docs/protocol.md`, in the places that its comments name.

A place is between `<!-- generated: NAMES -->` and `<!-- end -->`, NAMES being those of definitions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdit_protocol.schema import (
    Basic,
    Choice,
    ListOf,
    MapOf,
    Record,
    Reference,
    Union,
    references,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rdit_protocol.schema import Definition, Field, Type

_PLACE = re.compile(r"(<!-- generated: (.*?) -->\n).*?(<!-- end -->)", re.DOTALL)


def page(text: str, definitions: Mapping[str, Definition]) -> str:
    """`text` with its tables made anew. Raises LookupError for a definition that has no place."""
    described = {name for _, names, _ in _PLACE.findall(text) for name in names.split()}
    if missing := [name for name in definitions if name not in described]:
        raise LookupError(f"no table has {', '.join(missing)}")

    def filled(place: re.Match[str]) -> str:
        sections = (_section(definitions[name]) for name in place[2].split())
        return "\n".join([place[1], *sections, place[3]])

    return _PLACE.sub(filled, text)


def _section(definition: Definition) -> str:
    return f"### {definition.name}\n\n{definition.description}\n\n{_body(definition)}"


def _body(definition: Definition) -> str:
    match definition.type:
        case Record(fields) if all(isinstance(each.type, Record) for each in fields):
            return _calls(fields)
        case Record() as found:
            return _fields(found)
        case Choice(options):
            rows = [[f'`"{each.value}"`', each.description] for each in options]
            return _table(["value", "meaning"], rows)
        case Union(types):
            return f"One of {', '.join(map(_linked, types))}.\n"
        case _:
            return f"{_linked(definition.type)}\n"


def _calls(calls: Sequence[Field]) -> str:
    rows = []
    for call in calls:
        assert isinstance(call.type, Record)
        parts = {part.name: _linked(part.type) for part in call.type.fields}
        rows.append([f"`{call.name}`", call.description, parts["params"], parts.get("result", "")])
    return _table(["method", "meaning", "params", "result"], rows)


def _fields(found: Record) -> str:
    rows = [[_name(each), _linked(each.type), _described(each)] for each in found.fields]
    if found.has_more:
        rows.append(["…", "", "Any other name."])
    inherited = "".join(f"Has the fields of {_link(base)}, and:\n\n" for base in found.bases)
    return inherited + _table(["field", "type", "meaning"], rows)


def _name(field: Field) -> str:
    return f"`{field.name}`" if field.is_required else f"`{field.name}?`"


def _described(field: Field) -> str:
    """What a field is, and its default; of a choice without a name what each value means as well."""
    text = [field.description]
    if isinstance(field.type, Choice):
        described = [option for option in field.type.options if option.description]
        text += [f'`"{option.value}"`: {option.description}' for option in described]
    if field.default not in (None, "null"):
        text.append(f"Default: `{field.default}`.")
    return " ".join(text)


def _linked(type_: Type) -> str:
    """A type, as a link where the page has a table for it."""
    names = [*references(type_)]
    return _link(names[0], _written(type_)) if len(names) == 1 else _code(_written(type_))


def _link(name: str, text: str = "") -> str:
    return f"[{_code(text or name)}](#{name.lower()})"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _written(type_: Type) -> str:
    match type_:
        case Basic(name) | Reference(name):
            return name
        case Choice(options):
            return " | ".join(f'"{option.value}"' for option in options)
        case ListOf(item):
            return f"{_written(item)}[]"
        case MapOf(value):
            return f"{{[name]: {_written(value)}}}"
        case Union(types):
            return " | ".join(map(_written, types))
        case Record(fields):
            return f"{{{', '.join(each.name for each in fields)}}}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    """A bar would end the cell, also within code."""
    return text.replace("|", "\\|")
