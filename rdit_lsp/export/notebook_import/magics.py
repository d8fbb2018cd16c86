"""IPython's magics: which of them only run Python in a way of their own, and what that Python is.

A table and what it takes to read a magic's options; what is done with a cell is for `cells` to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdit_lsp.export.notebook_import.compiling import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMERS: Mapping[str, str] = {
    "time": "",
    "timeit": "n:r:p:v:tcqo",
    "prun": "D:l:T:s:rq",
    "memit": "r:t:i:coa",
    "mprun": "r:f:T:c",
    "lprun": "f:m:D:T:u:z:rs",
}
"""Magics that run code and measure it, and their options, as `getopt` writes them."""
_CODE_CELLS = {*_TIMERS, "capture", "snakeviz", "pyinstrument"}
"""Cell magics whose cell is Python that runs in the notebook's namespace."""
_OPTION = re.compile(r"\s*-(?:-[\w-]+|(?P<letter>[A-Za-z])(?P<value>\S*))(?=\s|$)")
_WORD = re.compile(r"\s*\S+")

_NAMES = """
alias alias_magic autoawait autocall autoindent automagic autoreload bookmark cat cd clear
code_wrap colors conda config connect_info copy cp cpaste ddir debug dhist dirs doctest_mode echo
ed edit env gui hist history killbgscripts ldir less lf lk ll load load_ext loadpy logoff logon
logstart logstate logstop ls lsmagic lx macro magic mamba man matplotlib micromamba mkdir more mv
notebook page paste pastebin pdb pdef pdoc pfile pinfo pinfo2 pip popd pprint precision prun
psearch psource pushd pwd pycat pylab qtconsole quickref recall rehashx reload_ext ren rep rerun
reset reset_selective rm rmdir run save sc set_env store sx system tb time timeit unalias
unload_ext uv who who_ls whos xdel xmode
"""
COMMANDS = frozenset(_NAMES.split())
"""Magics and aliases that IPython takes without their `%` (automagic)."""


def python_of(text: str) -> str | None:
    """The Python that a line of IPython's runs, None where only IPython can do what it says."""
    if text[0] in ",;/":
        code = _call(text)
    else:
        name, _, rest = text[1:].partition(" ")
        if text[0] != "%" or name not in _TIMERS:
            return None
        code = _without_options(_TIMERS[name], rest)
    return code if code and parsed(code) is not None else None


def value_of(text: str) -> str | None:
    """The Python whose value a line of IPython's has, None where there is no such Python."""
    code = python_of(text) if text.startswith("%time ") else None
    return code if code is not None and parsed(f"({code})") is not None else None


def origin(text: str) -> str:
    """What a comment beside that Python says of where it is from."""
    return text.split(maxsplit=1)[0] if text[0] == "%" else text


def has_python_in(name: str) -> bool:
    """Whether the cell below `%%name` is Python that runs in the notebook's namespace."""
    return name in _CODE_CELLS


def setup_of(name: str, rest: str) -> str:
    """Python on the line of `%%name` itself, which runs first."""
    code = _without_options(_TIMERS.get(name, ""), rest) if name in {"timeit", "prun"} else ""
    return code if parsed(code) is not None else ""


def _call(text: str) -> str:
    """`,f a b` is `f("a", "b")`, `;f a b` is `f("a b")`, `/f a b` is `f(a, b)`."""
    name, _, rest = text[1:].partition(" ")
    if text[0] == "/":
        return f"{name}({', '.join(rest.split())})" if name else ""
    words = (rest.split() or [""]) if text[0] == "," else [rest]
    return f"{name}({', '.join(map(_quoted, words))})" if name else ""


def _quoted(word: str) -> str:
    return f'"{word}"'


def _without_options(options: str, text: str) -> str:
    """What stands behind the options of a magic."""
    while found := _OPTION.match(text):
        letter = found["letter"]
        if letter is not None and letter not in options.replace(":", ""):
            break
        end = found.end()
        if letter is not None and f"{letter}:" in options and not found["value"]:
            value = _WORD.match(text, end)
            end = value.end() if value is not None else end
        text = text[end:]
    return text.strip()
