"""An editor as the section "Install" of its README makes it: in a clone, with a home of its own.

Runs what stands there, but for the server, which the project's own environment has.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from rdit_editors.editor import ROOT, program

_SERVER = "pipx install"
_LIMIT = 60


class Installed:
    """One editor, installed below a folder of its own by the lines of its README."""

    def __init__(self, readme: str, editor: str, name: str, folder: Path) -> None:
        """`editor` is what scripts/editors/install calls it, `name` what its user types."""
        self._clone = folder / "clone"
        self._home = folder / "home"
        self._bin = folder / "bin"
        for made in (self._home, self._bin):
            made.mkdir()
        (self._bin / name).symlink_to(program(editor))
        source = ROOT / "editors" / readme
        shutil.copytree(source, self._clone / "editors" / readme, ignore=_unwanted)
        self.readme = (source / "README.md").read_text()
        for block in commands(self.readme):
            self.run(block)

    def run(self, script: str) -> str:
        """What a shell script, run in the clone, writes to stdout; a failed assertion where it fails."""
        path = f"{self._bin}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=self._clone,
            env={"HOME": str(self._home), "PATH": path, "LC_ALL": "C.UTF-8", "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout


def commands(readme: str) -> list[str]:
    """The blocks of shell commands in the section "Install", without the line for the server."""
    section = re.split(r"^## ", readme.split("\n## Install\n")[1], flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    lines = (
        [line for line in block.splitlines() if not line.startswith(_SERVER)] for block in blocks
    )
    return ["\n".join(rest) for rest in lines if rest]


def _unwanted(_folder: str, names: list[str]) -> set[str]:
    return {"tests", "tags", "__pycache__"}.intersection(names)
