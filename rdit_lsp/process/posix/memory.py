"""Memory of processes and of the machine, and the count of OOM kills (Linux)."""

from __future__ import annotations

from pathlib import Path

from rdit_lsp.process.handle import Memory


def of_process(pid: int) -> Memory | None:
    """Memory of a process now; None where it is gone or the system does not say.

    Takes milliseconds for a large process: call it off the event loop.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return None
    fields = (line.partition(":") for line in lines)
    sizes = {name: int(rest.split()[0]) << 10 for name, _, rest in fields}
    # Linux before 5.4 does not list file-backed pages apart.
    whole, share = ("Anonymous", "Pss_Anon") if "Pss_Anon" in sizes else ("Rss", "Pss")
    return Memory(sizes["Private_Dirty"], sizes[share], sizes[whole], sizes["Pss"])


def kills() -> int:
    """How many processes the OOM killer has ended since boot; 0 where the system does not say."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def available() -> int:
    """Bytes of memory that the machine could still give; very many where it does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 1 << 62
