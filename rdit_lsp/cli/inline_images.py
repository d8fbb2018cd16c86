"""Pictures in a terminal that can draw them: the protocols of kitty and of iTerm2.

Which one a terminal has is known by the name it gives itself in the environment. A terminal that is asked
answers where the program reads, and one that obeys neither protocol would show pages of letters: so what is
not known to draw gets nothing. Behind tmux and screen the variables speak of the terminal outside.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_lsp.outputs.pictures import Picture

Protocol: TypeAlias = Literal["kitty", "iterm"]

_BY_TERM: dict[str, Protocol] = {"xterm-kitty": "kitty", "xterm-ghostty": "kitty"}
_BY_PROGRAM: dict[str, Protocol] = {
    "iTerm.app": "iterm",
    "WezTerm": "iterm",
    "ghostty": "kitty",
    "mintty": "iterm",
    "rio": "iterm",
}
_ITERM_FORMATS = ("image/png", "image/jpeg", "image/gif")
_CHUNK = 4096
"""Characters of base64 in one command of kitty's at most."""


def protocol_of(env: Mapping[str, str]) -> Protocol | None:
    """The protocol of the terminal that has set these variables; None where it is not known to have one."""
    term = env.get("TERM", "dumb")
    if "TMUX" in env or "STY" in env or term.startswith(("tmux", "screen", "dumb")):
        return None
    # iTerm2 sets LC_TERMINAL as well, since ssh passes it on.
    program = env.get("TERM_PROGRAM") or env.get("LC_TERMINAL", "").replace("iTerm2", "iTerm.app")
    return _BY_TERM.get(term) or _BY_PROGRAM.get(program)


def drawn(picture: Picture, protocol: Protocol, columns: int) -> str | None:
    """What draws a picture, no wider than the terminal; None where its format cannot be drawn."""
    data = base64.b64encode(picture.raw).decode()
    if protocol == "iterm" and picture.mime in _ITERM_FORMATS:
        return f"\x1b]1337;File=inline=1;size={len(picture.raw)}:{data}\x07"
    if protocol == "kitty" and picture.mime == "image/png":
        return "".join(_kitty(data, _cells(picture, columns)))
    return None


def _cells(picture: Picture, columns: int) -> str:
    """For a picture that may be wider than the terminal, a width; ten pixels are about one column."""
    return f",c={columns - 1}" if (picture.width or 0) > 10 * columns else ""


def _kitty(data: str, size: str) -> list[str]:
    """The commands; `q=2` is for no answer, which the program would read as typed."""
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    commands = []
    for number, chunk in enumerate(chunks):
        first = f"a=T,f=100,q=2{size}," if number == 0 else ""
        more = 1 if number < len(chunks) - 1 else 0
        commands.append(f"\x1b_G{first}m={more};{chunk}\x1b\\")
    return commands
