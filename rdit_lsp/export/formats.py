"""A snapshot as the content of files: `export(snapshot, to)`.

Pure: nothing runs and nothing is written here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.export.markdown import markdown
from rdit_lsp.export.model import About, Exported, Format
from rdit_lsp.export.notebook import notebook
from rdit_lsp.export.parts import without_unfinished_figures
from rdit_lsp.export.script import script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.results.snapshot import Snapshot


SUFFIXES: Mapping[Format, str] = {
    "html": ".html",
    "ipynb": ".ipynb",
    "md": ".md",
    "py": ".results.py",
}
"""What takes the place of `.py`; a script with its results must not take the script's own place."""


def export(snapshot: Snapshot, to: Format, about: About, folder: str | None = None) -> Exported:
    """The document with its results.

    `folder`: name of the folder for pictures; without one they are put into the text, where that can be.
    """
    snapshot = without_unfinished_figures(snapshot)
    if to == "html":
        # Here: markdown-it and Pygments take 60 ms to import, which every start would pay.
        from rdit_lsp.export.html import page

        return Exported(page(snapshot, about))
    if to == "ipynb":
        return Exported(notebook(snapshot, about))
    if to == "md":
        return markdown(snapshot, folder)
    return Exported(script(snapshot))
