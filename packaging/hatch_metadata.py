"""The README as the package index shows it: what it links to lies in the repository.

Hatchling calls this for each build. On the index a relative link leads nowhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)#:]+)\)")


class Readme(MetadataHookInterface):
    """Sets `readme` from README.md and `project.urls.Repository`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the field, as the table `project` would have it."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, metadata["urls"]["Repository"]),
        }


def absolute(text: str, repository: str) -> str:
    """Markdown whose relative links and pictures are addresses in `repository`."""

    def replaced(link: re.Match[str]) -> str:
        kind = "raw" if link["image"] else "blob"
        return f"{link['image']}[{link['text']}]({repository}/{kind}/HEAD/{link['target']})"

    return _LINK.sub(replaced, text)
