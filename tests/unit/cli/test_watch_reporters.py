"""What `rdit watch` writes, event by event."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rdit_lsp.cli.startup import RunOptions
from rdit_lsp.cli.watch_reporters import WatchLog, WatchScreen
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.process.spawn import Launch
from rdit_lsp.results.snapshot import View
from rdit_lsp.session.planning import WayBack
from rdit_lsp.session.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPTIONS = RunOptions("d.py", (), "watch", None, None, {}, None, stop_on_error=True)
LAUNCH = Launch(python=("/bin/python",), path="/d.py", argv=("d.py",), cwd="/")
VALUE = Display("result", {"text/plain": "[1,\n 2]"})


def view(*outputs: Any, index: int = 0, line: int = 1, **how: Any) -> View:
    return View(index, line, line, True, how.pop("status", "ok"), outputs, **how)


@pytest.fixture
def written(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[[], str]:
    """What has been written to stdout since the last time."""

    def read() -> str:
        return capsysbinary.readouterr().out.decode()

    return read


def log_of(kind: type[WatchLog], views: Sequence[View]) -> WatchLog:
    """A reporter for a session that shows these."""
    reporter = kind(OPTIONS, LAUNCH)
    session: Any = SimpleNamespace(snapshot=lambda: SimpleNamespace(views=views))
    reporter.watch(session)
    return reporter


def test_an_update(written: Callable[[], str]) -> None:
    """It would be read from the middle, or as if all had run again."""
    kept, below = view(VALUE, reused=True), view(VALUE, index=2, line=3, reused=True)
    ran = view(Display("result", {"text/plain": "5"}), index=1, line=2)
    reporter = log_of(WatchLog, [kept, view(index=1, line=2, status="running"), below])
    reporter.on_update("d.py")
    assert re.fullmatch(r"\n── d\.py changed at \d\d:\d\d:\d\d ──\n", written())
    reporter.on_output(1, "stdout", b"x\n")
    reporter.on_result(ran)
    report = Report("1", "ok", [kept, ran, below], WayBack("checkpoint", 2))
    reporter.on_updated(report, report.views, 0.25)
    assert written().splitlines() == [
        "   1 ┊ [1, 2]  (reused)",
        "x",
        "   2 │ 5",
        "   3 ┊ [1, 2]  (reused)",
        "── 1 statement run from line 2 on, from a checkpoint; 2 reused; 250 ms ──",
    ]


def test_an_update_of_a_screen(written: Callable[[], str]) -> None:
    """What is reused would be gone from the screen, or the screen grow with each save."""
    printed = Stream("stdout", "".join(f"row {i}\n" for i in range(23)).encode(), b"", 150)
    failed = Failure("ValueError", "no", "ValueError: no\n")
    kept = view(printed, VALUE, failed, reused=True)
    reporter = log_of(WatchScreen, [kept])
    reporter.on_update("d.py")
    assert written().startswith("\x1b[H\x1b[2J── d.py changed at ")
    report = Report("1", "error", [kept], None)
    reporter.on_updated(report, report.views, 1.5)
    reporter.on_waiting()
    assert written().splitlines() == [
        "── 3 more lines ──",
        *(f"row {i}" for i in range(3, 23)),
        "   1 ┊ [1,",
        "     ┊  2]",
        "── 0 statements run; 1 reused; failed; 1.5 s ──",
        "── watching d.py; Ctrl-C ends ──",
    ]


@pytest.mark.parametrize(
    ("status", "views", "words"),
    [
        (
            "error",
            [view(status="error"), view(index=1, status="notRun")],
            "1 statement run; 0 reused; failed",
        ),
        ("interrupted", [view(status="interrupted")], "1 statement run; 0 reused; interrupted"),
        ("timeout", [view(status="timeout")], "1 statement run; 0 reused; timed out"),
        ("ok", [], "0 statements run; 0 reused"),
    ],
)
def test_how_an_update_ended(
    written: Callable[[], str], status: Any, views: Sequence[View], words: str
) -> None:
    """One would take an old result for one of the new text."""
    log_of(WatchLog, views).on_updated(Report("1", status, views), views, 2)
    assert written() == f"── {words}; 2 s ──\n"


def test_file_that_does_not_compile(written: Callable[[], str]) -> None:
    """It would be counted as a statement that has run."""
    views = [view(index=-1, status="error")]
    log_of(WatchLog, views).on_updated(Report("1", "error", views), views, 2)
    assert written() == "── nothing has run: the file does not compile ──\n"
