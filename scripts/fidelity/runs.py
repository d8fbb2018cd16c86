"""Run one command on a private copy of a script and record everything a shell could see of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources import Script

MARK = "FIDELITY_RUN"
"""Environment variable by which processes left behind are found."""


@dataclass(frozen=True)
class Captured:
    """What one run left."""

    stdout: bytes
    stderr: bytes
    exit_code: int
    """As `subprocess` gives it: -N for signal N."""
    seconds: float
    is_timeout: bool = False
    left_behind: tuple[str, ...] = ()
    """Command lines of processes still alive one second after the run."""

    def to_json(self) -> dict[str, Any]:
        """JSON form; output bytes as Latin-1 text, which keeps every byte."""
        return asdict(self) | {
            "stdout": self.stdout.decode("latin-1"),
            "stderr": self.stderr.decode("latin-1"),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Captured:
        """Inverse of `to_json`."""
        return cls(
            **data
            | {
                "stdout": data["stdout"].encode("latin-1"),
                "stderr": data["stderr"].encode("latin-1"),
                "left_behind": tuple(data["left_behind"]),
            }
        )


def run(command: Sequence[str | Path], script: Script, work: Path, *, timeout: float) -> Captured:
    """Run `command` + the script's file name inside a fresh copy of its folder at `work`.

    Args:
        command: What to put before the file name.
        script: What to copy and run.
        work: Where the copy is put; the same for every run, because output may hold paths.
        timeout: In seconds; then everything the command started is killed.
    """
    shutil.rmtree(work, ignore_errors=True)
    return capture([*command, script.name], work, cwd=_copy(script, work), timeout=timeout)


def capture(
    command: Sequence[str | Path],
    work: Path,
    *,
    cwd: Path,
    timeout: float,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> Captured:
    """Run `command` in `cwd` with pipes, and record everything; `work` is for temporary files."""
    mark = uuid.uuid4().hex
    (work / "tmp").mkdir(exist_ok=True)
    (work / "stdin").write_bytes(stdin)
    started = time.monotonic()
    with (
        (work / "stdin").open("rb") if stdin else Path(os.devnull).open("rb") as given,
        (work / "stdout").open("wb") as stdout,
        (work / "stderr").open("wb") as stderr,
    ):
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env={**_environment(work, mark), **(environment or {})},
            stdin=given,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        is_timeout = _wait(child, timeout)
    seconds = time.monotonic() - started
    left_behind = _sweep(mark, grace=0.0 if is_timeout else 1.0)
    child.wait()
    return Captured(
        (work / "stdout").read_bytes(),
        (work / "stderr").read_bytes(),
        child.returncode,
        round(seconds, 2),
        is_timeout,
        () if is_timeout else left_behind,
    )


def _copy(script: Script, work: Path) -> Path:
    folder = work / script.path.parent.name
    if script.folder.is_dir():
        shutil.copytree(script.folder, folder, symlinks=True)
    else:
        folder.mkdir(parents=True)
        shutil.copy(script.path, folder)
    return folder


def _environment(work: Path, mark: str) -> dict[str, str]:
    """A small environment that makes runs repeatable: one thread, no window, a fixed hash seed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        MARK: mark,
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(work / "tmp"),
    }


def _wait(child: subprocess.Popen[bytes], timeout: float) -> bool:
    """Wait for the child; whether the time was up (it is killed by the sweep then)."""
    try:
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        return True
    return False


def _sweep(mark: str, grace: float) -> tuple[str, ...]:
    """Kill what a run left behind, after `grace` seconds to go by itself; their command lines."""
    deadline = time.monotonic() + grace
    while (alive := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in alive:
        _kill(pid)
    return tuple(alive.values())


def _marked(mark: str) -> dict[int, str]:
    """Processes that carry the mark: pid and command line."""
    needle = f"{MARK}={mark}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and needle in _read(entry / "environ").split(b"\0"):
            command = _read(entry / "cmdline").replace(b"\0", b" ").decode(errors="replace")
            found[int(entry.name)] = command.strip()
    return {pid: command for pid, command in found.items() if command}


def _read(path: Path) -> bytes:
    """The file's bytes, none when its process is gone or belongs to someone else."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return b""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
