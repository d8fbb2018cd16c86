"""The public shapes of `docs/protocol_schema.json`, to check messages against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_PATH = Path(__file__).parents[2] / "docs" / "protocol_schema.json"


def check(name: str, message: object) -> None:
    """Fail where `message` is not of the shape that the schema calls `name`."""
    errors = [
        f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(message)
    ]
    assert errors == [], f"not a {name}: {message!r:.2000}"


@cache
def _validator(name: str) -> Draft202012Validator:
    definitions = json.loads(_PATH.read_text())["definitions"]
    return Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": {n: _full(d) for n, d in definitions.items()}}
    )


def _full(schema: Any) -> Any:
    """The schema with each `$ref` to a bare name made one that a validator follows."""
    if isinstance(schema, list):
        return [_full(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"#/$defs/{value}" if key == "$ref" else _full(value) for key, value in schema.items()
    }
