"""Interrupts, time limits, queues, reset and close: everything that ends a run before its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import Kind, outputs
from support.lsp_client import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor
    from support.lsp_client import Json

SLEEP = "x = 1\nimport time\ntime.sleep(600)\nx\n"
AT_END = {"scope": "statement", "position": {"line": 3, "character": 0}}


def statuses(report: Json) -> list[str]:
    return [result["status"] for result in report["results"]]


async def test_interrupt(editor: Editor, tmp_path: Path) -> None:
    """A run could not be stopped, or would take the variables with it."""
    document = editor.open(tmp_path / "sleeps.py", SLEEP)
    number = document.start()
    await document.running(3)
    assert await document.interrupt()
    report = await editor.reply(number)
    assert ("interrupted", ["ok", "ok", "interrupted", "notRun"]) == (
        report["status"],
        statuses(report),
    )
    assert "1" == outputs((await document.execute(**AT_END))["results"][0])
    assert False is await document.interrupt()


async def test_interrupted_is_not_an_error(editor: Editor, tmp_path: Path) -> None:
    """Stopping a loop would leave a red line in the editor."""
    document = editor.open(tmp_path / "sleeps.py", SLEEP)
    number = document.start()
    await document.running(3)
    await document.interrupt()
    await editor.reply(number)
    await document.execute(**AT_END)
    assert [] == [
        params["diagnostics"]
        for params in editor.received("textDocument/publishDiagnostics")
        if params["diagnostics"]
    ]
    assert (await document.labels())[2].startswith("■ interrupted")


async def test_cancelling_the_request_interrupts(editor: Editor, tmp_path: Path) -> None:
    """An agent that gives up its request would leave the code running."""
    document = editor.open(tmp_path / "sleeps.py", SLEEP)
    number = document.start()
    await document.running(3)
    editor.notify("$/cancelRequest", {"id": number})
    with pytest.raises(RpcError) as cancelled:
        await editor.reply(number)
    assert -32800 == cancelled.value.code
    report = await document.execute(**AT_END)
    assert "1" == outputs(report["results"][0])


async def test_cancelling_a_command_interrupts(editor: Editor, tmp_path: Path) -> None:
    """The same by way of `workspace/executeCommand`, which is how editors run things."""
    document = editor.open(tmp_path / "sleeps.py", SLEEP)
    argument = {"command": "rdit/execute", "arguments": [{"uri": document.uri}]}
    number = editor.ask("workspace/executeCommand", argument)
    await document.running(3)
    editor.notify("$/cancelRequest", {"id": number})
    with pytest.raises(RpcError) as cancelled:
        await editor.reply(number)
    assert -32800 == cancelled.value.code
    assert "1" == outputs((await document.execute(**AT_END))["results"][0])


async def test_progress_and_cancelling_it(
    editor_of: Callable[[Kind], Awaitable[Editor]], tmp_path: Path
) -> None:
    """A plain editor would not show that code runs, or its cancel button would do nothing."""
    editor = await editor_of(Kind("neovim"))
    document = editor.open(tmp_path / "sleeps.py", SLEEP)
    number = document.start()
    begin = await editor.wait_for("$/progress", lambda p: p["value"]["kind"] == "begin")
    assert ("Running sleeps.py", True) == (begin["value"]["title"], begin["value"]["cancellable"])
    created = editor.received("window/workDoneProgress/create")
    assert [begin["token"]] == [params["token"] for params in created]
    await editor.wait_for("$/progress", lambda p: p["value"].get("message") == "line 3")
    editor.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
    assert "interrupted" == (await editor.reply(number))["status"]
    end = await editor.wait_for("$/progress", lambda p: p["value"]["kind"] == "end")
    assert begin["token"] == end["token"]


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    try: os.write(1, b'go'); time.sleep(600)\n    except KeyboardInterrupt: pass\n",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nos.write(1, b'go'); time.sleep(600)\n",
        "signal.pthread_sigmask(signal.SIG_BLOCK, [2])\nos.write(1, b'go'); time.sleep(600)\n",
    ],
    ids=["swallowed", "ignored", "blocked"],
)
async def test_code_that_does_not_stop(editor: Editor, tmp_path: Path, code: str) -> None:
    """Code that ignores an interrupt would run for ever, or end without a word about how."""
    text = "import os, signal, time\n" + code
    document = editor.open(tmp_path / "stubborn.py", text)
    number = document.start()
    await document.said("go")
    assert await document.interrupt()
    report = await editor.reply(number)
    assert "interrupted" == report["status"]
    (note,) = [result["note"] for result in report["results"] if "note" in result]
    assert "what stopped it was ending Python itself" in note
    document.replace("1\n")
    assert "ok" == (await document.execute(scope="stale"))["status"]


async def test_code_that_catches_an_interrupt(editor: Editor, tmp_path: Path) -> None:
    """What a program does when it is interrupted would pass for what a clean run gives."""
    code = (
        "import os, time; seconds = 600\n"
        "try: os.write(1, b'go'); time.sleep(seconds)\n"
        "except KeyboardInterrupt: print('caught')\n"
    )
    document = editor.open(tmp_path / "catches.py", code)
    number = document.start()
    await document.said("go")
    assert await document.interrupt()
    report = await editor.reply(number)
    assert "interrupted" == report["status"]
    assert ("ok", "it caught an interrupt") == (
        report["results"][-1]["status"],
        report["results"][-1].get("staleReason"),
    )
    assert "it caught an interrupt" == (await document.results())[-1].get("staleReason")
    document.replace(code.replace("600", "0"))
    assert "go" == outputs((await document.execute(scope="stale"))["results"][-1])


async def test_children_are_interrupted_too(editor: Editor, tmp_path: Path) -> None:
    """An interrupt would leave the program's child processes running."""
    text = "import subprocess\nsubprocess.run(['sleep', '600'])\n"
    document = editor.open(tmp_path / "child.py", text)
    number = document.start()
    await document.running(2)
    assert await document.interrupt()
    assert "interrupted" == (await editor.reply(number))["status"]
    left = processes.of_user(editor.mark, editor.process.pid)
    assert [] == [command for command in left.values() if command.startswith("sleep")]


