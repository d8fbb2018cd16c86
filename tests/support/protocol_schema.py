"""The shapes of `docs/protocol_schema.json`, to check messages against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

PATH = Path(__file__).parents[2] / "docs" / "protocol_schema.json"


def check(name: str, message: object) -> None:
    """Fail where `message` is not of the shape that the schema calls `name`."""
    _check(f"#/$defs/{name}", message)


def check_call(command: str, argument: object, result: object) -> None:
    """Fail where a reply is not of the shape of its command, or the argument that it answers is not.

    Servers ignore what they do not know of an argument; here it would be a field without a description.
    """
    place = f"#/$defs/Requests/properties/{command.replace('/', '~1')}/properties"
    _check(f"{place}/params", argument, is_closed=True)
    _check(f"{place}/result", result)


def check_message(method: str, params: object) -> None:
    """Fail where a notification or request of the server, one of rdit's own, is not of its shape."""
    _check(f"#/$defs/Messages/properties/{method.replace('/', '~1')}/properties/params", params)


def commands() -> set[str]:
    """The commands that the schema describes."""
    return {*definitions()["Requests"]["properties"]}


@cache
def definitions() -> dict[str, Any]:
    """The entries of the schema."""
    found: dict[str, Any] = json.loads(PATH.read_text())["$defs"]
    return found


def _check(place: str, message: object, *, is_closed: bool = False) -> None:
    error = best_match(_validator(place, is_closed=is_closed).iter_errors(message))
    assert error is None, f"{error.json_path}: {error.message}, in {message!r:.2000}"


@cache
def _validator(place: str, *, is_closed: bool) -> Draft202012Validator:
    closed = {"unevaluatedProperties": False} if is_closed else {}
    return Draft202012Validator({"$ref": place, "$defs": definitions(), **closed})
