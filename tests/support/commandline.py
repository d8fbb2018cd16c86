"""The command line as a user has it: run a script, read what it says, export it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RDIT = Path(sys.executable).with_name("rdit")
_LIMIT = 100
"""Seconds that only a bug reaches: the slowest test waits ten for a method that hangs."""


@dataclass
class Rdit:
    """The command line with one interpreter, in a folder of its own."""

    python: str
    folder: Path
    command: str = str(_RDIT)

    def __call__(
        self, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `rdit` with `arguments`."""
        return subprocess.run(
            [self.command, *arguments],
            input=b"" if stdin is None else stdin.encode(),
            capture_output=True,
            cwd=self.folder,
            timeout=_LIMIT,
            check=False,
        )

    def write(self, source: str, name: str = "script.py") -> Path:
        """A script with this source."""
        path = self.folder / name
        path.write_text(source)
        return path

    def outputs(self, source: str) -> list[dict[str, Any]]:
        """The outputs of all statements of `source`, in order."""
        path = self.write(source)
        done = self("run", "--python", self.python, "--format", "json", str(path))
        report = json.loads(done.stdout)
        assert report["status"] == "ok", report["results"][-1]["output"]
        return [output for result in report["results"] for output in result["output"]]

    def shown(self, source: str) -> dict[str, Any]:
        """The last output of `source`, which is a display or a value."""
        output = self.outputs(source)[-1]
        assert output["type"] in ("result", "display")
        return output

    def export(self, source: str, to: str, name: str = "script.py") -> bytes:
        """What `rdit export` writes."""
        path = self.write(source, name)
        target = self.folder / f"exported.{to}"
        done = self(
            "export", str(path), "--to", to, "--output", str(target), "--python", self.python
        )
        assert done.stderr.decode() == f"rdit: {target} has been written.\n"
        return target.read_bytes()


def notes(output: dict[str, Any]) -> list[str]:
    """What rdit says is missing."""
    return output["metadata"]["rdit"].get("notes", [])


def size_of(output: dict[str, Any]) -> tuple[int, int]:
    """Width and height of a PNG."""
    raw = base64.b64decode(output["data"]["image/png"])
    assert raw.startswith(b"\x89PNG")
    return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")
