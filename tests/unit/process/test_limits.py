"""Open files and the OOM killer."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.far_end import SECONDS

from rdit_lsp.process.posix import limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of others are Linux's")

SERVER = """\
import resource, subprocess, sys
from rdit_lsp.process.posix import limits
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
limits.raise_limit()
with subprocess.Popen(["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
    limits.restore_limit(shell.pid)
    limits.raise_oom_score(shell.pid)
    found = shell.communicate(b"ulimit -n; cat /proc/$$/oom_score_adj")[0].split()
own = open("/proc/self/oom_score_adj").read()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard, int(found[0]), int(found[1]) - int(own))
"""


def test_server_has_more_and_programs_what_they_had() -> None:
    """Forty checkpoints would use up the server's files, or a program see another limit than in a shell.

    And where memory runs out, the server would be ended before the program that used it.
    """
    done = subprocess.run(
        [sys.executable, "-c", SERVER], capture_output=True, check=True, timeout=SECONDS
    )
    grown, limit, score = done.stdout.split()
    assert (b"True", b"200") == (grown, limit)
    assert int(score) > 0 or int(Path("/proc/self/oom_score_adj").read_text()) == 1000


def test_room_for_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last descriptors would go to forks, and none be left for anything else."""
    open_now = len(os.listdir("/proc/self/fd"))
    for more, has_room in ((70, True), (10, False)):
        soft = open_now + more
        monkeypatch.setattr(resource, "getrlimit", lambda _, soft=soft: (soft, soft))
        assert has_room == limits.has_room()


def test_process_that_is_gone() -> None:
    """A program that ends at once would fail the start of the next one."""
    limits.raise_oom_score(1 << 22)
