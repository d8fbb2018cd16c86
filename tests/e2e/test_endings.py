"""However something dies, the server, the worker or the editor: nothing stays behind, the rest goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import outputs, values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.editor import Editor, OpenDocument

BUSY = """\
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
if os.fork() == 0: time.sleep(600)
print("x" * 2_000_000)
while True: pass
"""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """A folder for everything temporary of one server."""
    folder = tmp_path / "t"
    folder.mkdir()
    return folder


async def busy(editor: Editor, tmp_path: Path) -> OpenDocument:
    """A document whose worker has children, output on disk and no end."""
    document = editor.open(tmp_path / "busy.py", BUSY)
    document.start()
    await document.running(5)
    commands = processes.of_user(editor.mark, editor.process.pid)
    assert 3 <= len(commands)
    return document


@pytest.mark.parametrize(
    "sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name
)
async def test_server_killed_while_busy(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path, temporary: Path, sign: signal.Signals
) -> None:
    """A server that is killed would leave processes that run for ever, and folders."""
    editor = await own(env={"TMPDIR": str(temporary)})
    await busy(editor, tmp_path)
    assert [] != list(temporary.iterdir())
    editor.process.send_signal(sign)
    await editor.wait_until_gone()
    await processes.gone(editor.mark)
    assert [] == list(temporary.iterdir())


async def test_standard_input_closed_without_exit(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path, temporary: Path
) -> None:
    """An editor that dies would leave the server and all that it started."""
    editor = await own(env={"TMPDIR": str(temporary)})
    await busy(editor, tmp_path)
    editor.hang_up()
    assert 1 == await editor.wait_until_gone()
    await processes.gone(editor.mark)
    assert [] == list(temporary.iterdir())


async def test_orderly_exit_while_busy(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path, temporary: Path
) -> None:
    """Closing the editor while code runs would leave that running, or take long."""
    editor = await own(env={"TMPDIR": str(temporary)})
    await busy(editor, tmp_path)
    assert 0 == await editor.close()
    await processes.gone(editor.mark)
    assert [] == list(temporary.iterdir())


async def test_exit_without_shutdown(own: Callable[..., Awaitable[Editor]], tmp_path: Path) -> None:
    """LSP: the exit code is 1 where `exit` comes without `shutdown`."""
    editor = await own()
    await busy(editor, tmp_path)
    editor.notify("exit", None)
    assert 1 == await editor.wait_until_gone()
    await processes.gone(editor.mark)


async def test_worker_killed_while_idle(editor: Editor, tmp_path: Path) -> None:
    """A worker that the system kills would leave results that look current, or a broken session."""
    document = editor.open(tmp_path / "idle.py", "x = 1\nx\n")
    await document.execute()
    pid = (await document.session())["pid"]
    os.kill(pid, signal.SIGKILL)
    await processes.ended(pid)
    await editor.wait_for("rdit/didChangeResults", lambda params: params["state"] == "dead")
    assert {"the process it ran in is gone"} == {
        result.get("staleReason") for result in await document.results()
    }
    report = await document.execute(scope="stale")
    assert ("ok", "1") == (report["status"], outputs(report["results"][1]))


async def test_worker_killed_while_busy(editor: Editor, tmp_path: Path) -> None:
    """The run's request would wait for ever."""
    document = editor.open(tmp_path / "busy.py", "import time\ntime.sleep(600)\n3\n")
    number = document.start()
    await document.running(2)
    os.kill((await document.session())["pid"], signal.SIGKILL)
    report = await editor.reply(number)
    assert ("crashed", -9) == (report["status"], report["results"][1]["exitCode"])
    assert "Python was killed by signal 9 at line 2." == report["results"][1]["note"]
    assert "notRun" == report["results"][2]["status"]
    document.replace("3\n")
    assert "3" == outputs((await document.execute(scope="stale"))["results"][0])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os\nos._exit(7)", "Python exited with code 7 at line 2."),
        ("import os\nos.abort()", "Python was killed by signal 6 at line 2."),
        ("import ctypes\nctypes.string_at(0)", "Python was killed by signal 11 at line 2."),
        ("import os\nos.execv('/bin/sh', ['sh', '-c', 'exit 4'])", "Python exited with code 4"),
    ],
    ids=["_exit", "abort", "segfault", "exec"],
)
async def test_crash_sentence(editor: Editor, tmp_path: Path, code: str, expected: str) -> None:
    """A statement that kills its process would leave the user guessing."""
    document = editor.open(tmp_path / "crash.py", code + "\n")
    report = await document.execute()
    assert "crashed" == report["status"]
    assert report["results"][1]["note"].startswith(expected)
    assert "dead" == (await document.session())["state"]
    again = await document.execute(scope="statement", position={"line": 0, "character": 0})
    assert "ok" == again["status"]


