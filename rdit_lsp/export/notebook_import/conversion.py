"""Converting a notebook's file into a script's file."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rdit_lsp.export.notebook_import.assembly import script_of
from rdit_lsp.export.notebook_import.losses import losses
from rdit_lsp.export.notebook_import.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Conversion:
    """A notebook as a script."""

    notebook: Path
    text: str
    """The script's source."""
    losses: Sequence[str]
    """A sentence for each kind of thing that the script lacks of the notebook."""

    def save(self, output: Path | None) -> Path:
        """Write the script to `output`, or beside the notebook; returns where it is.

        Raises OSError: FileExistsError where another text would be lost that was not named.
        """
        target = output if output is not None else self.notebook.with_suffix(".py")
        if output is None and self._would_be_lost(target):
            raise FileExistsError(errno.EEXIST, "another text is there", str(target))
        target.write_text(self.text, "utf-8", newline="\n")
        return target

    def _would_be_lost(self, target: Path) -> bool:
        return target.exists() and target.read_text("utf-8", "replace") != self.text


def convert(notebook: Path) -> Conversion:
    """Read a notebook and make a script of it. Raises NotebookError and OSError."""
    script = script_of(read(notebook))
    return Conversion(notebook, script.text, tuple(losses(script)))
