"""`docs/protocol_schema.json` as definitions and types: what every writer of this package reads.

Knows the part of JSON Schema (2020-12) that the file uses, and refuses the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Basic:
    """A type of JSON that has no parts."""

    name: str
    """`string`, `integer`, `number`, `boolean`, `null`, or `any`."""


@dataclass(frozen=True)
class Option:
    """A value of a choice."""

    value: str
    description: str


@dataclass(frozen=True)
class Choice:
    """One of a closed set of strings."""

    options: tuple[Option, ...]


@dataclass(frozen=True)
class Reference:
    """A type that the schema names."""

    name: str


@dataclass(frozen=True)
class ListOf:
    """An array."""

    item: Type


@dataclass(frozen=True)
class MapOf:
    """An object with any names."""

    value: Type


@dataclass(frozen=True)
class Union:
    """One of several types."""

    types: tuple[Type, ...]


@dataclass(frozen=True)
class Field:
    """A field of a record."""

    name: str
    type: Type
    description: str
    is_required: bool
    default: str | None
    """As JSON; None where there is none."""


@dataclass(frozen=True)
class Record:
    """An object with named fields."""

    fields: tuple[Field, ...]
    bases: tuple[str, ...] = ()
    """Records whose fields it has as well."""
    has_more: bool = False
    """It may have fields with any other name."""


Type: TypeAlias = Basic | Choice | Reference | ListOf | MapOf | Union | Record


@dataclass(frozen=True)
class Definition:
    """A type, its name and what it is."""

    name: str
    type: Type
    description: str


def load(path: Path) -> dict[str, Definition]:
    """The definitions of a schema, in its order."""
    found = json.loads(path.read_text(encoding="utf-8"))["$defs"]
    return {
        name: Definition(name, _type(raw), raw.get("description", ""))
        for name, raw in found.items()
    }


def record(definitions: Mapping[str, Definition], name: str) -> Record:
    """The record that is called `name`."""
    found = definitions[name].type
    assert isinstance(found, Record), f"{name} is no record"
    return found


def reachable(definitions: Mapping[str, Definition], roots: Sequence[str]) -> list[Definition]:
    """`roots` and what they refer to, in the order of the schema."""
    found: set[str] = set()
    pending = [*roots]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += references(definitions[name].type)
    return [definition for name, definition in definitions.items() if name in found]


def references(type_: Type) -> Iterator[str]:
    """The names that a type refers to."""
    match type_:
        case Reference(name):
            yield name
        case ListOf(part) | MapOf(part):
            yield from references(part)
        case Union(types):
            for part in types:
                yield from references(part)
        case Record(fields, bases):
            yield from bases
            for field in fields:
                yield from references(field.type)


def _type(raw: Json) -> Type:
    if "$ref" in raw:
        return Reference(_name(raw))
    if "const" in raw:
        return Choice((Option(raw["const"], ""),))
    if "enum" in raw:
        return Choice(tuple(Option(value, "") for value in raw["enum"]))
    if "oneOf" in raw:
        return _one_of(raw["oneOf"])
    kinds = raw.get("type")
    if isinstance(kinds, list):
        return Union(tuple(_of_kind(kind, raw) for kind in kinds))
    return _of_kind(kinds, raw)


def _one_of(alternatives: list[Json]) -> Type:
    if all("const" in each for each in alternatives):
        return Choice(tuple(Option(each["const"], each["description"]) for each in alternatives))
    return Union(tuple(_type(each) for each in alternatives))


def _of_kind(kind: str | None, raw: Json) -> Type:
    if kind is None:
        return Basic("any")
    if kind == "array":
        return ListOf(_type(raw["items"]))
    if kind == "object":
        return _object(raw)
    return Basic(kind)


def _object(raw: Json) -> Type:
    rest = raw.get("additionalProperties", False)
    if "properties" not in raw:
        return MapOf(_type(rest if isinstance(rest, dict) else {}))
    required = raw.get("required", ())
    fields = (_field(name, found, required) for name, found in raw["properties"].items())
    bases = (_name(each) for each in raw.get("allOf", ()))
    return Record(tuple(fields), tuple(bases), has_more=rest is not False)


def _field(name: str, raw: Json, required: Sequence[str]) -> Field:
    default = json.dumps(raw["default"]) if "default" in raw else None
    return Field(name, _type(raw), raw.get("description", ""), name in required, default)


def _name(raw: Json) -> str:
    """The name in a `$ref`."""
    start, name = raw["$ref"].rsplit("/", 1)
    assert start == "#/$defs", f"{raw['$ref']} is no definition of this file"
    return str(name)
