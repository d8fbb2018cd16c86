"""Values of assignments beside their lines, for those who want to see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support.sessions import Place

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

    from rdit_lsp.process.spawn import Launch

SCRIPT = """\
total = 6 * 7
total += 1
name: str = "x" * 200
class Hostile:
    called = []
    def __init__(self): self.size = 3
    def __repr__(self): self.called.append(1); raise SystemExit
    @property
    def computed(self): self.called.append(2)
one = Hostile()
a = b = 1
a, b = 1, 2
f = len
Hostile.called
"""


class Watching(Place):
    """A place whose settings ask for the values of assignments."""

    def launch(self) -> Launch:
        return replace(super().launch(), assignments=True)


def assigned(session: OpenSession) -> dict[int, str]:
    """By line."""
    views = session.session.snapshot().views
    return {view.first: view.assigned for view in views if view.assigned is not None}


async def test_values(opened: Opener) -> None:
    """Half of a script would be silent; or code of the user's would run that no plain run calls."""
    session = opened(SCRIPT)
    session.place = Watching(**vars(session.place))
    await session.run()
    assert assigned(session) == {
        1: "42",
        2: "43",
        3: "'" + "x" * 58 + "…",
        10: "Hostile(size=3)",
    }
    (shown,) = session.session.snapshot(14, 14).views[-1].outputs
    assert shown.text == "[]"


async def test_only_where_they_are_wanted(opened: Opener) -> None:
    """They would be there unasked; or, once asked for, not come with the next update."""
    session = opened("total = 6 * 7\n")
    await session.run()
    assert assigned(session) == {}
    session.place = Watching(**vars(session.place))
    session.session.refresh_dependencies()
    await session.run("stale")
    assert assigned(session) == {1: "42"}
