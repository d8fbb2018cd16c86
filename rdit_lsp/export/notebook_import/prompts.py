"""What IPython takes off a cell before it looks at it: a common indentation, and prompts that were pasted.

The rules are those of IPython's input transformations.
"""

from __future__ import annotations

import re
from textwrap import dedent

from rdit_lsp.document.scanner import scan

_DOCTEST = re.compile(r"\s*>>>[ \t]?")
_DOCTEST_MORE = re.compile(r"\s*\.\.\.[ \t]?")
_IPYTHON = re.compile(r"(?:(?:\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?")


def has_ipython_prompt(text: str) -> bool:
    """Whether there are prompts of IPython's; `In [1]: x` is Python, too, and means something else."""
    return any(_IPYTHON.match(line) for line in text.split("\n")[:2])


def cleaned(text: str) -> str:
    """The cell without prompts and without the indentation that all of its lines have."""
    text = _without_doctest_prompts(dedent(text))
    if has_ipython_prompt(text):
        return "\n".join(_IPYTHON.sub("", line, count=1) for line in text.split("\n"))
    return text


def _without_doctest_prompts(text: str) -> str:
    if ">>>" not in text:
        return text
    lines = text.split("\n")
    literal = _lines_in_strings(text)
    if not any(_DOCTEST.match(line) for n, line in enumerate(lines) if n not in literal):
        return text
    lines = [line if n in literal else _without_prompt(line) for n, line in enumerate(lines)]
    return dedent("\n".join(lines))


def _without_prompt(line: str) -> str:
    found = _DOCTEST.match(line) or _DOCTEST_MORE.match(line)
    return line if found is None else line[found.end() :]


def _lines_in_strings(text: str) -> set[int]:
    """Lines, from 0, that continue a string which no prompt stands before: what is there is its text."""
    found: set[int] = set()
    for token in scan(text):
        if token.kind != "string" or "\n" not in token.text:
            continue
        first = text.count("\n", 0, token.start)
        line = text[text.rfind("\n", 0, token.start) + 1 :]
        if not (_DOCTEST.match(line) or _DOCTEST_MORE.match(line)):
            found.update(range(first + 1, first + 1 + token.text.count("\n")))
    return found
