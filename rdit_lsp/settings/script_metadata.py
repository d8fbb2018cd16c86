"""What a script says that it needs: the block `# /// script` of PEP 723.

Reads the text; what an interpreter has of it is for `requirements` to compare.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rdit_lsp.settings.configuration import ConfigurationError
from rdit_lsp.settings.toml import parse

_BLOCK = re.compile(r"^# /// script$\n(?P<content>(?:^#(?:| .*)$\n)+)^# ///$", re.MULTILINE)
"""As in the PEP: of several lines `# ///` in one comment, the last one ends the block."""


@dataclass(frozen=True)
class ScriptMetadata:
    """What a script declares that it needs."""

    requires_python: str = ""
    dependencies: tuple[str, ...] = ()


def metadata_of(source: str) -> ScriptMetadata | None:
    """What the source declares, None if it has no such block. Raises ConfigurationError."""
    if "# /// script" not in source:
        return None
    blocks = list(_BLOCK.finditer(source.replace("\r\n", "\n")))
    if not blocks:
        return None
    if len(blocks) > 1:
        raise ConfigurationError("the script has more than one block `# /// script`.")
    lines = blocks[0]["content"].splitlines()
    try:
        table = parse("".join(f"{line.removeprefix('#').removeprefix(' ')}\n" for line in lines))
    except ValueError as error:
        raise ConfigurationError(f"the block `# /// script` is not valid TOML: {error}.") from error
    python, dependencies = table.get("requires-python", ""), table.get("dependencies", [])
    if not isinstance(python, str):
        raise ConfigurationError("requires-python in `# /// script` must be a string.")
    if not isinstance(dependencies, list) or not all(isinstance(d, str) for d in dependencies):
        raise ConfigurationError("dependencies in `# /// script` must be a list of strings.")
    return ScriptMetadata(python, tuple(dependencies))
