"""`scripts/protocol/generate`: what follows from the schema is as it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GENERATED = (
    "docs/protocol.md",
    "editors/neovim/lua/rdit/protocol.lua",
    "editors/vscode/package.json",
    "editors/vscode/src/protocol.ts",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The part of the project that the script reads and writes."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts" / "protocol", tmp_path / "scripts" / "protocol", ignore=skip)
    for name in ("docs/protocol_schema.json", *GENERATED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts" / "protocol" / "generate"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_nothing_is_out_of_date(copy: Path) -> None:
    """A client would have other types than the schema, or an editor other settings."""
    done = generate(copy, "--check")
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_a_new_setting_is_missed_and_written_everywhere(copy: Path) -> None:
    """A setting could be added to the schema and be forgotten in one of the places that list it."""
    schema = copy / "docs" / "protocol_schema.json"
    setting = '"anew": {"description": "A new one.", "type": "boolean", "default": false},'
    text = schema.read_text().replace('"cwd": {', f'{setting} "cwd": {{', 1)
    schema.write_text(text)
    done = generate(copy, "--check")
    assert 1 == done.returncode
    named = [line.partition(" ")[0] for line in done.stdout.splitlines()]
    assert [*GENERATED] == sorted(named)
    assert 0 == generate(copy).returncode
    for name in GENERATED:
        assert "anew" in (copy / name).read_text(), name
    assert 0 == generate(copy, "--check").returncode


@pytest.mark.parametrize("name", GENERATED)
def test_a_change_by_hand_is_named(copy: Path, name: str) -> None:
    """What is generated could be edited, and the next run of the script would undo it."""
    path = copy / name
    text = path.read_text()
    changed = text.replace("checkpointMemory", "memory", 1)
    assert text != changed
    path.write_text(changed)
    done = generate(copy, "--check")
    assert 1 == done.returncode
    assert name in done.stdout


def test_a_definition_without_a_table_is_refused(copy: Path) -> None:
    """A message could be described for machines and not for people."""
    page = copy / "docs" / "protocol.md"
    page.write_text(page.read_text().replace("<!-- generated: Settings ", "<!-- generated: "))
    done = generate(copy, "--check")
    assert 1 == done.returncode
    assert "no table has Settings" in done.stderr
