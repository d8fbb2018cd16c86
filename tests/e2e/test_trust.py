"""What SECURITY.md promises to who opens code that is not trusted: nothing of it runs unasked."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.editor import Editor, OpenDocument

CODE = "import helper\nvalue = helper.VALUE\nvalue\n"


def project(folder: Path, python: str) -> Path:
    """A folder whose settings name an interpreter and run while typing."""
    folder.mkdir()
    settings = f'[tool.rdit]\npython = "{python}"\nrunOn = "type"\n'
    (folder / "pyproject.toml").write_text(settings)
    (folder / "helper.py").write_text("VALUE = 42\n")
    return folder / "main.py"


def trap(folder: Path) -> Path:
    """An interpreter that leaves a mark when it is started."""
    path = folder / "trap"
    path.write_text(f'#!/bin/sh\ntouch "{folder}/sprung"\nexec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return folder / "sprung"


async def use_without_running(document: OpenDocument) -> None:
    """All that an editor asks of its own accord, and an edit that is saved."""
    position = {"line": 1, "character": 3}
    where = {"textDocument": document.identifier, "position": position}
    document.replace(CODE + "value + 1\n")
    document.editor.notify("textDocument/didSave", {"textDocument": document.identifier})
    await document.hints()
    await document.hover(1, 3)
    await document.actions()
    await document.lenses()
    for method in ("textDocument/completion", "textDocument/signatureHelp"):
        await document.editor.request(method, where)
    await document.editor.command("rdit/variables", {"uri": document.uri})
    await document.results()


async def update_by_itself(document: OpenDocument) -> None:
    """A run, an edit, and the run that follows from `runOn`."""
    await document.execute()
    since = len(document.editor.inbox)
    document.replace(CODE + "value + 2\n")
    await document.said("44", since=since)


async def test_nothing_runs_before_it_is_asked_for(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """To look at a project that one does not trust would run its code, or a program that it names."""
    (tmp_path / "other").mkdir()
    sprung = trap(tmp_path)
    editor = await own()
    document = editor.open(project(tmp_path / "cloned", str(tmp_path / "trap")), CODE)
    await use_without_running(document)
    # A document that was run updates itself after the same pause, which began later.
    trusted = editor.open(project(tmp_path / "trusted", sys.executable), CODE)
    await update_by_itself(trusted)
    assert not sprung.exists()
    report = await document.execute()
    assert sprung.exists()
    assert values(report) == ["", "", "42", "43"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_files_and_sockets_are_the_user_s_own(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """Other users of the machine could read output, or speak to a program."""
    parent = tmp_path / "temporary"
    parent.mkdir()
    editor = await own(env={"TMPDIR": str(parent)})
    document = editor.open(tmp_path / "main.py", "print('x' * 3_000_000)\n")
    await document.execute()
    (folder,) = parent.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    own_sockets = set().union(*(sockets_of(pid) for pid in processes.marked(editor.mark)))
    assert own_sockets
    assert own_sockets.isdisjoint(internet_sockets())


def sockets_of(pid: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    found = set()
    with suppress(FileNotFoundError):  # It has ended, or closed one meanwhile.
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            link = os.readlink(fd)
            if link.startswith("socket:["):
                found.add(link[8:-1])
    return found


def internet_sockets() -> set[str]:
    """The inodes of all sockets that the network could reach."""
    tables = [Path("/proc/net") / name for name in ("tcp", "tcp6", "udp", "udp6")]
    lines = [table.read_text().splitlines()[1:] for table in tables if table.exists()]
    return {line.split()[9] for each in lines for line in each}
