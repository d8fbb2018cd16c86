"""Every command of the public protocol, against the real server."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from support import protocol_schema
from support.editor import Kind, outputs
from support.lsp_client import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor, OpenDocument
    from support.lsp_client import Json

SCRIPT = """\
x = 1
print("one")
x + 1
x += 10
x
"""


def statuses(report: Json) -> list[tuple[int, str]]:
    return [(result["lineStart"], result["status"]) for result in report["results"]]


def reused(report: Json) -> list[int]:
    return [result["lineStart"] for result in report["results"] if result.get("reused")]


@pytest.fixture
def script(editor: Editor, tmp_path: Path) -> OpenDocument:
    return editor.open(tmp_path / "script.py", SCRIPT)


@pytest.mark.parametrize("plain", [False, True], ids=["command", "request"])
async def test_every_command_has_two_doors(
    editor: Editor, script: OpenDocument, plain: bool
) -> None:
    """A command works as `workspace/executeCommand` and as a plain request, with the same shapes."""
    uri = {"uri": script.uri}
    report = await editor.command("rdit/execute", uri, plain=plain)
    assert report["status"] == "ok"
    assert [outputs(result) for result in report["results"]] == ["", "one\n", "2", "", "11"]
    results = await editor.command("rdit/results", uri, plain=plain)
    assert report["results"] == results["results"]
    status = await editor.command("rdit/status", uri, plain=plain)
    assert [session["state"] for session in status["sessions"]] == ["idle"]
    assert await editor.command("rdit/interrupt", uri, plain=plain) == {"interrupted": False}
    assert await editor.command("rdit/reset", uri, plain=plain) == {"status": "ok"}
    assert await editor.command("rdit/results", uri, plain=plain) == {"results": []}


async def test_advertised_commands(editor: Editor) -> None:
    """A client that asks what commands there are finds every one."""
    commands = editor.server["capabilities"]["executeCommandProvider"]["commands"]
    expected = {f"rdit/{n}" for n in ("execute", "interrupt", "reset", "status", "results")}
    assert expected <= set(commands)


async def test_status_without_uri_lists_all(
    editor: Editor, script: OpenDocument, tmp_path: Path
) -> None:
    """An agent that has no uri yet would not find the sessions."""
    other = editor.open(tmp_path / "other.py", "1\n")
    await script.execute()
    sessions = {s["uri"]: (s["state"], s["pid"] is None) for s in await editor.status()}
    assert {script.uri: ("idle", False), other.uri: ("idle", True)} == sessions


async def test_results_of_a_line_range(script: OpenDocument) -> None:
    """A client that asks for a part would get all of a big file."""
    await script.execute()
    found = await script.results(lineRange={"from": 2, "to": 3})
    assert [result["lineStart"] for result in found] == [2, 3]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"scope": "statement", "position": {"line": 0, "character": 0}}, [1]),
        ({"scope": "statement", "lineRange": {"from": 1, "to": 1}}, [1]),
        ({"scope": "range", "lineRange": {"from": 1, "to": 3}}, [1, 2, 3]),
        ({"lineRange": {"from": 1, "to": 2}}, [1, 2]),
        ({"scope": "cell", "position": {"line": 1, "character": 0}}, [1, 2, 3, 4, 5]),
        ({"scope": "fromHere", "position": {"line": 0, "character": 0}}, [1, 2, 3, 4, 5]),
        ({"scope": "toHere", "position": {"line": 2, "character": 0}}, [1, 2, 3]),
        ({"scope": "toHere", "lineRange": {"from": 1, "to": 2}}, [1, 2]),
        ({"scope": "stale"}, [1, 2, 3, 4, 5]),
        ({"scope": "file"}, [1, 2, 3, 4, 5]),
        ({}, [1, 2, 3, 4, 5]),
    ],
)
async def test_scopes(script: OpenDocument, params: Json, expected: list[int]) -> None:
    """A scope would run other statements than those it names."""
    report = await script.execute(**params)
    assert [(line, "ok") for line in expected] == statuses(report)


async def test_cells(editor: Editor, tmp_path: Path) -> None:
    """A cell would take in statements beyond its markers."""
    document = editor.open(tmp_path / "cells.py", "# %%\n1\n2\n# %% two\n3\n# In[4]:\n4\n")
    found = [
        [line for line, _ in statuses(await document.execute(scope="cell", position=at(line)))]
        for line in (1, 3, 4, 6)
    ]
    assert found == [[2, 3], [5], [5], [7]]


async def test_live_scopes_run_in_the_live_namespace(script: OpenDocument) -> None:
    """`statement` would start over, or show a result out of order as fresh."""
    await script.execute()
    report = await script.execute(scope="statement", position=at(3))
    assert statuses(report) == [(4, "ok")]
    assert "wayBack" not in report
    report = await script.execute(scope="statement", position=at(4))
    assert [outputs(result) for result in report["results"]] == ["21"]
    stale = {r["lineStart"]: r.get("stale", False) for r in await script.results()}
    assert stale == {1: False, 2: False, 3: False, 4: True, 5: True}
    report = await script.execute(scope="stale")
    assert outputs(report["results"][4]) == "11"
    assert [r for r in await script.results() if r.get("stale")] == []


async def test_stale_runs_only_what_an_edit_changed(script: OpenDocument) -> None:
    """Changing the end of a file would run its slow beginning again."""
    await script.execute()
    script.replace(SCRIPT.replace("x += 10", "x += 20"))
    report = await script.execute(scope="stale")
    assert [outputs(result) for result in report["results"]] == ["", "one\n", "2", "", "21"]
    assert report["status"] == "ok"


async def test_appended_statements_continue_live(script: OpenDocument) -> None:
    """The commonest edit, a line more at the end, would run the whole file again."""
    await script.execute()
    script.replace(SCRIPT + "x * 2\n")
    report = await script.execute(scope="stale")
    assert report["wayBack"] == {"kind": "live", "lineStart": 6}
    assert reused(report) == [1, 2, 3, 4, 5]
    assert outputs(report["results"][-1]) == "22"


async def test_nothing_to_do_is_kept(script: OpenDocument) -> None:
    """An undo, or no edit at all, would cost a run."""
    await script.execute()
    script.replace(SCRIPT.replace("x = 1", "x = 5"))
    script.replace(SCRIPT)
    report = await script.execute(scope="stale")
    assert report["wayBack"] == {"kind": "kept"}
    assert reused(report) == [1, 2, 3, 4, 5]


async def test_file_without_fresh_keeps_the_namespace(editor: Editor, tmp_path: Path) -> None:
    """`fresh: false` would lose the variables."""
    text = "n = globals().get('n', 0) + 1\nn\n"
    document = editor.open(tmp_path / "counter.py", text)
    found = []
    for fresh in (True, False, False, True):
        report = await document.execute(scope="file", fresh=fresh)
        found.append(outputs(report["results"][1]))
    assert found == ["1", "2", "3", "1"]


async def test_errors_stop_or_not(editor: Editor, tmp_path: Path) -> None:
    """`onError` would not be obeyed: by default nothing after an error runs."""
    document = editor.open(tmp_path / "fails.py", "1\n1 / 0\nprint('after')\n")
    report = await document.execute()
    assert report["status"] == "error"
    assert statuses(report) == [(1, "ok"), (2, "error"), (3, "notRun")]
    report = await document.execute(onError="continue")
    assert report["status"] == "error"
    assert statuses(report) == [(1, "ok"), (2, "error"), (3, "ok")]


async def test_error_text_is_pythons_own(editor: Editor, tmp_path: Path) -> None:
    """What is shown of an exception would differ from what `python FILE` prints."""
    path = tmp_path / "fails.py"
    text = "def f(x):\n    return 1 / x\n\nf(0)\n"
    path.write_text(text)
    document = editor.open(path, text)
    report = await document.execute()
    (error,) = report["results"][1]["output"]
    assert (error["name"], error["value"]) == ("ZeroDivisionError", "division by zero")
    assert [frame["function"] for frame in error["frames"]] == ["<module>", "f"]
    expected = (
        "Traceback (most recent call last):\n"
        f'  File "{path}", line 4, in <module>\n    f(0)\n'
        f'  File "{path}", line 2, in f\n    return 1 / x\n'
    )
    lines = [line for line in error["text"].splitlines() if set(line) - set(" ^~")]
    assert [*expected.splitlines(), "ZeroDivisionError: division by zero"] == lines


async def test_exit(editor: Editor, tmp_path: Path) -> None:
    """`sys.exit` would look like an error, or let what follows run."""
    document = editor.open(tmp_path / "exits.py", "import sys\nsys.exit(3)\nprint('after')\n")
    report = await document.execute()
    assert report["status"] == "exit"
    assert report["results"][1]["exitCode"] == 3
    assert statuses(report) == [(1, "ok"), (2, "exit"), (3, "notRun")]


async def test_timeout(editor: Editor, tmp_path: Path) -> None:
    """A run with a time limit would go on for ever, or take the variables with it."""
    text = "x = 1\nimport time\ntime.sleep(600)\nx\n"
    document = editor.open(tmp_path / "slow.py", text)
    report = await document.time_out(3)
    assert report["status"] == "timeout"
    assert statuses(report) == [(1, "ok"), (2, "ok"), (3, "timeout"), (4, "notRun")]
    report = await document.execute(scope="statement", position=at(3))
    assert outputs(report["results"][0]) == "1"


async def test_timeout_while_python_starts(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """A time limit would not hold for an interpreter that is slow to start, or lose the statements."""
    slow = tmp_path / "slow-python"
    slow.write_text(f'#!/bin/sh\nsleep 60\nexec {sys.executable} "$@"\n')
    slow.chmod(0o755)
    editor = await own(Kind(options=json.dumps({"rdit": {"python": str(slow)}})))
    document = editor.open(tmp_path / "slow.py", "1\n2\n")
    report = await document.execute(timeout=0.1)
    assert (report["status"], statuses(report)) == ("timeout", [(1, "notRun"), (2, "notRun")])
    number = document.start()
    await editor.status()
    assert await document.interrupt()
    report = await editor.reply(number)
    assert report["status"] == "interrupted"


async def test_environment_of_a_run(editor: Editor, tmp_path: Path) -> None:
    """Variables given for one run would be missing in it, or stay for the next."""
    text = "import os\nos.environ.get('RDIT_E2E'), os.getenv('PYTHON_x-y')\n"
    document = editor.open(tmp_path / "env.py", text)
    line = at(1)
    found = []
    for params in (
        {},
        {"scope": "statement", "position": line, "env": {"RDIT_E2E": "a", "PYTHON_x-y": "ü"}},
        {"scope": "statement", "position": line},
        {"scope": "file", "env": {"RDIT_E2E": "b"}},
        {"scope": "statement", "position": line},
        {"scope": "file"},
    ):
        report = await document.execute(**params)
        found.append(outputs(report["results"][-1]))
    nothing = "(None, None)"
    assert [nothing, "('a', 'ü')", nothing, "('b', None)", nothing, nothing] == found


async def test_environment_is_part_of_what_a_clean_run_gives(
    editor: Editor, tmp_path: Path
) -> None:
    """A result made with the variables of one run would pass for that of a run without, or be kept."""
    text = "import os\nos.environ.get('RDIT_E2E')\n"
    document = editor.open(tmp_path / "env.py", text)
    await document.execute()
    document.replace(text + "1, os.environ.get('RDIT_E2E')\n")
    found = []
    for params in (
        {"scope": "stale", "env": {"RDIT_E2E": "a"}},
        {"scope": "stale", "env": {"RDIT_E2E": "a"}},
        {"scope": "stale"},
    ):
        results = (await document.execute(**params))["results"]
        assert not any("stale" in result for result in results)
        found.append([outputs(result) for result in results[1:]])
    assert [["'a'", "(1, 'a')"], ["'a'", "(1, 'a')"], ["", "(1, None)"]] == found
    document.replace(text + "2, os.environ.get('RDIT_E2E')\n")
    variables = {"RDIT_E2E": "b"}
    await document.execute(scope="statement", position=at(2), env=variables)
    result = (await document.results())[-1]
    assert ("(2, 'b')", "it ran out of order") == (outputs(result), result.get("staleReason"))


async def test_version(script: OpenDocument) -> None:
    """A run meant for an older text would run the newer one."""
    assert (await script.execute(version=1))["status"] == "ok"
    script.replace("2\n")
    with pytest.raises(RpcError) as refused:
        await script.execute(version=1)
    assert refused.value.code == -32801
    assert refused.value.message == "script.py is at version 2, not 1."
    assert (await script.execute(version=2))["status"] == "ok"


async def test_statements_that_share_a_line(editor: Editor, tmp_path: Path) -> None:
    """Statements on one line would be one result, or run twice."""
    document = editor.open(tmp_path / "shared.py", "a = 1; a; a + 1; a;\n")
    report = await document.execute()
    assert [outputs(result) for result in report["results"]] == ["", "1", "2", ""]
    assert [result["nodeIndex"] for result in report["results"]] == [0, 1, 2, 3]
    assert {1} == {result["lineStart"] for result in report["results"]}
    report = await document.execute(scope="statement", position=at(0))
    assert [result["nodeIndex"] for result in report["results"]] == [0, 1, 2, 3]


async def test_decorators_belong_to_their_function(editor: Editor, tmp_path: Path) -> None:
    """Running the line of a decorator would run nothing, or half a statement."""
    text = "import functools\n@functools.cache\ndef f():\n    return 1\nf()\n"
    document = editor.open(tmp_path / "decorated.py", text)
    await document.execute()
    report = await document.execute(scope="statement", position=at(1))
    assert [(r["lineStart"], r["lineEnd"]) for r in report["results"]] == [(2, 4)]


async def test_complete_output_of_a_long_statement(editor: Editor, tmp_path: Path) -> None:
    """`rdit/results` would give a shortened text where everything was asked for."""
    document = editor.open(tmp_path / "long.py", "for i in range(300_000): print(i)\n")
    report = await document.execute()
    assert "left out" in outputs(report["results"][0])
    (result,) = await document.results()
    assert "".join(f"{i}\n" for i in range(300_000)) == outputs(result)


async def test_notifications_have_the_public_shape(script: OpenDocument) -> None:
    """A client of rdit's own would get results in a shape that is not documented."""
    editor = script.editor
    await script.execute()
    last = await editor.wait_for(
        "rdit/didChangeResults",
        lambda params: params["state"] == "idle" and len(params["results"]) > 0,
    )
    protocol_schema.check_message("rdit/didChangeResults", last)
    assert (script.uri, 1) == (last["uri"], last["version"])


def at(line: int) -> Json:
    """An LSP position at the start of `line`."""
    return {"line": line, "character": 0}
