"""What the pages say that a reader copies or follows: the demo's output, commands, links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RDIT = Path(sys.executable).with_name("rdit")
LIMIT = 60
PAGES = sorted(
    path.relative_to(ROOT)
    for folder in (ROOT, ROOT / "docs", ROOT / "editors", ROOT / "packaging", ROOT / "scripts")
    for path in folder.glob("*.md" if folder == ROOT else "**/*.md")
    if not {"node_modules", "libs"}.intersection(path.parts)
)


def test_the_picture_of_the_demo_is_what_the_demo_prints() -> None:
    """A reader who types `make demo` sees something else than the README shows."""
    done = subprocess.run(
        [RDIT, "run", "examples/demo.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    shown = (ROOT / "README.md").read_text().split("make demo\n```\n\n```\n")[1].split("```")[0]
    assert shown == done.stdout


def test_the_readme_installs_editors_as_their_own_pages_do() -> None:
    """One of two was changed alone. That an editor's page is right is tested with that editor."""
    block = (ROOT / "README.md").read_text().split("```\n# VS Code")[1].split("```")[0]
    lines = [line for line in block.splitlines()[1:] if line and not line.startswith("#")]
    commands = [command for line in lines for command in line.strip("()").split(" && ")]
    pages = "\n".join(page.read_text() for page in ROOT.glob("editors/*/README.md"))
    assert [command for command in commands if command not in pages] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file that has been moved or renamed."""
    targets = re.findall(r"\]\((?!\w+:)([^)#]+)", (ROOT / page).read_text())
    missing = [target for target in targets if not (ROOT / page.parent / target).exists()]
    assert missing == []
