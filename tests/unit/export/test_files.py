"""Where exports go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rdit_lsp.document.document import open_document
from rdit_lsp.export.files import save, target_of
from rdit_lsp.export.formats import SUFFIXES
from rdit_lsp.export.model import About
from rdit_lsp.outputs.display import Display
from rdit_lsp.results.snapshot import SessionState, Snapshot, View

if TYPE_CHECKING:
    from pathlib import Path

    from rdit_lsp.export.model import Format

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = Display("result", {"image/png": PNG, "text/plain": "<Figure>"})
VALUE = Display("result", {"text/plain": "42"})
SNAPSHOT = Snapshot(
    open_document("file:///d.py", 1, "40 + 2\nplot()\n"),
    SessionState.IDLE,
    [View(0, 1, 1, True, "ok", [VALUE]), View(1, 2, 2, True, "ok", [PICTURE])],
)


@pytest.mark.parametrize("to", SUFFIXES)
def test_beside_the_file(to: Format, tmp_path: Path) -> None:
    """It would be somewhere else, or take the place of the script."""
    file = tmp_path / "d.py"
    assert tmp_path / f"d{SUFFIXES[to]}" == target_of(str(file), to, None)


def test_standard_output() -> None:
    """A script from standard input has no place for its export."""
    assert target_of(None, "md", None) is None
    assert target_of("d.py", "md", "-") is None


def test_never_the_script_itself(tmp_path: Path) -> None:
    """Exporting would destroy what was exported."""
    file = tmp_path / "d.py"
    file.write_text("1\n")
    (tmp_path / "link.py").symlink_to(file)
    for output in (str(file), str(tmp_path / "link.py"), str(tmp_path / "." / "d.py")):
        with pytest.raises(FileExistsError, match="the place of the file itself"):
            target_of(str(file), "py", output)


@pytest.mark.parametrize("to", SUFFIXES)
def test_every_format_has_the_results(to: Format, tmp_path: Path) -> None:
    """A result would be lost; a picture would be a page of letters, or be missing."""
    target = tmp_path / f"d{SUFFIXES[to]}"
    save(SNAPSHOT, to, About("d.py", "3.11.1"), target)
    assert "42" in target.read_text()
    pictures = [path for path in tmp_path.rglob("*") if path.suffix == ".png"]
    assert ["d_files/line-2-1.png"] * (to == "md") == [
        str(path.relative_to(tmp_path)) for path in pictures
    ]
