"""Which processes a server under test has left, wherever they hide (Linux).

Children of children that lost their parents, and daemons in sessions of their own, are found by a variable
in their environment.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARK = "RDIT_TEST_MARK"
"""The environment variable."""

_LIMIT = 60.0


def marked(mark: str) -> dict[int, str]:
    """Living processes with this mark: id to command line."""
    return with_variable(MARK, mark)


def with_variable(name: str, value: str) -> dict[int, str]:
    """Living processes that were started with this variable: id to command line."""
    needle = f"{name}={value}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
            if state not in b"ZX" and needle in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                found[int(folder.name)] = command
    return found


def of_user(mark: str, server: int) -> dict[int, str]:
    """Those that run user code: not the server, nor the guard, which is a fork of it."""
    found = marked(mark)
    return {pid: command for pid, command in found.items() if not _is_own(pid, server, found)}


def _is_own(pid: int, server: int, found: dict[int, str]) -> bool:
    return pid == server or "rdit-lsp" in found[pid]


@contextmanager
def memory_bounded(pids: Iterable[int], most: int) -> Iterator[None]:
    """While this holds, processes and what they start may hold `most` bytes together (a cgroup)."""
    v1 = Path("/sys/fs/cgroup/memory")
    folder = (v1 if v1.is_dir() else Path("/sys/fs/cgroup")) / f"rdit-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / ("memory.limit_in_bytes" if v1.is_dir() else "memory.max")).write_text(f"{most}")
        with suppress(OSError):  # Not every system counts what is swapped out, or swaps at all.
            if v1.is_dir():
                (folder / "memory.memsw.limit_in_bytes").write_text(f"{most}")
            else:
                (folder / "memory.swap.max").write_text("0")
    except OSError as error:
        with suppress(OSError):
            folder.rmdir()
        pytest.skip(f"no bound on memory can be set: {error.strerror}")
    try:
        for pid in pids:
            (folder / "cgroup.procs").write_text(f"{pid}")
        yield
    finally:
        while left := (folder / "cgroup.procs").read_text().split():
            for member in left:
                with suppress(ProcessLookupError):
                    (folder.parent / "cgroup.procs").write_text(member)
        folder.rmdir()


async def gone(mark: str, server: int | None = None) -> None:
    """Wait until no process that runs user code is left; without `server`, until none at all is."""
    while True:
        left = marked(mark) if server is None else of_user(mark, server)
        if not left:
            return
        for pid, command in left.items():
            await ended(pid, command)


async def ended(pid: int, what: str = "") -> None:
    """Wait until process `pid` has ended. Fails where it lives on."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_reader(fd, end.set)
    try:
        await asyncio.wait_for(end.wait(), _LIMIT)
    except asyncio.TimeoutError:
        raise AssertionError(f"process {pid} is still alive: {what}") from None
    finally:
        loop.remove_reader(fd)
        os.close(fd)
