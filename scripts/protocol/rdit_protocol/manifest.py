"""The settings in `contributes.configuration` of the VS Code extension's `package.json`.

What a setting may be comes from the schema; what VS Code tells its user of it, and where it may be set,
stands in the manifest and stays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHAPE = ("type", "items", "additionalProperties", "minimum", "maximum")


def manifest(text: str, schema: Mapping[str, Any]) -> str:
    """`package.json` with the settings of `schema`, the whole of the file."""
    found = json.loads(text)
    properties = found["contributes"]["configuration"]["properties"]
    for key, setting in schema["$defs"]["Settings"]["properties"].items():
        new = {"scope": "resource", "markdownDescription": setting["description"]}
        properties.setdefault(f"rdit.{key}", new).update(_shape(setting))
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _shape(setting: Mapping[str, Any]) -> dict[str, Any]:
    """What VS Code checks of a value, and a default where the schema has one that says something."""
    shape = {key: setting[key] for key in _SHAPE if key in setting}
    if "oneOf" in setting:
        options = setting["oneOf"]
        shape["type"] = "string"
        shape["enum"] = [option["const"] for option in options]
        shape["markdownEnumDescriptions"] = [option["description"] for option in options]
    if "default" in setting:
        shape["default"] = setting["default"]
    return shape