GREEDY = """\
import time
base = b"x" * 50_000_000
time.sleep(0.3)
while True:
    base += bytes(base)
"""


async def test_out_of_memory(own: Callable[..., Awaitable[Editor]], tmp_path: Path) -> None:
    """The system would end the server, or the copy that one could go back to."""
    editor = await own()
    with processes.memory_bounded([editor.process.pid], 400 << 20):
        document = editor.open(tmp_path / "greedy.py", GREEDY)
        report = await document.execute()
        note = "Python was killed by signal 9 at lines 4–5, when the system was out of memory"
        assert report["results"][-1]["note"].startswith(note)
        document.replace(GREEDY.partition("while")[0] + "len(base)")
        report = await document.execute(scope="stale")
        assert ("ok", "50000000") == (report["status"], values(report)[-1])
        assert report["wayBack"]["kind"] in ("live", "checkpoint")


async def test_killed_by_somebody(editor: Editor, tmp_path: Path) -> None:
    """The note would speak of memory, or the system would rather end the server than the program."""
    text = "import os\nint(open('/proc/self/oom_score_adj').read())\nos.kill(os.getpid(), 9)\n"
    document = editor.open(tmp_path / "killed.py", text)
    report = await document.execute()
    ours = int(Path(f"/proc/{editor.process.pid}/oom_score_adj").read_text())
    assert int(values(report)[1]) == min(ours + 300, 1000)
    assert "Python was killed by signal 9 at line 3." == report["results"][-1]["note"]


async def test_crash_in_one_document_spares_the_others(editor: Editor, tmp_path: Path) -> None:
    """One crash would cost the state of every document."""
    other = editor.open(tmp_path / "other.py", "x = 5\nx\n")
    await other.execute()
    document = editor.open(tmp_path / "crash.py", "import os\nos.abort()\n")
    await document.execute()
    report = await other.execute(scope="statement", position={"line": 1, "character": 0})
    assert "5" == outputs(report["results"][0])


async def test_output_of_a_crash_is_kept(editor: Editor, tmp_path: Path) -> None:
    """What a program wrote before it died would be lost, and with it the reason."""
    text = "import os\nprint('last words', flush=True); os._exit(1)\n"
    document = editor.open(tmp_path / "crash.py", text)
    report = await document.execute()
    assert "last words\n" == outputs(report["results"][1])


async def test_reset_after_a_crash(editor: Editor, tmp_path: Path) -> None:
    """A session whose worker is dead could not be reset."""
    document = editor.open(tmp_path / "crash.py", "import os\nos.abort()\n")
    await document.execute()
    await document.reset()
    assert ("idle", []) == ((await document.session())["state"], await document.results())


async def test_background_children_end_with_the_document(editor: Editor, tmp_path: Path) -> None:
    """A server that a script started would go on after the document is closed."""
    text = "import subprocess\nsubprocess.Popen(['sleep', '600']).pid\n"
    document = editor.open(tmp_path / "background.py", text)
    report = await document.execute()
    pid = int(outputs(report["results"][1]))
    assert Path(f"/proc/{pid}").exists()
    document.close()
    await processes.ended(pid)
