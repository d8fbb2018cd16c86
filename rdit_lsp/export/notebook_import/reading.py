"""A notebook file as cells, whatever its format; one that is of another language is refused.

Reads formats 1 to 4 as they lie on disk, without nbformat, which not every installation has. What cells
mean to IPython is for other modules.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Kind: TypeAlias = Literal["code", "markdown", "raw"]

_KINDS: Mapping[str, Kind] = {
    "code": "code",
    "markdown": "markdown",
    "heading": "markdown",
    "html": "markdown",
    "text": "markdown",
    "raw": "raw",
}
_SOURCE_KEYS = ("source", "input", "code", "text")
"""What formats 4, 3 and 2, and 1 call the text of a cell."""
_PYTHON = re.compile(r"(i|micro|circuit)?python[\d.]*|pyspark|sage", re.IGNORECASE)
_KERNELS = {
    "ir": "R",
    "julia": "Julia",
    "xcpp": "C++",
    "bash": "Bash",
    "javascript": "JavaScript",
    "deno": "TypeScript",
    "scala": "Scala",
    "octave": "Octave",
    "matlab": "MATLAB",
    ".net": ".NET",
}
"""The start of a kernel's name to its language, for notebooks that name nothing but the kernel."""


class NotebookError(Exception):
    """A file is no notebook of Python, or must not be written; the message is a sentence for the user."""


@dataclass(frozen=True)
class Cell:
    """A cell without its outputs."""

    kind: Kind
    source: str
    """Lines end with a line feed, whatever the notebook has."""
    title: str = ""


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook of Python."""

    cells: tuple[Cell, ...]
    python: tuple[int, ...] = ()
    """The version of Python it was last run with; empty if it does not say."""


def read(path: Path) -> Notebook:
    """The notebook in the file. Raises NotebookError and OSError."""
    try:
        found: Any = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"{path} is not a notebook: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("nbformat"), int):
        raise NotebookError(f"{path} is not a notebook: it does not say which format it has.")
    cells = _cells_of(found)
    if cells is None:
        raise NotebookError(f"{path} is not a notebook: it has no cells.")
    language = _language(found, cells)
    if language and not _PYTHON.fullmatch(language):
        named = language[:1].upper() + language[1:]
        raise NotebookError(
            f"{path} is a notebook of {named}; only those of Python become scripts."
        )
    return Notebook(tuple(map(_cell, cells)), _version(found))


def _cells_of(found: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The cells as they lie in the file; up to format 3 they are in worksheets."""
    lists = [found.get("cells")]
    if not isinstance(lists[0], list) and isinstance(found.get("worksheets"), list):
        lists = [_mapping(sheet).get("cells") for sheet in found["worksheets"]]
    if not all(isinstance(cells, list) for cells in lists):
        return None
    return [cell for cells in lists for cell in cells or () if isinstance(cell, dict)]


def _cell(found: Mapping[str, Any]) -> Cell:
    kind = str(found.get("cell_type"))
    source = next((found[key] for key in _SOURCE_KEYS if found.get(key)), "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    text = _writable(text.replace("\r\n", "\n").replace("\r", "\n"))
    if kind == "heading":
        level = found.get("level")
        text = f"{'#' * (level if isinstance(level, int) else 1)} {text}"
    title = _writable(str(_mapping(found.get("metadata")).get("title") or ""))
    return Cell(_KINDS.get(kind, "raw"), text, " ".join(title.split()))


def _writable(text: str) -> str:
    """The text as a file in UTF-8 can hold it: JSON has lone surrogates, which no encoding has."""
    return text.encode("utf-8", "backslashreplace").decode()


def _language(found: Mapping[str, Any], cells: list[dict[str, Any]]) -> str:
    """The language that a notebook says it is of; empty if it says nothing."""
    metadata = _mapping(found.get("metadata"))
    kernel = _mapping(metadata.get("kernelspec"))
    named = (_mapping(metadata.get("language_info")).get("name"), kernel.get("language"))
    for language in (*named, metadata.get("language"), *_languages_of(cells)):
        if isinstance(language, str) and language:
            return language
    name = str(kernel.get("name") or "").lower()
    return next(
        (_KERNELS[start] for start in _KERNELS if re.match(rf"{start}\b|{start}-", name)), ""
    )


def _languages_of(cells: list[dict[str, Any]]) -> Iterator[Any]:
    """The language of the code cells, as far as they have one: in format 3 each says its own."""
    found = {cell.get("language") for cell in cells if cell.get("cell_type") == "code"}
    if len(found) == 1:
        yield from found


def _version(found: Mapping[str, Any]) -> tuple[int, ...]:
    language = _mapping(_mapping(found.get("metadata")).get("language_info"))
    version = re.match(r"(\d+)\.(\d+)", str(language.get("version") or ""))
    return tuple(map(int, version.groups())) if version is not None else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
