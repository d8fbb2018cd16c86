"""Names of documents: their uris, paths, and what people call them; pure."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit


def is_file(uri: str) -> bool:
    """Whether a uri names a file, be it there or not."""
    return urlsplit(uri).scheme == "file"


def path_of(uri: str) -> str:
    """The path that code of a document carries: the file's, or what an unsaved one is called."""
    parts = urlsplit(uri)
    return unquote(parts.path) or unquote(uri)


def name_of(uri: str) -> str:
    """What a user calls the document."""
    return Path(path_of(uri)).name
