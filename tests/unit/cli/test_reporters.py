"""What `rdit run` and `rdit watch` write, event by event."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rdit_lsp.cli.reporters import (
    REPORTERS,
    JsonLinesReporter,
    JsonReporter,
    QuietReporter,
    RunEnd,
    TextReporter,
)
from rdit_lsp.cli.run import exit_code
from rdit_lsp.cli.startup import RunOptions
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.process.spawn import Launch
from rdit_lsp.results.snapshot import View

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = RunOptions("d.py", (), "text", None, None, {}, None, stop_on_error=True)
LAUNCH = Launch(python=("/bin/python",), path="/d.py", argv=("d.py",), cwd="/")
VALUE = Display("result", {"text/plain": "[1,\n 2]"})
FAILURE = Failure("ValueError", "no", "Traceback …\nValueError: no\n")
PRINTED = Failure("OSError", "no", "Traceback …\nOSError: no\n", printed=True)


def view(*outputs: Any, index: int = 0, line: int = 1, **how: Any) -> View:
    return View(index, line, line, True, how.pop("status", "ok"), outputs, **how)


def end(*views: View, status: str = "ok") -> RunEnd:
    return RunEnd(status, exit_code(status, views), 12.3456, views, "/bin/python3")


@pytest.fixture
def written(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[[], tuple[str, str]]:
    """What has been written since the last time, to stdout and to stderr."""

    def read() -> tuple[str, str]:
        found = capsysbinary.readouterr()
        return found.out.decode(), found.err.decode()

    return read


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_layouts() -> None:
    """An option of the command line would end with a traceback."""
    assert {"text", "quiet", "json", "jsonl"} == set(REPORTERS)


def test_text(written: Callable[[], tuple[str, str]]) -> None:
    """A value would stand in the middle of a line, or errors among what the program prints."""
    reporter = TextReporter(OPTIONS, LAUNCH)
    reporter.on_output(0, "stdout", b"no line end")
    reporter.on_output(0, "stderr", b"a warning\n")
    reporter.on_result(view(VALUE, line=3, note="It was stopped."))
    reporter.on_result(view(FAILURE, index=1, line=4, status="error"))
    reporter.on_result(view(PRINTED, index=2, line=5, status="error"))
    reporter.on_end(end(status="error"))
    assert written() == (
        "no line end\n   3 │ [1,\n     │  2]\n",
        "a warning\nrdit: It was stopped.\nTraceback …\nValueError: no\n",
    )


def test_docstring(written: Callable[[], tuple[str, str]]) -> None:
    """The first line of every file would be a result."""
    reporter = TextReporter(OPTIONS, LAUNCH)
    reporter.on_result(view(Display("result", {"text/plain": "About."}), is_docstring=True))
    assert written() == ("", "")


PNG = base64.b64encode(b"\x89PNG").decode()


def test_picture(
    written: Callable[[], tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There would be no way to look at it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    figure = Display(
        "result", {"text/plain": "<Figure>", "image/png": PNG}, {"rdit": {"type": "Figure"}}
    )
    reporter = TextReporter(OPTIONS, LAUNCH)
    reporter.on_result(view(figure, figure, line=7))
    lines = written()[0].splitlines()
    assert ["   7 │ [Figure]", "   7 │ [Figure]"] == lines[::2]
    paths = [Path(line.removeprefix("     │ ")) for line in lines[1::2]]
    assert ["line-7.png", "line-7-2.png"] == [path.name for path in paths]
    assert b"\x89PNG" == paths[1].read_bytes()


def test_lone_surrogates(written: Callable[[], tuple[str, str]]) -> None:
    """The run would end in an error of rdit's own."""
    reporter = TextReporter(OPTIONS, LAUNCH)
    reporter.on_result(view(Display("result", {"text/plain": "'\udcff'"})))
    assert written()[0] == "   1 │ '\\udcff'\n"


def test_rejection(written: Callable[[], tuple[str, str]]) -> None:
    """A file that does not compile would end without a word, or with the same word twice."""
    for kind in (TextReporter, QuietReporter, JsonReporter):
        kind(OPTIONS, LAUNCH).on_rejection(FAILURE)
    assert written() == ("", FAILURE.text)


def test_quiet(written: Callable[[], tuple[str, str]]) -> None:
    """The output would not be that of plain Python."""
    reporter = QuietReporter(OPTIONS, LAUNCH)
    reporter.on_result(view(VALUE, note="It was stopped."))
    reporter.on_result(view(FAILURE, status="error"))
    reporter.on_end(end())
    assert written() == ("", "")


def test_json(written: Callable[[], tuple[str, str]]) -> None:
    """What reads it would find something else before or behind the object."""
    reporter = JsonReporter(OPTIONS, LAUNCH)
    reporter.on_output(0, "stdout", b"x")
    reporter.on_result(view(VALUE))
    reporter.on_end(end(view(VALUE, line=2)))
    out, err = written()
    (found,) = objects(out)
    assert err == ""
    assert [result["lineStart"] for result in found.pop("results")] == [2]
    assert found == {
        "file": "d.py",
        "python": "/bin/python3",
        "status": "ok",
        "exitCode": 0,
        "durationMs": 12.346,
    }


def test_json_lines(written: Callable[[], tuple[str, str]]) -> None:
    """What follows a run would miss an event, or get it in another order."""
    reporter = JsonLinesReporter(OPTIONS, LAUNCH, source="[1,\r\n2]\r\n")
    reporter.on_output(None, "stdout", b"x\xff")
    reporter.on_result(view(VALUE))
    reporter.on_end(end(view(VALUE), view(index=1, status="notRun"), status="exit"))
    found = objects(written()[0])
    assert found[:2] == [
        {"event": "start", "file": "d.py", "python": "/bin/python"},
        {"event": "output", "nodeIndex": 0, "output": {"type": "stdout", "text": "x\\xff"}},
    ]
    assert [(each["event"], each.get("nodeIndex")) for each in found[2:4]] == [
        ("output", 0),
        ("statement", None),
    ]
    assert found[3]["source"] == "[1,"
    assert found[4]["result"]["status"] == "notRun"
    assert found[5] == {"event": "end", "status": "exit", "exitCode": 1, "durationMs": 12.346}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("ok", None, 0),
        ("error", None, 1),
        ("interrupted", None, 130),
        ("cancelled", None, 130),
        ("timeout", None, 124),
        ("exit", 3, 3),
        ("exit", None, 1),
        ("crashed", -11, 139),
    ],
)
def test_exit_codes(status: str, code: int | None, expected: int) -> None:
    """A shell script would go on after a failure, or stop without one."""
    assert expected == exit_code(status, [view(exit_code=code), view(index=1)])
