"""A program that keeps its process id is not gone back to: a fork of it has another one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support import oracle
from support.sessions import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.sessions import Opener

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

LIBRARY = """
import os
SELF = os.getpid()
class Process:
    def __init__(self): self.pid = os.getpid()
    def is_me(self): return self.pid == os.getpid()
def is_default(pid=os.getpid()): return pid == os.getpid()
def is_constant(): return SELF == os.getpid()
"""
QUIET = """
from os import getpid
class Process:
    def __init__(self): self.pid = getpid()
    def is_me(self): return self.pid == getpid()
"""


@pytest.fixture(autouse=True)
def every_state() -> Iterator[None]:
    """Keep every state, so that there is one to go back to wrongly."""
    with oracle.keeping_every_state():
        yield


@pytest.mark.parametrize("folder", [".", "site-packages"])
@pytest.mark.parametrize(
    ("content", "begin", "asks"),
    [
        (LIBRARY, "me = lib.Process()", "me.is_me()"),
        (LIBRARY, "is_me = lib.is_default", "is_me()"),
        (LIBRARY, "is_me = lib.is_constant", "is_me()"),
        (QUIET, "me = lib.Process()", "me.is_me()"),
    ],
)
async def test_kept_process_id(
    opened: Opener, folder: str, content: str, begin: str, asks: str
) -> None:
    """What it keeps would be the id of a process that is gone, in a result that is shown as current."""
    text = f"import sys; sys.path.insert(0, {folder!r})\nimport lib\n{begin}\n1\n{asks}\n"
    session = opened(text)
    (session.place.folder / folder).mkdir(exist_ok=True)
    (session.place.folder / folder / "lib.py").write_text(content)
    await session.run()
    assert session.session.status.checkpoints.refusal is not None
    session.replace(f"{text.rstrip()} or None\n")
    report = await session.run("stale")
    assert "True" == texts(report)[-1]
    assert {} == session.stale()
