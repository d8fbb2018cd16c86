"""What Linux tells about a process: memory and processor time, read from /proc."""

from __future__ import annotations

import os
import re
from pathlib import Path

MB = 1e6


def private_memory(pid: int) -> float:
    """Memory no other process shares, in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    fields = re.findall(r"^Private_(?:Clean|Dirty|Hugetlb): +(\d+) kB", text, re.MULTILINE)
    return sum(map(int, fields)) * 1024 / MB


def resident_memory(pid: int) -> float:
    """Resident memory now, in MB."""
    return _status(pid, "VmRSS")


def shared_memory(pid: int) -> float:
    """Proportional set size: what others share is counted by halves, thirds and so on; in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / MB


def peak_memory(pid: int) -> float:
    """Highest resident memory since the last `reset_peak`, in MB."""
    return _status(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Start `peak_memory` again from the memory now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def processor_time(pid: int) -> float:
    """User and system time used so far, in seconds; in steps of a clock tick, usually 0.01."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """All processes below `pid`."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [one for child in map(int, children) for one in (child, *descendants(child))]


def _status(pid: int, name: str) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    if not found:
        raise ProcessLookupError(f"process {pid} has no {name}; it may have ended")
    return int(found[1]) * 1024 / MB
