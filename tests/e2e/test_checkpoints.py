"""Going back: to before an edit, a crash, a failed run, or to a checkpoint made by hand."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import outputs, values
from support.lsp_client import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.editor import Editor, OpenDocument

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

SLOW = """\
import time
with open("log", "a") as log: log.write("loaded ") and None
data = [1, 2, 3]
time.sleep(0.1)
total = sum(data)
total * 2
"""


@pytest.fixture
def slow(editor: Editor, tmp_path: Path) -> OpenDocument:
    """A document whose first half takes its time, and writes down that it ran."""
    return editor.open(tmp_path / "slow.py", SLOW)


def runs(tmp_path: Path) -> int:
    """How often the first half has run."""
    return (tmp_path / "log").read_text().count("loaded")


async def value(document: OpenDocument, expression: str) -> str:
    """What an expression gives now, in the live namespace."""
    document.replace(f"{document.text.rstrip()}\n{expression}\n")
    last = document.text.count("\n")
    report = await document.execute(scope="statement", lineRange={"from": last, "to": last})
    return outputs(report["results"][-1])


async def test_edit_runs_only_what_follows(slow: OpenDocument, tmp_path: Path) -> None:
    """After an edit at the end, what is slow would run again."""
    first = await slow.execute()
    assert "start" == first["wayBack"]["kind"]
    for factor in (3, 4):
        slow.replace(SLOW.replace("total * 2", f"total * {factor}"))
        report = await slow.execute(scope="stale")
        assert f"{6 * factor}" == values(report)[-1]
        assert 5 <= report["wayBack"]["lineStart"]
    slow.replace(SLOW.replace("sum(data)", "max(data)"))
    report = await slow.execute(scope="stale")
    assert {"kind": "checkpoint", "lineStart": 5} == report["wayBack"]
    assert "6" == values(report)[-1]
    slow.replace(SLOW)
    report = await slow.execute(scope="stale")
    assert {"kind": "kept"} == report["wayBack"]
    assert 1 == runs(tmp_path)


async def test_file_runs_everything(slow: OpenDocument, tmp_path: Path) -> None:
    """A run of the file would take something from an earlier one."""
    await slow.execute()
    report = await slow.execute()
    assert "start" == report["wayBack"]["kind"]
    assert 2 == runs(tmp_path)


async def test_crash_loses_one_statement(slow: OpenDocument, tmp_path: Path) -> None:
    """After a segmentation fault the variables would be gone."""
    await slow.execute()
    slow.replace(SLOW + "import os, signal; data.clear(); signal.raise_signal(signal.SIGSEGV)\n")
    report = await slow.execute(scope="stale")
    assert "crashed" == report["status"]
    note = report["results"][-1]["note"]
    assert note.endswith("The variables are those before it: a checkpoint was used.")
    assert "Segmentation fault" in outputs(report["results"][-1])
    again = await slow.execute(scope="stale")
    assert "Segmentation fault" in outputs(again["results"][-1])
    assert "idle" == (await slow.session())["state"]
    assert "6" == await value(slow, "total")
    assert {False} == {r.get("stale", False) for r in (await slow.results())[:6]}
    assert 1 == runs(tmp_path)


async def test_killed_between_runs(slow: OpenDocument, tmp_path: Path) -> None:
    """A process that somebody ends while nothing runs would take all variables with it."""
    await slow.execute()
    os.kill((await slow.session())["pid"], signal.SIGKILL)
    assert "[1, 2, 3]" == await value(slow, "data")
    assert 1 == runs(tmp_path)


async def test_going_on_after_a_kill_runs_nothing_new(slow: OpenDocument, tmp_path: Path) -> None:
    """When the process is killed from outside, code would run that was not asked for yet."""
    await slow.execute()
    pid = (await slow.session())["pid"]
    slow.replace(SLOW + 'with open("log", "a") as log: log.write("typed") and None\n')
    assert "notRun" == (await slow.results())[-1]["status"]
    os.kill(pid, signal.SIGKILL)
    await processes.ended(pid)
    assert "6" == await value(slow, "total")
    assert "loaded " == (tmp_path / "log").read_text()
    assert {False} == {r.get("stale", False) for r in (await slow.results())[:6]}


STUBBORN = """\
import signal, time; data = [1]; time.sleep(0.05)
mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
while True: time.sleep(0.001); data.append(2)
"""


async def test_what_had_to_be_killed(editor: Editor, tmp_path: Path) -> None:
    """Code that no interrupt stops would cost the variables."""
    document = editor.open(tmp_path / "stubborn.py", STUBBORN)
    run = document.start()
    await document.running(3)
    assert await document.interrupt()
    report = await editor.reply(run)
    assert "interrupted" == report["status"]
    assert "a checkpoint was used" in report["results"][-1]["note"]
    document.replace(STUBBORN.partition("while")[0])
    assert "[1]" == await value(document, "data")


# By hand.


async def test_checkpoint_by_hand(slow: OpenDocument, editor: Editor) -> None:
    """A state kept by hand could not be had again."""
    await slow.execute()
    made = await editor.request("rdit/checkpoint", {"uri": slow.uri, "name": "loaded"})
    assert ("process", "loaded") == (made["kind"], made["name"])
    assert "None" != await value(slow, "data.append(4); data")
    assert "[1, 2, 3, 4]" == await value(slow, "data")
    for _ in range(2):
        done = await editor.request(
            "rdit/restore", {"uri": slow.uri, "checkpointId": made["checkpointId"]}
        )
        assert "restored" == done["status"]
        assert "checkpoint" == done["wayBack"]["kind"]
        assert "[1, 2, 3]" == await value(slow, "data")
        await value(slow, "data.clear()")
    listed = (await editor.request("rdit/checkpoints", {"uri": slow.uri}))["checkpoints"]
    (mine,) = [c for c in listed if not c["automatic"]]
    assert made["checkpointId"] == mine["checkpointId"]
    assert 0 < mine["memory"]
    assert 6 == mine["lineEnd"]


async def test_restore_of_a_state_whose_process_is_gone(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """A checkpoint that was dropped would be lost: the text it came from leads there again."""
    editor = await own()
    slow = editor.open(tmp_path / "slow.py", SLOW)
    await slow.execute()
    made = await editor.request("rdit/checkpoint", {"uri": slow.uri})
    live = (await slow.session())["pid"]
    for pid in processes.of_user(editor.mark, editor.process.pid):
        if pid != live:
            os.kill(pid, signal.SIGKILL)
            await processes.ended(pid)
    slow.replace("data = 'other'\n")
    await slow.execute()
    done = await editor.request(
        "rdit/restore", {"uri": slow.uri, "checkpointId": made["checkpointId"]}
    )
    assert {"kind": "start", "lineStart": 1} == done["wayBack"]
    assert "[1, 2, 3]" == await value(slow, "data")


@pytest.mark.parametrize("method", ["rdit/checkpoint", "rdit/restore"])
async def test_nothing_to_keep(slow: OpenDocument, editor: Editor, method: str) -> None:
    """A request that makes no sense would get no clear answer."""
    with pytest.raises(RpcError, match=r"nothing has run|no checkpoint '9'"):
        await editor.request(method, {"uri": slow.uri, "checkpointId": "9"})
    assert "ok" == (await slow.execute())["status"]


async def test_state_that_no_process_holds(editor: Editor, tmp_path: Path) -> None:
    """With a thread alive there is no process to return to; running again must do."""
    text = "import threading; t = threading.Timer(600, int); t.daemon = True; t.start()\nx = [1]\n"
    document = editor.open(tmp_path / "threads.py", text)
    await document.execute()
    made = await editor.request("rdit/checkpoint", {"uri": document.uri})
    assert "rerun" == made["kind"]
    assert "it has threads" in made["reason"]
    session = await document.session()
    assert "it has threads" in session["checkpoints"]["refused"]["reason"]
    await document.execute(scope="statement", lineRange={"from": 2, "to": 2})
    with pytest.raises(RpcError, match="cannot be kept: it has threads"):
        await editor.request("rdit/checkpoint", {"uri": document.uri})
    done = await editor.request(
        "rdit/restore", {"uri": document.uri, "checkpointId": made["checkpointId"]}
    )
    assert "start" == done["wayBack"]["kind"]
    assert "[1]" == await value(document, "x")


# Runs that are taken back.


async def test_failed_run_is_taken_back(slow: OpenDocument, tmp_path: Path) -> None:
    """With `commit_on_success`, what ran before an error would stay done."""
    await slow.execute()
    slow.replace(SLOW + "data.append(4)\n1 / 0\n")
    last = {"from": 7, "to": 8}
    report = await slow.execute(lineRange=last, transactionPolicy="commit_on_success")
    assert "error" == report["status"]
    assert "checkpoint" == report["wayBack"]["kind"]
    assert "[1, 2, 3]" == await value(slow, "data")
    slow.replace(SLOW + "data.append(4)\n")
    report = await slow.execute(
        lineRange={"from": 7, "to": 7}, transactionPolicy="commit_on_success"
    )
    assert "wayBack" not in report
    assert "[1, 2, 3, 4]" == await value(slow, "data")
    assert 1 == runs(tmp_path)


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("import os; os._exit(3)", "crashed"),
        ("raise SystemExit(2)", "exit"),
        ("data.append(4)", "ok"),
        ("while True: pass", "timeout"),
    ],
)
async def test_run_that_is_always_taken_back(slow: OpenDocument, last: str, status: str) -> None:
    """A dry run would leave something behind, however it ends."""
    await slow.execute()
    slow.replace(f"{SLOW}data.clear()\n{last}\n")
    report = await slow.execute(
        lineRange={"from": 7, "to": 8}, transactionPolicy="rollback_always", timeout=1
    )
    assert status == report["status"]
    assert "checkpoint" == report["wayBack"]["kind"]
    assert "[1, 2, 3]" == await value(slow, "data")


async def test_whole_run_is_taken_back(slow: OpenDocument) -> None:
    """A dry run of the file would end the process that was there."""
    await slow.execute()
    await value(slow, "data.append(9)")
    before = slow.text
    slow.replace("data = 0\n1 / 0\n")
    report = await slow.execute(transactionPolicy="commit_on_success")
    assert "error" == report["status"]
    slow.replace(before)
    assert "[1, 2, 3, 9]" == await value(slow, "data")


async def test_first_run_is_taken_back(slow: OpenDocument) -> None:
    """Before the first run there is nothing, and after a dry one, too."""
    report = await slow.execute(transactionPolicy="rollback_always")
    assert ("ok", "start") == (report["status"], report["wayBack"]["kind"])
    assert "NameError" in await value(slow, "data")


async def test_run_that_could_not_be_taken_back(editor: Editor, tmp_path: Path) -> None:
    """Where no way leads back, the run would be done all the same."""
    document = editor.open(tmp_path / "d.py", "import socket; s = socket.socket(); x = []\n")
    await document.execute()
    await document.execute(scope="statement", lineRange={"from": 1, "to": 1})
    with pytest.raises(RpcError, match=r"could not be taken back.*a socket open"):
        await document.execute(
            scope="statement",
            lineRange={"from": 1, "to": 1},
            transactionPolicy="commit_on_success",
        )


async def test_run_is_taken_back_by_running_again(editor: Editor, tmp_path: Path) -> None:
    """Where no copy can be made but the text leads there, that is the way back."""
    text = "import socket; s = socket.socket(); x = [1]\n"
    document = editor.open(tmp_path / "d.py", text)
    await document.execute()
    document.replace(text + "x.append(2)\n")
    report = await document.execute(
        lineRange={"from": 2, "to": 2}, transactionPolicy="rollback_always"
    )
    assert {"kind": "start", "lineStart": 1} == report["wayBack"]
    assert "[1]" == await value(document, "x")


# Starting over, and the end.


async def test_reset_has_an_interpreter_at_once(slow: OpenDocument) -> None:
    """After a reset the next run would wait for an interpreter to start."""
    await slow.execute()
    before = (await slow.session())["pid"]
    await slow.reset()
    session = await slow.session()
    assert "idle" == session["state"]
    assert session["pid"] not in (None, before)
    assert [] == await slow.results()
    assert "NameError" in await value(slow, "data")


async def test_setting_switches_them_off(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """With checkpoints off there would still be copies of the program."""
    (tmp_path / "pyproject.toml").write_text("[tool.rdit]\ncheckpoints = 'off'\n")
    editor = await own()
    slow = editor.open(tmp_path / "slow.py", SLOW)
    await slow.execute()
    assert 1 == len(processes.of_user(editor.mark, editor.process.pid))
    slow.replace(SLOW.replace("* 2", "* 3"))
    report = await slow.execute(scope="stale")
    assert "18" == values(report)[-1]
    assert 1 == (await slow.session())["checkpoints"]["count"] + 1
    made = await editor.request("rdit/checkpoint", {"uri": slow.uri})
    assert "rerun" == made["kind"]
    await slow.reset()
    assert "ok" == (await slow.execute())["status"]


CHANGING = """\
data = bytearray(40 << 20)
for place in range(0, len(data), 4096): data[place] += 1
"""


@pytest.mark.parametrize(("budget", "least", "most"), [(1024, 100, 250), (70, 30, 70)])
async def test_budget_of_memory(
    editor: Editor, tmp_path: Path, budget: int, least: int, most: int
) -> None:
    """States that together hold what the program has changed since would fill the machine."""
    settings = f"[tool.rdit]\ncheckpointMemory = {budget}\n"
    (tmp_path / "pyproject.toml").write_text(settings)
    document = editor.open(tmp_path / "changing.py", CHANGING)
    await document.execute()
    for _ in range(3):
        for _ in range(2):
            await editor.request("rdit/checkpoint", {"uri": document.uri})
        await document.execute(scope="statement", position={"line": 1, "character": 0})
    made = (await editor.request("rdit/checkpoints", {"uri": document.uri}))["checkpoints"]
    held = (await document.session())["checkpoints"]["memory"] >> 20
    assert least <= held <= most
    # What two of them share is in neither's own.
    assert sum(checkpoint.get("memory", 0) for checkpoint in made) >> 20 < 50
    assert {"process"} < {checkpoint["kind"] for checkpoint in made} or budget == 1024


async def test_many_files(own: Callable[..., Awaitable[Editor]], tmp_path: Path) -> None:
    """A server with few files to open would end the program for want of one, or give it more than usual."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = (min(soft, 300), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, few)
    try:
        editor = await own()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    server = editor.process.pid
    assert (hard, hard) == resource.prlimit(server, resource.RLIMIT_NOFILE)
    text = "import resource, time\nresource.getrlimit(resource.RLIMIT_NOFILE)\n"
    document = editor.open(tmp_path / "many.py", text + "time.sleep(0.06)\n" * 8 + "1 + 1\n")
    report = await document.execute()
    assert f"{few}" == values(report)[1]
    resource.prlimit(server, resource.RLIMIT_NOFILE, (80, hard))
    report = await document.execute()
    assert ("ok", "2") == (report["status"], values(report)[-1])
    made = await editor.request("rdit/checkpoint", {"uri": document.uri})
    assert ("rerun", "rdit has too many files open") == (made["kind"], made["reason"])


