"""The files of `packaging/`, filled in for one release: what other registries want of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdit_release.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGING = ROOT / "packaging"
TEMPLATES = ("mason/rdit-lsp/package.yaml", "conda-forge/rdit-lsp/recipe.yaml", "melpa/rdit")

_FORGES = {
    "https://github.com/": "github",
    "https://gitlab.com/": "gitlab",
    "https://codeberg.org/": "codeberg",
}
"""MELPA's own names for hosts, which it wants in the place of their addresses."""


def write(folder: Path, values: dict[str, str]) -> list[Path]:
    """Write each file into `folder`, with `@NAME@` replaced by the value of NAME."""
    return [_write(folder / name, (PACKAGING / name).read_text(), values) for name in TEMPLATES]


def values(version: str, repository: str, sha256: str) -> dict[str, str]:
    """What the files ask for."""
    return {
        "VERSION": version,
        "REPOSITORY": repository,
        "SHA256": sha256,
        "MELPA_SOURCE": melpa_source(repository),
    }


def melpa_source(repository: str) -> str:
    """Where MELPA finds the repository, in its words."""
    for address, forge in _FORGES.items():
        if repository.startswith(address):
            return f':fetcher {forge} :repo "{repository.removeprefix(address)}"'
    return f':fetcher git :url "{repository}.git"'


def conda_dependencies() -> list[str]:
    """What the recipe says that the server needs at run time, but for Python itself."""
    recipe = (PACKAGING / "conda-forge/rdit-lsp/recipe.yaml").read_text()
    section = recipe.split("\n  run:\n")[1].split("\n\n")[0]
    entries = re.findall(r"^    - ([a-z][\w-]*) (>=[\d.]+)$", section, re.MULTILINE)
    return [name + bound for name, bound in entries]


def _write(path: Path, template: str, values: dict[str, str]) -> Path:
    text = re.sub(r"@([A-Z][A-Z0-9_]+)@", lambda field: values[field[1]], template)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
