"""A notebook as a `.py` with `# %%` cells that runs.

What only IPython understands (`%magic`, `!command`, `help?`) becomes a comment, unless plain Python says
the same. Outputs are left out: running the file makes them.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_LINE_MAGIC = re.compile(
    r"^(?P<indent>\s*)(?P<rest>(%|!|\?|[\w.]+\?{1,2}\s*$|[\w, .]+=\s*(%|!)).*)$"
)
_RUNS_REST = re.compile(
    r"^%(time|timeit|prun|memit|mprun)\b(?P<options>(\s+-\S+(\s+\d+)?)*)\s+(?P<code>\S.*)$"
)
_CODE_CELLS = {"time", "timeit", "capture", "prun", "memit", "python", "python3", "py"}


class NotebookError(Exception):
    """A file is no notebook, or must not be written; the message is a sentence for the user."""


def read(path: Path) -> dict[str, Any]:
    """A notebook's JSON, in format 4. Raises NotebookError, or OSError where it cannot be read."""
    try:
        found: Any = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"{path} is not a notebook: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("nbformat"), int):
        raise NotebookError(f"{path} is not a notebook: it does not say which format it has.")
    if found["nbformat"] < 4:
        found = _upgraded(path, found)
    if not isinstance(found.get("cells"), list):
        raise NotebookError(f"{path} is not a notebook: it has no cells.")
    return dict(found)


def script(notebook: dict[str, Any]) -> str:
    """The notebook as source text."""
    cells = [_cell(cell) for cell in notebook["cells"] if isinstance(cell, dict)]
    return "\n\n".join(cells).rstrip("\n") + "\n" if cells else ""


def _upgraded(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    try:
        import nbformat
    except ImportError:
        raise NotebookError(f"{path} has an old format, which needs nbformat to be read.") from None
    try:
        old = nbformat.from_dict(found)  # type: ignore[no-untyped-call]  # nbformat has no types.
        upgraded: dict[str, Any] = nbformat.convert(old, to_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types.
    except Exception as error:  # nbformat does not say what it raises for what is no notebook.
        raise NotebookError(f"{path} cannot be brought to today's format: {error}.") from error
    return upgraded


def _cell(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    metadata = cell.get("metadata")
    title = str(metadata.get("title") or "") if isinstance(metadata, dict) else ""
    kind = cell.get("cell_type")
    words = ["# %%", " ".join(title.split()), "" if kind == "code" else f"[{kind}]"]
    marker = " ".join(word for word in words if word)
    body = code(text) if kind == "code" else _commented(text)
    return f"{marker}\n{body}".rstrip("\n")


def code(text: str) -> str:
    """The source of a code cell as Python."""
    text = text.strip("\n")
    if _parses(text):
        return text
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        words = lines[first][2:].split()
        name = words[0] if words else ""
        if name not in _CODE_CELLS:
            return _commented(text)
        rest = code("\n".join(lines[first + 1 :]))
        return "\n".join([f"# {lines[first]}", rest])
    changed = [_line(line) for line in lines]
    if _parses("\n".join(changed)):
        return _kept_strings(lines, changed)
    return "\n".join(changed)


def _kept_strings(lines: list[str], changed: list[str]) -> str:
    """Change as few lines as the code needs to parse: what looks like a magic may be in a string."""
    for number, line in enumerate(lines):
        if changed[number] != line:
            tried = [*changed[:number], line, *changed[number + 1 :]]
            if _parses("\n".join(tried)):
                changed = tried
    return "\n".join(changed)


def _line(line: str) -> str:
    magic = _LINE_MAGIC.match(line)
    if magic is None:
        return line
    indent, rest = magic["indent"], magic["rest"]
    timed = _RUNS_REST.match(rest)
    if timed is not None and _parses(timed["code"]):
        return f"{indent}{timed['code']}  # {rest.split()[0]}"
    return f"{indent}pass  # {rest}" if indent else f"# {rest}"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.strip("\n").split("\n"))


def _parses(text: str) -> bool:
    try:
        compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
