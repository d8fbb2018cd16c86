"""Memory of processes, as Linux has it."""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

import pytest

from rdit_lsp.process.posix import memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

MB = 1 << 20
SMAPS = """\
00400000-7ffc [rollup]
Rss:                9000 kB
Pss:                5000 kB
Pss_Anon:           3000 kB
Private_Dirty:      2000 kB
Anonymous:          4000 kB
"""


def test_of_this_process() -> None:
    """The budget of checkpoints would be kept by figures that are none."""
    before = memory.of_process(os.getpid())
    # A bytearray may be given memory that this process has written before.
    held = mmap.mmap(-1, 20 * MB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, len(held), mmap.PAGESIZE):
        held[place] = 1
    after = memory.of_process(os.getpid())
    assert before is not None
    assert after is not None
    assert 15 * MB < after.unshared - before.unshared < 25 * MB
    assert after.unshared <= after.proportional <= after.resident
    assert len(held) == 20 * MB


@pytest.mark.parametrize("is_old", [False, True])
def test_figures(monkeypatch: pytest.MonkeyPatch, *, is_old: bool) -> None:
    """Pages of files would count as a checkpoint's own, or an older Linux give no figures."""
    text = SMAPS.replace("Pss_Anon", "Pss_Shmem") if is_old else SMAPS
    monkeypatch.setattr(Path, "read_text", lambda _: text)
    found = memory.of_process(1)
    expected = memory.Memory(2000 << 10, 5000 << 10, 9000 << 10, 5000 << 10)
    if not is_old:
        expected = memory.Memory(2000 << 10, 3000 << 10, 4000 << 10, 5000 << 10)
    assert expected == found


def test_process_that_is_gone() -> None:
    """A checkpoint that ends while it is measured would end the measurement."""
    assert memory.of_process(1 << 22) is None


def test_of_the_machine() -> None:
    """Half of what the machine can spare would be nothing, or everything."""
    assert MB < memory.available() < 1 << 50
    assert memory.kills() >= 0


def test_where_the_system_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system no checkpoint could be kept, or every kill count as one for memory."""

    def missing(_: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert (0, 1 << 62) == (memory.kills(), memory.available())