async def test_runs_of_one_document_queue(editor: Editor, tmp_path: Path) -> None:
    """Two runs at once would mix in one namespace."""
    go = tmp_path / "go"
    text = (
        f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        "n = globals().get('n', 0) + 1\nn\n"
    )
    document = editor.open(tmp_path / "queue.py", text)
    numbers = [document.start(scope="file", fresh=False) for _ in range(3)]
    await document.running(2)
    session = await document.session()
    assert ("busy", 2) == (session["state"], session["queued"])
    go.touch()
    reports = [await editor.reply(number) for number in numbers]
    assert ["1", "2", "3"] == [outputs(report["results"][-1]) for report in reports]
    assert 3 == len({report["executionId"] for report in reports})


async def test_interrupt_drops_what_waits(editor: Editor, tmp_path: Path) -> None:
    """After an interrupt the next run in the queue would begin."""
    document = editor.open(tmp_path / "queue.py", SLEEP)
    numbers = [document.start(), document.start(), document.start(scope="stale")]
    await document.running(3)
    assert await document.interrupt()
    found = [(await editor.reply(number))["status"] for number in numbers]
    assert ["interrupted", "cancelled", "cancelled"] == found


async def test_cancelling_one_that_waits(editor: Editor, tmp_path: Path) -> None:
    """Cancelling a queued run would stop another one, or stay in the queue."""
    document = editor.open(tmp_path / "queue.py", SLEEP)
    first, second, third = document.start(), document.start(), document.start(scope="stale")
    await document.running(3)
    editor.notify("$/cancelRequest", {"id": second})
    with pytest.raises(RpcError):
        await editor.reply(second)
    session = await document.session()
    assert ("busy", 1) == (session["state"], session["queued"])
    assert not editor.has_reply(first)
    await document.interrupt()
    await editor.reply(first)
    await editor.reply(third)


async def test_documents_do_not_wait_for_each_other(editor: Editor, tmp_path: Path) -> None:
    """A long run in one document would hold up every other."""
    slow = editor.open(tmp_path / "slow.py", SLEEP)
    number = slow.start()
    await slow.running(3)
    others = [editor.open(tmp_path / f"other{n}.py", f"{n}\n") for n in range(4)]
    reports = [await other.execute() for other in others]
    assert ["0", "1", "2", "3"] == [outputs(report["results"][0]) for report in reports]
    pids = {session["pid"] for session in await editor.status() if session["clients"]}
    assert 5 == len(pids - {None})
    assert not editor.has_reply(number)
    await slow.interrupt()
    await editor.reply(number)


