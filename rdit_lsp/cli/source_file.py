"""What a FILE on the command line means, as `python FILE` takes it: a script, a folder, an archive.

Looks at files; runs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

_END_OF_ARCHIVE = b"PK\x05\x06"
_LONGEST_END = 22 + 0xFFFF
"""Bytes of an archive's end, with the longest comment that it can have."""


class NoSourceError(Exception):
    """There is no text whose statements could be run one by one; the message is a sentence for the user."""


def source_path(file: str) -> str:
    """The file whose text is run: of a folder, its `__main__.py`."""
    if not os.path.isdir(file):
        return file
    # As Python does, which keeps any other name of a folder as it is given (`_Py_abspath`, fileutils.c).
    return "__main__.py" if file == os.curdir else os.path.join(file, "__main__.py")


def is_source(file: str) -> bool:
    """Whether there is text to run, or nothing at all; an archive and compiled code only Python can run."""
    if file == "-":
        return True
    if os.path.isdir(file):
        return os.path.exists(source_path(file)) or not os.path.exists(f"{file}/__main__.pyc")
    return not file.endswith(".pyc") and not _is_archive(file)


def _is_archive(file: str) -> bool:
    """Whether Python would take the file for a zip archive, whatever it is called."""
    if not os.path.isfile(file):
        return False  # A pipe, which can be read once.
    try:
        with Path(file).open("rb") as opened:
            opened.seek(-min(_LONGEST_END, os.path.getsize(file)), os.SEEK_END)
            return _END_OF_ARCHIVE in opened.read()
    except OSError:
        return False
