"""A snapshot as files: `export(snapshot, to)`.

Pure: nothing runs and nothing is written here. Libraries are imported by the format that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.export.model import About, Exported, Format
from rdit_lsp.export.parts import without_unfinished_figures

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
        from rdit_lsp.export import html

        return Exported(html.page(snapshot, about))
    if to == "ipynb":
        from rdit_lsp.export import notebook

        return Exported(notebook.notebook(snapshot, about))
    if to == "md":
        from rdit_lsp.export import markdown

        return markdown.markdown(snapshot, folder)
    from rdit_lsp.export import script

    return Exported(script.script(snapshot))
