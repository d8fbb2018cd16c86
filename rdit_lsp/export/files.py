"""Where an export goes, and writing it there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rdit_lsp.export.formats import SUFFIXES, export

if TYPE_CHECKING:
    from rdit_lsp.export.model import About, Format
    from rdit_lsp.results.snapshot import Snapshot


def target_of(file: str | None, to: Format, output: str | None) -> Path | None:
    """Where an export of `file` goes, None for standard output.

    Raises FileExistsError where it would replace the script itself.
    """
    if output == "-" or (output is None and file is None):
        return None
    if output is not None:
        target = Path(output)
    else:
        assert file is not None
        source = Path(file)
        if source.name in ("", ".."):  # `.`, a folder that is run as one.
            source = source.resolve()
        target = source.with_suffix(SUFFIXES[to])
    if file is not None and target.resolve() == Path(file).resolve():
        raise FileExistsError(0, "the export would take the place of the file itself", str(target))
    return target


def save(snapshot: Snapshot, to: Format, about: About, target: Path | None) -> None:
    """Write the document with its results to `target`, pictures beside it; None is standard output."""
    exported = export(snapshot, to, about, f"{target.stem}_files" if target is not None else None)
    if target is None:
        sys.stdout.buffer.write(exported.data)
        sys.stdout.buffer.flush()
        return
    for name, data in exported.beside.items():
        path = target.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    target.write_bytes(exported.data)
