"""Starting an interpreter's process, and why there is none."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.far_end import end_of

from rdit_lsp.process.spawn import Launch, WorkerError, shares_terminal, spawn

if TYPE_CHECKING:
    from pathlib import Path

ECHO = 'echo "$1"; echo "$RDIT_TEST" "$PWD" >&2; read line || echo end'
"""Is given the worker's bootstrap and a descriptor, as an interpreter is."""


def launch(folder: Path, *command: str) -> Launch:
    return Launch(command, "/a.py", ("/a.py",), str(folder), {"RDIT_TEST": "set"}, stdin="empty")


def test_what_a_process_gets(tmp_path: Path) -> None:
    """The worker would not find its channel, its folder or its environment, or wait for input."""
    spawned = spawn(launch(tmp_path, "sh", "-c", ECHO, "sh"))
    try:
        assert 0 == spawned.process.wait()
        out, errors = end_of(spawned.pipes[1]), end_of(spawned.pipes[2])
        # The first argument is the bootstrap; standard input is at its end.
        assert out.endswith(b"bootstrap.py\nend\n")
        assert f"set {tmp_path}\n".encode() == errors
    finally:
        spawned.channel.close()


def test_channel_is_the_last_argument(tmp_path: Path) -> None:
    """Nothing could be said to the worker."""
    script = "import os, sys; os.write(int(sys.argv[2]), b'ready\\n')"
    spawned = spawn(launch(tmp_path, sys.executable, "-S", "-c", script))
    assert b"ready\n" == spawned.channel.recv(100)
    assert b"" == spawned.channel.recv(100)
    spawned.channel.close()
    spawned.process.wait()
    for fd in spawned.pipes.values():
        assert b"" == end_of(fd)


def test_session_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C in the editor's terminal would reach the program, or `/dev/tty` the editor."""
    spawned = spawn(launch(tmp_path, "sleep", "1000"))
    pid = spawned.process.pid
    assert pid == os.getsid(pid)
    os.kill(pid, signal.SIGKILL)
    spawned.process.wait()
    spawned.channel.close()
    for fd in spawned.pipes.values():
        os.close(fd)


def test_without_capture(tmp_path: Path) -> None:
    """`--quiet` would put something between the program and the terminal."""
    spawned = spawn(replace(launch(tmp_path, "true"), capture=False))
    spawned.process.wait()
    spawned.channel.close()
    assert {} == spawned.pipes


def test_environment_variable_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that settings remove would still be there."""
    monkeypatch.setenv("RDIT_TEST", "inherited")
    order = replace(
        launch(tmp_path, "sh", "-c", 'echo "${RDIT_TEST-none}"'), env={"RDIT_TEST": None}
    )
    spawned = spawn(order)
    spawned.process.wait()
    spawned.channel.close()
    assert b"none\n" == end_of(spawned.pipes[1])
    end_of(spawned.pipes[2])


@pytest.mark.parametrize("is_folder_gone", [False, True])
def test_why_there_is_no_process(tmp_path: Path, *, is_folder_gone: bool) -> None:
    """Nobody would know whether the interpreter or the folder is wrong; and descriptors would leak."""
    folder = tmp_path / "gone" if is_folder_gone else tmp_path
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    expected = (
        "gone does not exist" if is_folder_gone else "no-such-python cannot be started: No such"
    )
    with pytest.raises(WorkerError, match=expected):
        spawn(launch(folder, "no-such-python"))
    assert before == (len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0)


def test_terminal_is_shared_only_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script in a pipe would not be interrupted with its children, or `input` read no terminal."""
    inherits = replace(launch(tmp_path, "true"), stdin="inherit")
    for is_terminal in (False, True):
        monkeypatch.setattr(sys.stdin, "isatty", lambda found=is_terminal: found, raising=False)
        assert is_terminal == shares_terminal(inherits)
        assert not shares_terminal(launch(tmp_path, "true"))
    monkeypatch.setattr(sys, "stdin", None)
    assert not shares_terminal(inherits)


def test_terminal_that_is_only_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-Z would stop rdit, and not the program that has the terminal."""
    for is_terminal in (False, True):
        monkeypatch.setattr(sys.stdout, "isatty", lambda found=is_terminal: found, raising=False)
        assert is_terminal == shares_terminal(replace(launch(tmp_path, "true"), capture=False))
        assert not shares_terminal(launch(tmp_path, "true"))


def test_interactive(tmp_path: Path) -> None:
    """Python would end without its prompt."""
    command = launch(tmp_path, "sh", "-c", 'echo "$1"', "sh")
    spawned = spawn(replace(command, is_interactive=True))
    spawned.process.wait()
    spawned.channel.close()
    assert b"-i\n" == end_of(spawned.pipes[1])
    end_of(spawned.pipes[2])
