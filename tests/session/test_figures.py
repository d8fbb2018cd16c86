"""Pictures that stay in view: where `show` finds no open figure, and after runs that are taken back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support.libraries import python_with_libraries
from support.sessions import texts

from rdit_lsp.document.edit import Change

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

FIGURE = """\
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(4, 3))
ax.set_title("A");
plt.show()
"""
SHOW = 4
CLOSED = "no figure is open; Update draws it again"


@pytest.fixture
async def drawn(opened: Opener) -> OpenSession:
    """A session that has shown a figure."""
    session = opened(FIGURE, python=python_with_libraries())
    await session.run()
    assert has_picture(session)
    return session


def has_picture(session: OpenSession) -> bool:
    """Whether the statement that shows the figure has its picture."""
    view = session.view(SHOW)
    return view is not None and any("image/png" in getattr(o, "data", {}) for o in view.outputs)


async def test_picture_stays_where_no_figure_is_open(drawn: OpenSession) -> None:
    """To run `show` once more would take the picture away that is being worked on."""
    drawn.edit(Change('"B"', (2, 13), (2, 16)))
    await drawn.run("statement", line=3)
    report = await drawn.run("statement", line=SHOW)
    (view,) = report.views
    assert ("No figure is open; Update draws it again.", ()) == (view.note, view.outputs)
    assert has_picture(drawn)
    assert CLOSED == drawn.stale()[SHOW]
    await drawn.run("stale")
    assert has_picture(drawn)
    assert {} == drawn.stale()


async def test_picture_is_fresh_again_with_its_code(drawn: OpenSession) -> None:
    """The picture would stay stale although a clean run would draw just that."""
    drawn.edit(Change('"B"', (2, 13), (2, 16)))
    await drawn.run("statement", line=SHOW)
    assert CLOSED == drawn.stale()[SHOW]
    drawn.edit(Change('"A"', (2, 13), (2, 16)))
    assert has_picture(drawn)
    assert SHOW not in drawn.stale()


async def test_another_show_is_not_the_old_picture(drawn: OpenSession) -> None:
    """The picture would stand beside code that never drew it."""
    drawn.edit(Change("plt.show(block=True)", (3, 0), (3, 10)))
    await drawn.run("statement", line=SHOW)
    assert not has_picture(drawn)


async def test_clean_run_that_shows_nothing_shows_nothing(opened: Opener) -> None:
    """The picture of an earlier text would be said to be what the program gives."""
    session = opened(FIGURE, python=python_with_libraries())
    await session.run()
    session.edit(Change("plt.close();", (2, 0), (2, 18)))
    await session.run("stale")
    assert not has_picture(session)
    assert {} == session.stale()


@pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")
async def test_dry_run_leaves_the_picture(drawn: OpenSession) -> None:
    """What promises to take itself back would take the good picture with it."""
    report = await drawn.run("range", lines=(3, SHOW), policy="rollback_always")
    assert ["", ""] == texts(report)
    assert has_picture(drawn)
    assert {} == drawn.stale()
