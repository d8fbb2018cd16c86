"""A scope of its own, where there is a systemd to ask."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rdit_lsp.process.posix.systemd import give_scope

if TYPE_CHECKING:
    from pathlib import Path


def test_scope(tmp_path: Path) -> None:
    """The host would be ended with the terminal in which an editor has started it."""
    asked = tmp_path / "asked"
    os.mkfifo(asked)
    busctl = tmp_path / "busctl"
    busctl.write_text(f'#!/bin/sh\necho "$XDG_RUNTIME_DIR $*" > {asked}\n')
    busctl.chmod(0o755)
    (tmp_path / "systemd").mkdir()
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert give_scope("rdit-host", [12, 34], environ) is None
    (tmp_path / "systemd" / "private").touch()
    asking = give_scope("rdit-host", [12, 34], environ)
    assert asking is not None
    said = asked.read_text()
    assert said.startswith(f"{tmp_path} --user call org.freedesktop.systemd1 ")
    assert " rdit-host-12.scope fail 2 Description s " in said
    assert said.endswith(" PIDs au 2 12 34 0\n")
    assert 0 == os.waitpid(asking, 0)[1]


def test_no_systemd(tmp_path: Path) -> None:
    """A machine without one would have no host."""
    assert give_scope("rdit-host", [12], {"PATH": str(tmp_path)}) is None
