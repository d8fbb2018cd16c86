"""An interpreter that is kept ready, and what it is good for."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from support.fake_program import LAUNCH, FakeFork
from support.far_end import SECONDS

from rdit_lsp.process.replies import Refusal
from rdit_lsp.program.zygote import Zygote

if TYPE_CHECKING:
    from pathlib import Path


async def test_suits_the_same_launch_only() -> None:
    """After a change of settings a program would begin with the former ones."""
    zygote = Zygote(LAUNCH, (), FakeFork())
    assert zygote.suits(LAUNCH)
    assert zygote.suits(replace(LAUNCH))
    for other in (
        replace(LAUNCH, python=("other",)),
        replace(LAUNCH, env={"A": "1"}),
        replace(LAUNCH, argv=("/a.py", "-x")),
        replace(LAUNCH, cwd="/tmp"),
    ):
        assert not zygote.suits(other)
    await zygote.close()


async def test_packages_that_were_installed(tmp_path: Path) -> None:
    """A package installed since would not be found, where the interpreter remembers the folder."""
    libraries = (str(tmp_path), str(tmp_path / "later"))
    zygote = Zygote(LAUNCH, libraries, FakeFork())
    assert zygote.is_good
    os.utime(tmp_path, (1, 1))
    assert not zygote.is_good
    zygote = Zygote(LAUNCH, libraries, FakeFork())
    (tmp_path / "later").mkdir()
    os.utime(tmp_path, (1, 1))
    assert not zygote.is_good


async def test_its_process_is_gone() -> None:
    """Every start would try a process that has ended."""
    fork = FakeFork()
    zygote = Zygote(LAUNCH, (), fork)
    fork.end()
    assert not zygote.suits(LAUNCH)
    assert await zygote.fork() is None


async def test_forks() -> None:
    """Starting over would use it up, or fail where it is refused."""
    original = FakeFork()
    zygote = Zygote(LAUNCH, (), original)
    first, second = await zygote.fork(), await zygote.fork()
    assert [first, second] == original.forks
    original.refusal = Refusal("it cannot")
    assert await zygote.fork() is None
    assert zygote.is_good


async def test_closing() -> None:
    """A process would be left behind, or a fork that is planned be made after all."""
    original = FakeFork()
    zygote = Zygote(LAUNCH, (), original)
    zygote.expect_fork()
    await asyncio.wait_for(zygote.close(), SECONDS)
    assert original.is_discarded
    assert [] == original.forks
