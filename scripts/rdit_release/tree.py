"""What the tree says of the release to be: its version, its address, and what stands in its way.

Reads files and asks git; builds nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "editors" / "vscode"

_UNSET = ".invalid"
"""The end of a host that no address has (RFC 6761)."""

_UNPUBLISHED = "rdit is (not )?published|in no marketplace yet"
"""What pages say that tell how to install before and after the first release."""


def versions() -> dict[str, str]:
    """The version by the place that says it."""
    lock = json.loads(_read("editors/vscode/package-lock.json"))
    return {
        "rdit_lsp/version.py": _found(r'^VERSION = "(.+)"', "rdit_lsp/version.py"),
        "editors/vscode/package.json": _extension()["version"],
        "editors/vscode/package-lock.json": lock["version"],
        'editors/vscode/package-lock.json, packages[""]': lock["packages"][""]["version"],
        "editors/emacs/rdit.el": _found(r"^;; Version: (.+)", "editors/emacs/rdit.el"),
        "the first heading of CHANGELOG.md": _found(r"^## (\S+)", "CHANGELOG.md"),
    }


def addresses() -> dict[str, str]:
    """The repository's address by the place that says it."""
    extension = _extension()
    return {
        "Repository in pyproject.toml": _project()["urls"]["Repository"],
        "repository in editors/vscode/package.json": extension["repository"]["url"][: -len(".git")],
        "homepage in editors/vscode/package.json": extension["homepage"],
        "URL in editors/emacs/rdit.el": _found(r"^;; URL: (.+)", "editors/emacs/rdit.el"),
    }


def dependencies() -> list[str]:
    """What the server needs, as pyproject.toml has it."""
    return list(_project()["dependencies"])


def disagreement(what: str, places: dict[str, str]) -> str | None:
    """A sentence where the places do not all say the same."""
    if len(set(places.values())) == 1:
        return None
    said = "; ".join(f"{value} in {place}" for place, value in places.items())
    return f"{what} differ: {said}."


def errors() -> list[str]:
    """What is wrong with the tree whether or not it is to be released."""
    address = addresses()["Repository in pyproject.toml"]
    strays = [
        f"{name} = {url}" for name, url in _project()["urls"].items() if not url.startswith(address)
    ]
    found = [disagreement("Versions", versions()), disagreement("Addresses", addresses())]
    if strays:
        found.append(
            f"These addresses in pyproject.toml are not below {address}: {', '.join(strays)}."
        )
    return [sentence for sentence in found if sentence is not None]


def obstacles() -> list[str]:
    """What is not yet as it must be when this tree is published."""
    version, address = (
        versions()["rdit_lsp/version.py"],
        addresses()["Repository in pyproject.toml"],
    )
    found = []
    if address.endswith(_UNSET):
        found.append(f"the address of the repository is not set: it is {address}")
    if "unreleased" in _found(r"^## (.+)", "CHANGELOG.md"):
        found.append("the first heading of CHANGELOG.md says that the version is unreleased")
    if pages := _git("grep", "-liE", _UNPUBLISHED, "--", "*.md", "*.txt", ":!packaging"):
        found.append(f"these say that rdit is not published: {', '.join(pages)}")
    if changed := _git("status", "--porcelain"):
        names = ", ".join(line[3:] for line in changed)
        found.append(f"there are changes that are not committed: {names}")
    if _git("tag", "--list", f"v{version}"):
        found.append(f"there is a tag v{version} already")
    return found


def _project() -> dict[str, dict[str, str]]:
    return tomllib.loads(_read("pyproject.toml"))["project"]


def _extension() -> dict[str, dict[str, str]]:
    return json.loads(_read("editors/vscode/package.json"))


def _found(pattern: str, path: str) -> str:
    match = re.search(pattern, _read(path), re.MULTILINE)
    if match is None:
        raise SystemExit(f"{path} has no line like {pattern}")
    return match[1]


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _git(*arguments: str) -> list[str]:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()
