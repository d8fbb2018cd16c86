"""What processes hold in memory, and how many the want of it has ended, as the system tells (Linux)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Memory:
    """What a process holds, in bytes; clean pages of files do not count, they are no one's."""

    unshared: int
    """What would be free if it alone ended."""
    proportional: int
    """Its share of all it uses: that of all processes adds up to what they hold together."""
    resident: int
    """All it uses, shared or not."""


def of_process(pid: int) -> Memory | None:
    """What a process holds now; None where it is gone or the system does not tell.

    Takes milliseconds for a large process, so call it off the event loop.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return None
    fields = (line.partition(":") for line in lines)
    sizes = {name: int(rest.split()[0]) << 10 for name, _, rest in fields}
    # Linux before 5.4 does not tell memory from files.
    whole, share = ("Anonymous", "Pss_Anon") if "Pss_Anon" in sizes else ("Rss", "Pss")
    return Memory(sizes["Private_Dirty"], sizes[share], sizes[whole])


def beyond(program: Memory | None, copies: Iterable[Memory]) -> int:
    """Bytes that copies of a program hold beyond what the program holds anyway.

    Not the sum of what each holds unshared: what two of them share, and the program has changed since, is
    in neither.
    """
    together = sum(copy.proportional for copy in copies)
    if program is not None:
        together += program.proportional - program.resident
    return max(together, 0)


def kills() -> int:
    """How many processes the system has ended so far for want of memory; 0 where it does not tell."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def available() -> int:
    """Bytes of memory that the machine could give; very many where it does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 1 << 62
