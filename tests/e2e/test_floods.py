"""Output without end: bounded messages, bounded memory, and everything else still answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from support.editor import Kind, outputs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.editor import Editor


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


async def test_flood_of_lines(editor: Editor, tmp_path: Path) -> None:
    """`while True: print()` would drown the editor or the server, or could not be stopped."""
    document = editor.open(tmp_path / "flood.py", "x = 1\nwhile True: print('y' * 100)\nx\n")
    number = document.start()
    await document.running(2)
    before = memory(editor.process.pid)
    await editor.wait_for_more("rdit/didChangeResults", 30)
    largest = max(
        len(item["text"])
        for params in editor.received("rdit/didChangeResults")
        for result in params["results"]
        for item in result["output"]
    )
    assert largest < 10_000
    assert "busy" == (await document.session())["state"]
    assert await document.interrupt()
    report = await editor.reply(number)
    assert "interrupted" == report["status"]
    assert memory(editor.process.pid) - before < 50_000_000
    text = outputs(report["results"][1], "stdout")
    assert text.startswith("yyy")
    assert "left out" in text
    again = await document.execute(scope="statement", position={"line": 2, "character": 0})
    assert "1" == outputs(again["results"][0])


async def test_flood_in_a_plain_editor(
    editor_of: Callable[[Kind], Awaitable[Editor]], tmp_path: Path
) -> None:
    """The editor would not be told of new lines, or would get no answer while they come."""
    editor = await editor_of(Kind("neovim"))
    document = editor.open(tmp_path / "flood.py", "while True: print('y' * 100)\n")
    number = document.start()
    await editor.wait_for_more("workspace/inlayHint/refresh", 10)
    (hint,) = await document.hints()
    assert hint["label"].startswith("⋯ running: yyy")
    assert await document.interrupt()
    await editor.reply(number)


async def test_much_at_once(editor: Editor, tmp_path: Path) -> None:
    """100 MB in one go would be held in memory, or lost."""
    text = "import os\nblock = b'z' * (1 << 20)\nfor _ in range(100): os.write(1, block)\n"
    document = editor.open(tmp_path / "much.py", text)
    before = memory(editor.process.pid)
    report = await document.execute()
    (item,) = report["results"][2]["output"]
    assert 100 << 20 == item["size"]
    assert 100 << 20 == Path(item["path"]).stat().st_size
    assert 0 == Path(item["path"]).parent.stat().st_mode & 0o077
    assert memory(editor.process.pid) - before < 50_000_000
    since = len(editor.inbox)
    await document.reset()
    await editor.wait_for("rdit/didChangeResults", lambda p: not p["results"], since=since)
    assert False is Path(item["path"]).exists()


async def test_huge_repr(editor: Editor, tmp_path: Path) -> None:
    """The repr of a huge value would be sent whole."""
    document = editor.open(tmp_path / "huge.py", "'a' * 100_000_000\n1\n")
    report = await document.execute()
    assert len(outputs(report["results"][0])) < 1_000_000
    assert "1" == outputs(report["results"][1])


async def test_progress_bar(editor: Editor, tmp_path: Path) -> None:
    """A progress bar would show its first state, or all of them."""
    text = "import sys\nfor n in range(101): sys.stderr.write(f'\\r{n:3}% done')\n"
    document = editor.open(tmp_path / "bar.py", text)
    await document.execute()
    assert "→ 100% done" == (await document.labels())[1]


async def test_output_comes_while_code_runs(editor: Editor, tmp_path: Path) -> None:
    """Output would come only at the end of the statement, or only with `flush`."""
    go = tmp_path / "go"
    text = (
        "import os, time\n"
        f"for part in ('first', 'second'):\n    print(part)\n    if part == 'second':\n"
        f"        while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    )
    document = editor.open(tmp_path / "stream.py", text)
    number = document.start()
    await document.said("first\nsecond\n")
    assert not editor.has_reply(number)
    go.touch()
    assert "ok" == (await editor.reply(number))["status"]


async def test_late_output_belongs_to_its_statement(editor: Editor, tmp_path: Path) -> None:
    """What a thread or child writes after its statement would appear at another one."""
    text = (
        "import threading, subprocess\n"
        "go = threading.Event()\n"
        "t = threading.Thread(target=lambda: (go.wait(), print('thread'))); t.start()\n"
        "c = subprocess.Popen(['sh', '-c', 'read x; echo child'], stdin=subprocess.PIPE)\n"
        "print('main')\n"
        "go.set(); t.join()\n"
        "c.communicate(b'x'); None\n"
    )
    document = editor.open(tmp_path / "late.py", text)
    await document.execute()
    found = {r["lineStart"]: outputs(r, "stdout") for r in await document.results()}
    assert {3: "thread\n", 4: "child\n", 5: "main\n"} == {n: t for n, t in found.items() if t}


async def test_stdout_and_stderr_are_kept_apart(editor: Editor, tmp_path: Path) -> None:
    """Errors could not be told from results, or bytes that are no UTF-8 would be lost."""
    text = (
        "import os, sys\nprint('a'); print('b', file=sys.stderr); os.write(1, b'\\xffc\\n'); None\n"
    )
    document = editor.open(tmp_path / "both.py", text)
    report = await document.execute()
    found = [(i["type"], i["text"]) for r in report["results"] for i in r["output"]]
    assert [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "\\xffc\n"), ("result", "3")] == found
