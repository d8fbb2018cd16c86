"""What a namespace begins with: variables of a run, settings, and files of the project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.sessions import texts

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import WayBack

if TYPE_CHECKING:
    from pathlib import Path

    from support.sessions import Opener, OpenSession

VARIABLE = "RDIT_SESSION_TEST"
SCRIPT = f"import os\nos.environ.get({VARIABLE!r})\n"


@pytest.fixture
def script(opened: Opener) -> OpenSession:
    """A session of a script that shows a variable of its environment."""
    return opened(SCRIPT)


def change(session: OpenSession, **env: str | None) -> None:
    """Change the settings of the session."""
    session.place = replace(session.place, env={**session.place.env, **env})


# Variables of one run.


async def test_variables_of_a_run(script: OpenSession) -> None:
    """Variables given for one run would be missing in it, or stay for the next."""
    found = [
        texts(await script.run(scope, line=2, env=env))[-1]
        for scope, env in (
            ("file", {}),
            ("statement", {VARIABLE: "a"}),
            ("statement", {}),
            ("file", {VARIABLE: "ü€"}),
            ("statement", {}),
            ("file", {}),
        )
    ]
    assert ["", "'a'", "", "'ü€'", "", ""] == found


async def test_variables_do_not_hide_what_was_set(script: OpenSession) -> None:
    """After a run with a variable, its value of before would be lost."""
    change(script, **{VARIABLE: "set"})
    found = [
        texts(await script.run(scope, line=2, env=env))[-1]
        for scope, env in (("file", {}), ("statement", {VARIABLE: "a"}), ("statement", {}))
    ]
    assert ["'set'", "'a'", "'set'"] == found


async def test_variables_are_part_of_the_state(script: OpenSession) -> None:
    """A result made with the variables of one run would pass for that of a run without."""
    await script.run()
    first = await script.run("stale", env={VARIABLE: "a"})
    assert (WayBack("start", 1), "'a'") == (first.way_back, texts(first)[-1])
    assert WayBack("kept") == (await script.run("stale", env={VARIABLE: "a"})).way_back
    assert {} == script.stale()
    assert texts(await script.run("stale"))[-1] == ""
    assert {} == script.stale()


async def test_statement_with_variables_is_off_the_path(script: OpenSession) -> None:
    """What a statement gave with a variable of its own would be shown as fresh."""
    await script.run()
    await script.run("statement", line=2, env={VARIABLE: "a"})
    assert {2: "it ran out of order"} == script.stale()
    await script.run("stale")
    assert ({}, "") == (script.stale(), script.shown()[2])


# Settings.


async def test_changed_setting_makes_results_stale(script: OpenSession) -> None:
    """After a change of settings the old results would still look current."""
    await script.run()
    assert not script.session.refresh_dependencies()
    change(script, **{VARIABLE: "new"})
    before = script.seen.changes
    assert script.session.refresh_dependencies()
    assert before < script.seen.changes
    assert {1, 2} == {*script.stale()}
    report = await script.run("stale")
    assert (WayBack("start", 1), "'new'") == (report.way_back, texts(report)[-1])
    assert {} == script.stale()


async def test_setting_changed_back(script: OpenSession) -> None:
    """Taking a change of settings back would not bring the results back."""
    await script.run()
    before = script.place
    change(script, **{VARIABLE: "new"})
    script.session.refresh_dependencies()
    script.place = before
    assert script.session.refresh_dependencies()
    assert {} == script.stale()
    assert WayBack("kept") == (await script.run("stale")).way_back


async def test_update_notices_a_changed_setting(script: OpenSession) -> None:
    """An update would find nothing to do as long as nothing has noticed the change."""
    await script.run()
    change(script, **{VARIABLE: "new"})
    assert "'new'" == texts(await script.run("stale"))[-1]


async def test_setting_changed_before_anything_ran(script: OpenSession) -> None:
    """A document without results would be called changed."""
    change(script, **{VARIABLE: "new"})
    assert not script.session.refresh_dependencies()
    assert 0 == script.seen.changes


# No interpreter.


async def test_no_interpreter(script: OpenSession) -> None:
    """A run that has no interpreter would not say why, or never end."""
    script.refusal = "there is no Python."
    with pytest.raises(WorkerError, match=r"there is no Python\."):
        await script.run()
    assert SessionState.DEAD is script.session.state
    script.refusal = None
    assert "ok" == (await script.run()).status


@pytest.mark.parametrize("python", ["/nowhere/python", "/etc/passwd"])
async def test_interpreter_that_cannot_be_started(opened: Opener, python: str) -> None:
    """A wrong path would end the session, or name another reason."""
    session = opened("1\n", python=python)
    with pytest.raises(WorkerError, match=rf"{python} cannot be started"):
        await session.run()
    assert not session.session.status.has_program


async def test_interpreter_that_ends_at_once(opened: Opener, tmp_path: Path) -> None:
    """An interpreter that is broken would leave the run without an end."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    session = opened("1\n", python=str(broken))
    with pytest.raises(WorkerError):
        await session.run()
    assert not session.session.status.has_program


async def test_results_outlive_settings_that_are_wrong(script: OpenSession) -> None:
    """A mistake in the settings would take the results off the screen."""
    await script.run()
    script.refusal = "the settings are wrong."
    assert not script.session.refresh_dependencies()
    assert {} == script.stale()
    with pytest.raises(WorkerError, match="the settings are wrong"):
        await script.run()
    script.refusal = None
    assert "ok" == (await script.run("stale")).status


# Files of the project.


async def test_changed_module(opened: Opener, tmp_path: Path) -> None:
    """After editing a module of the project, what imports it would still look current."""
    module = tmp_path / "ours.py"
    module.write_text("N = 1\n")
    session = opened("1\nimport ours\nours.N\n")
    await session.run()
    module.write_text("N = 2 + 0\n")
    assert session.session.refresh_dependencies()
    assert "ours.py has changed since it was imported" == session.stale()[2]
    assert "ours.py has changed since it was imported at line 2" == session.stale()[3]
    report = await session.run("stale")
    assert ["1", "", "2"] == texts(report)
    assert {} == session.stale()


async def test_module_changed_back(opened: Opener, tmp_path: Path) -> None:
    """Taking a change of a module back would not bring the results back."""
    module = tmp_path / "ours.py"
    module.write_text("N = 1\n")
    session = opened("import ours\nours.N\n")
    await session.run()
    module.write_text("N = 22\n")
    session.session.refresh_dependencies()
    module.write_text("N = 1\n")
    assert session.session.refresh_dependencies()
    assert {} == session.stale()
    assert WayBack("kept") == (await session.run("stale")).way_back


async def test_module_that_is_gone(opened: Opener, tmp_path: Path) -> None:
    """A module that was deleted would be taken for unchanged."""
    module = tmp_path / "ours.py"
    module.write_text("N = 1\n")
    session = opened("import ours\nours.N\n")
    await session.run()
    module.unlink()
    assert session.session.refresh_dependencies()
    assert {1, 2} == {*session.stale()}
    report = await session.run("stale")
    assert "error" == report.status
    assert "ModuleNotFoundError" in texts(report)[0]
