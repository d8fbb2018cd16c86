"""One code cell as Python: what Python can do is written as Python, the rest becomes comments.

Knows one cell and the names that those above it bind; what makes a script of cells is in `assembly`.
"""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rdit_lsp.export.notebook_import.compiling import parsed, reason, trouble_of_cell
from rdit_lsp.export.notebook_import.magics import (
    COMMANDS,
    has_python_in,
    origin,
    python_of,
    setup_of,
    value_of,
)
from rdit_lsp.export.notebook_import.prompts import cleaned, has_ipython_prompt
from rdit_lsp.export.notebook_import.specials import Special, specials

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_CELL_MAGIC = re.compile(r"%%(?!\w+\?)(?P<name>\S*)[ \t]*(?P<rest>.*)$")
_COMMAND = re.compile(r"(?P<name>[^\W\d]\w*)(?:[ \t]+(?![=,]).*|[ \t]*)")
_BINDS_ANY = re.compile(r"%(?:run|pylab|load|store)\b")
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Code:
    """A code cell as lines of a script."""

    lines: Sequence[str]
    left: Sequence[int] = ()
    """Those that became comments, from 0."""
    trouble: Exception | None = None
    """Why it is no Python even so."""

    @property
    def text(self) -> str:
        """The lines as a text."""
        return "\n".join(self.lines)


@dataclass
class Names:
    """The names that cells have bound so far."""

    found: set[str] = field(default_factory=lambda: set(dir(builtins)))
    are_all: bool = True
    """Nothing has bound names that its text does not name, as `from x import *` does."""

    def add_of(self, source: str, code: Code) -> None:
        """Add those that a cell binds anywhere in it, and what it assigns the value of a magic to."""
        for special in specials(source) if code.text != source.strip("\n") else ():
            self.found.update(_NAME.findall(special.target))
            self.are_all &= not _BINDS_ANY.match(special.text)
        tree = parsed(code.text)
        for node in ast.walk(tree) if tree is not None else ():
            self._add(node)

    def _add(self, node: ast.AST) -> None:
        name = getattr(node, "name", None)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self.found.add(node.id)
        elif isinstance(node, ast.alias):
            self.are_all &= node.name != "*"
            self.found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(name, str):  # Of a function, a class, an exception, a pattern.
            self.found.add(name)


def code_of(source: str, names: Names) -> Code:
    """The source of a code cell as Python. Only a cell that is not plain Python is changed."""
    text = source.strip("\n")
    if not has_ipython_prompt(text) and trouble_of_cell(text) is None:
        return _bare_command(text, names) or Code(text.split("\n"))
    text = cleaned(text).strip("\n")
    line, _, rest = text.partition("\n")
    magic = _CELL_MAGIC.match(line)
    if magic is not None:
        return _magic_cell(magic, rest, names)
    return _bare_command(text, names) or _converted(text)


def commented(text: str) -> list[str]:
    """The lines of a text as comments."""
    visible = text.replace("\0", "\\x00")  # Python refuses NUL even there.
    return [f"# {line}".rstrip() for line in visible.strip("\n").split("\n")]


def refused(source: str, trouble: Exception) -> Code:
    """A cell that is no Python."""
    line = getattr(trouble, "lineno", None)
    where = f", line {line}" if line else ""
    lines = [f"# This cell is not valid Python{where}: {reason(trouble)}", *commented(source)]
    return Code(lines, range(1, len(lines)), trouble)


def _converted(text: str) -> Code:
    code = _without_specials(text)
    trouble = trouble_of_cell(code.text)
    if trouble is None:
        return code
    lenient = _without_specials(text, COMMANDS)
    return lenient if trouble_of_cell(lenient.text) is None else replace(code, trouble=trouble)


def _magic_cell(magic: re.Match[str], rest: str, names: Names) -> Code:
    """A cell that `%%name` begins."""
    name, line = magic["name"], magic.string
    if not has_python_in(name):
        lines = commented(f"{line}\n{rest}")
        return Code(lines, range(len(lines)))
    body = code_of(rest, names)
    setup = setup_of(name, magic["rest"])
    above = [*commented(line), *filter(None, [setup])]
    left = [0, *(len(above) + number for number in body.left)]
    return Code([*above, *body.lines], left, body.trouble)


def _bare_command(text: str, names: Names) -> Code | None:
    """A cell that is a magic without its `%`, on one line (IPython's automagic).

    Where that is Python as well, it is a magic as long as no cell has bound the name.
    """
    text = text.strip()
    found = _COMMAND.fullmatch(text)
    if found is None or found["name"] not in COMMANDS or found["name"] in names.found:
        return None
    if parsed(text) is not None and not names.are_all:
        return None
    return _rendered(Special(0, 0, "", f"%{text}"), text)


def _without_specials(text: str, commands: Collection[str] = ()) -> Code:
    lines = text.split("\n")
    found: list[str] = []
    left: list[int] = []
    at = 0
    for special in specials(text, commands):
        found += lines[at : special.first]
        code = _rendered(special, "\n".join(lines[special.first : special.last + 1]))
        left += [len(found) + number for number in code.left]
        found += code.lines
        at = special.last + 1
    return Code([*found, *lines[at:]], left)


def _rendered(special: Special, text: str) -> Code:
    """What becomes of special lines, whose `text` this is."""
    code = value_of(special.text) if special.target else python_of(special.text)
    if code is not None:
        statement = f"{special.target} = {code}" if special.target else code
        return Code(f"{special.head}{statement}  # {origin(special.text)}".split("\n"))
    above = special.head.count("\n")
    first, *others = text[len(special.head) :].split("\n")
    indent = special.head[: len(special.head) - len(special.head.lstrip())]
    # A block must not become empty.
    lines = f"{special.head}pass  # {first}".split("\n") if special.head else [f"# {first}"]
    lines += [f"{indent}# {line.removeprefix(indent)}" for line in others]
    return Code([line.rstrip() for line in lines], range(above, len(lines)))