ENDINGS = """\
import atexit, os, tempfile, time
folder = tempfile.TemporaryDirectory(dir=".")
_ = atexit.register(lambda: open("ended", "a").write("once "))
time.sleep(0.1)
os.path.isdir(folder.name)
"""


async def test_discarded_processes_end_nothing(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """A process that is left for an earlier state would remove files that that one needs."""
    editor = await own()
    document = editor.open(tmp_path / "endings.py", ENDINGS)
    await document.execute()
    for number in range(3):
        document.replace(f"{ENDINGS}{number}\n")
        report = await document.execute(scope="stale")
        document.replace(f"{ENDINGS.replace('isdir', 'exists')}{number}\n")
        report = await document.execute(scope="stale")
        assert "True" == values(report)[4]
        assert not (tmp_path / "ended").exists()
    document.close()
    await processes.gone(editor.mark, editor.process.pid)
    assert "once " == (tmp_path / "ended").read_text()
    assert [] == [path for path in tmp_path.iterdir() if path.is_dir()]


async def test_copies_end_with_a_killed_server(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """Copies of a program would outlive the server."""
    editor = await own()
    slow = editor.open(tmp_path / "slow.py", SLOW)
    await slow.execute()
    assert 3 <= len(processes.of_user(editor.mark, editor.process.pid))
    editor.process.send_signal(signal.SIGKILL)
    await editor.wait_until_gone()
    await processes.gone(editor.mark)


DAEMON = """\
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.execvp("true", ["true"])
    os._exit(0)
os.wait()[1]
"""


async def test_background_processes_are_buried(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """What a program leaves in the background would stay a zombie when it ends: its parent is gone."""
    editor = await own()
    document = editor.open(tmp_path / "daemon.py", DAEMON)
    await document.execute()
    await document.said("\n")
    daemon = int(outputs((await document.results())[1]))
    while state_of(daemon) != "":
        await document.session()


def state_of(pid: int) -> str:
    """The state letter of a process, empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