async def test_reset_during_a_run(editor: Editor, tmp_path: Path) -> None:
    """Reset would wait for the run it is meant to end, or leave its request without a reply."""
    document = editor.open(tmp_path / "reset.py", SLEEP)
    number, waiting = document.start(), document.start()
    await document.running(3)
    pid = (await document.session())["pid"]
    await document.reset()
    assert "interrupted" == (await editor.reply(number))["status"]
    assert "cancelled" == (await editor.reply(waiting))["status"]
    await processes.ended(pid)
    assert [] == await document.results()
    document.replace("'x' in globals()\n")
    report = await document.execute(scope="statement", position={"line": 0, "character": 0})
    assert "False" == outputs(report["results"][0])


async def test_close_during_a_run(editor: Editor, tmp_path: Path) -> None:
    """Closing a document would leave its process, or the request of its run without a reply."""
    text = "import subprocess\nsubprocess.run(['sleep', '600'])\n"
    document = editor.open(tmp_path / "closed.py", text)
    number = document.start()
    await document.running(2)
    document.close()
    assert (await editor.reply(number))["status"] in ("interrupted", "cancelled")
    await processes.gone(editor.mark, editor.process.pid)
    assert [] == [s for s in await editor.status() if s["uri"] == document.uri]


async def test_interrupts_between_statements(editor: Editor, tmp_path: Path) -> None:
    """An interrupt that lands between two statements would be lost or tear the protocol."""
    document = editor.open(tmp_path / "many.py", "pass\n" * 3000)
    await (
        document.execute()
    )  # The first run after opening waits for the settings, and may not have begun.
    for _ in range(5):
        number = document.start(scope="file", fresh=False)
        await editor.status()
        await document.interrupt()
        report = await editor.reply(number)
        assert report["status"] in ("interrupted", "ok")
    document.replace("41 + 1\n")
    assert "42" == outputs((await document.execute())["results"][0])


async def test_timeout_of_a_busy_loop(editor: Editor, tmp_path: Path) -> None:
    """A time limit would not stop code that never sleeps."""
    document = editor.open(tmp_path / "busy.py", "x = 0\nwhile True: x += 1\n")
    report = await document.time_out(2)
    assert ("timeout", ["ok", "timeout"]) == (report["status"], statuses(report))


async def test_input_is_asked_for(own: Callable[..., Awaitable[Editor]], tmp_path: Path) -> None:
    """`input()` would hang, or read the editor's own messages."""
    kind = Kind(options='{"rdit": {"resultNotifications": true, "input": true}}')
    editor = await own(kind)
    answers = iter(["Ada", "secret", None])
    asked = []

    def answer(params: Json) -> Json:
        asked.append((params["uri"], params["prompt"], params["password"]))
        return {"text": next(answers)}

    editor.answers["rdit/input"] = answer
    text = "import getpass, sys\ninput('name? ')\ngetpass.getpass('pw: ')\nsys.stdin.read()\n"
    document = editor.open(tmp_path / "asks.py", text)
    report = await document.execute()
    assert "ok" == report["status"]
    values = [outputs(result, "result") for result in report["results"]]
    assert ["", "'Ada'", "'secret'", "''"] == values
    assert [(document.uri, "name? ", False), (document.uri, "pw: ", True)] == asked[:2]


async def test_input_where_nobody_answers(editor: Editor, tmp_path: Path) -> None:
    """`input()` would wait for ever in an editor that cannot ask."""
    document = editor.open(tmp_path / "asks.py", "input('name? ')\n")
    report = await document.execute()
    assert "error" == report["status"]
    (error,) = [item for item in report["results"][0]["output"] if item["type"] == "error"]
    assert "EOFError" == error["name"]
    assert "input" in report["results"][0]["note"]


async def test_interrupt_while_input_waits(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """A program that waits for a line that never comes could not be stopped."""
    editor = await own(Kind(options='{"rdit": {"resultNotifications": true, "input": true}}'))
    document = editor.open(tmp_path / "asks.py", "x = 1\ny = input('name? ')\nx\n")
    waiting = editor.held["rdit/input"] = []
    number = document.start()
    await editor.wait_for("rdit/input")
    assert await document.interrupt()
    assert "interrupted" == (await editor.reply(number))["status"]
    editor.send({"jsonrpc": "2.0", "id": waiting[0], "result": {"text": "late"}})
    report = await document.execute(scope="statement", position={"line": 2, "character": 0})
    assert "1" == outputs(report["results"][0])
