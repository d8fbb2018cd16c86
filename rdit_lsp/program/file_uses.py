"""The files that a program has used, as they were at one moment: whether a state from then is still true.

A checkpoint brings back the memory of a program, not its files. Going on from one would be wrong where the
program had used a file before it, and that is another one now: a clean run would meet another file there.
Reads files' stamps and lists folders, nothing else.
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

from rdit_lsp.document.project_files import stamp_of_file

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping

ANY = "*"
"""In the place of a path: any file; the worker has the same."""

Stamps: TypeAlias = "Mapping[str, Hashable]"


def stamps(used: Collection[str]) -> Stamps:
    """What changes when one of these files or folders does."""
    return {path: _stamp(path) for path in used}


def changed_since(then: Stamps) -> str | None:
    """Why a state is not true any more from whose time these stamps are; None where it is.

    Files are looked at because not only the program may have changed them: what it starts does, too, and
    libraries that raise no event.
    """
    for path, stamp in then.items():
        if _stamp(path) != stamp:
            return _reason(path)
    return None


def spoiled_by(changed: Collection[str], used: Collection[str]) -> str | None:
    """Why a state from before these changes is not true any more; None where it is.

    `used` is what the program had used before it. Stamps do not serve here: a change may leave them as they
    were, and where any file may have been used there are none.
    """
    if not used or not changed:
        return None
    for path in sorted(changed):
        if path != ANY and (path in used or ANY in used):
            return _reason(path)
    return _reason(ANY) if ANY in used else None


def _reason(path: str) -> str:
    name = "files" if path == ANY else PurePath(path).name or path
    return f"it has changed {name}, which it had used before"


def _stamp(path: str) -> Hashable:
    if path == ANY:
        return None
    if not path.endswith("/"):
        return stamp_of_file(path)
    try:
        # Not the time of the folder: an editor that saves makes a file there, and renames it.
        return hash(frozenset(os.listdir(path)))
    except OSError:
        return None
