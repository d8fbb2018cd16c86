"""One session and several real editors: what one has begun, another goes on with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from rdit_editors.emacs import Emacs
from rdit_editors.helix import Helix
from rdit_editors.neovim import GenericNeovim012, PluginNeovim012
from rdit_editors.stage import on_shared_stage

if TYPE_CHECKING:
    from pathlib import Path

    from rdit_editors.editor import Editor

LONG = """import os, time
print("begun", flush=True)
while not os.path.exists("go"): time.sleep(0.01)
answer = 6 * 7
print("it is", answer)
"""
"""Waits until the test lets it go on."""

PAIRS: list[tuple[type[Editor], type[Editor]]] = [
    (PluginNeovim012, PluginNeovim012),
    (PluginNeovim012, Helix),
    (Helix, Emacs),
    (Emacs, GenericNeovim012),
]
pairs = pytest.mark.parametrize(
    ("one", "other"), PAIRS, ids=[f"{a.__name__}-{b.__name__}" for a, b in PAIRS]
)


@pairs
def test_editor_is_killed_in_the_middle_of_a_run(
    one: type[Editor], other: type[Editor], tmp_path: Path
) -> None:
    """The run would end with the editor, or what came meanwhile would be lost."""
    with on_shared_stage(tmp_path) as stage:
        first = stage.enter(one)
        first.open(LONG)
        first.run_file()
        first.sees('print("begun"', "begun")
        first.kill()
        (session,) = json.loads(stage.rdit("ps", "--json"))["sessions"]
        assert session["state"] == "busy"
        (first.document.parent / "go").touch()
        second = stage.enter(other)
        second.open(None)
        second.sees('print("it is"', second.fresh_mark, "it is 42")
        second.sees('print("begun"', "begun")
        # The program itself is there, too: the last line needs what the others have made.
        second.replace_line(5, 'print("and it is", answer)')
        second.update()
        second.sees('print("and it is"', second.fresh_mark, "and it is 42")
        (again,) = json.loads(stage.rdit("ps", "--json"))["sessions"]
        assert session["startedAt"] == again["startedAt"]
        second.quit()


@pairs
def test_two_editors_at_once(one: type[Editor], other: type[Editor], tmp_path: Path) -> None:
    """An editor would show nothing of what another runs, or what is not true of its own text."""
    source = "base = 2\nbase * 10\nbase * 100\n"
    with on_shared_stage(tmp_path) as stage:
        first, second = stage.enter(one), stage.enter(other)
        first.open(source)
        second.open(None)
        first.run_file()
        for editor in (first, second):
            editor.sees("base * 100", editor.fresh_mark, "200")
        # What one types and runs is true of its text, and changes nothing in the other's.
        first.replace_line(1, "base = 3")
        first.update()
        first.sees("base * 100", first.fresh_mark, "300")
        second.sees("base * 100", second.fresh_mark, "200")
        second.replace_line(3, "base * 1000")
        second.update()
        second.sees("base * 1000", second.fresh_mark, "2000")
        first.sees("base * 100", first.fresh_mark, "300")
        first.quit()
        second.sees("base * 1000", second.fresh_mark, "2000")
        second.quit()
