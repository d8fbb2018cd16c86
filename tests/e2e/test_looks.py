"""Looking at a program's values: also while it runs, and never so that it notices."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support import processes
from support.editor import outputs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor, OpenDocument
    from support.lsp_client import Json

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are Linux's so far")

LOOP = """\
data = {"key": [1, 2, 3]}
class Counting:
    looked = 0
    def __repr__(self):
        Counting.looked += 1
        print("looked at")
        return f"<looked at {Counting.looked} times>"
counting = Counting()
count = 0
while True: count += 1
"""


async def variables(editor: Editor, document: OpenDocument) -> dict[str, Json]:
    """By name, and the origin under the name ''."""
    answer = await editor.command("rdit/variables", {"uri": document.uri})
    return {"": answer, **{v["name"]: v for v in answer["variables"]}}


@pytest.fixture
async def loop(editor: Editor, tmp_path: Path) -> OpenDocument:
    """A program in an endless loop."""
    document = editor.open(tmp_path / "loop.py", LOOP)
    document.start()
    await document.running(10)
    return document


async def test_while_a_loop_runs(loop: OpenDocument, editor: Editor) -> None:
    """One would have to wait for the end of what runs to see where it is."""
    first = await variables(editor, loop)
    assert "while line 10 runs" == first[""]["origin"]
    later = await variables(editor, loop)
    while int(later["count"]["summary"]) <= int(first["count"]["summary"]):
        later = await variables(editor, loop)
    assert 1 == later["data"]["lineStart"]
    hover = await loop.hover(0, 1)
    assert hover is not None
    assert "'key': [1, 2, 3]" in hover
    assert "while line 10 runs" in hover


async def test_nothing_is_changed(loop: OpenDocument, editor: Editor) -> None:
    """A `repr` that counts, or prints, would show that somebody has looked."""
    for _ in range(3):
        hover = await loop.hover(7, 1)
        assert hover is not None
        assert "<looked at 1 times>" in hover
    assert await loop.interrupt()
    loop.replace(LOOP.replace("while True: count += 1", "Counting.looked"))
    report = await loop.execute(scope="statement", position={"line": 9, "character": 0})
    assert "0" == outputs(report["results"][0])


async def test_completion_of_live_objects(loop: OpenDocument, editor: Editor) -> None:
    """Attributes and keys that only the running program knows would not be offered."""
    loop.replace(LOOP + 'counting.\ndata["\n')

    async def labels(line: int, character: int) -> list[str]:
        position = {"line": line - 1, "character": character}
        params = {"textDocument": {"uri": loop.uri}, "position": position}
        answer = await editor.request("textDocument/completion", params)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return [item["label"] for item in items]

    assert "looked" in await labels(11, 9)
    assert any("key" in label for label in await labels(12, 6))


SUM = "import time\nn = 5\ntime.sleep(0.1)\nm = 6\nm = sum(range(10**12))\n"


async def test_in_the_middle_of_c_code(editor: Editor, tmp_path: Path) -> None:
    """Where Python itself does not come by, an older state is shown, and said to be one."""
    document = editor.open(tmp_path / "sum.py", SUM)
    run = document.start(timeout=5)
    await document.running(5)
    found = await variables(editor, document)
    assert "after line" in found[""]["origin"]
    assert "5" == found["n"]["summary"]
    assert await document.interrupt()
    await editor.reply(run)


async def test_threads_are_no_obstacle(editor: Editor, tmp_path: Path) -> None:
    """A program that no checkpoint can be taken of could not be looked at either."""
    text = "import threading\nt = threading.Timer(600, int); t.daemon = True; t.start()\nx = [4]\n"
    document = editor.open(tmp_path / "threads.py", text)
    await document.execute()
    found = await variables(editor, document)
    assert ("now", "[4] (1 item)") == (found[""]["origin"], found["x"]["summary"])


async def test_nothing_is_started(editor: Editor, tmp_path: Path) -> None:
    """Moving the mouse over a document would run it, or start its interpreter."""
    document = editor.open(tmp_path / "still.py", "x = [1]\nx.append(")
    assert await document.hover(0) is None
    for line, character in ((1, 2), (1, 9)):
        here = {
            "textDocument": document.identifier,
            "position": {"line": line, "character": character},
        }
        assert await editor.request("textDocument/completion", here) is None
        assert await editor.request("textDocument/signatureHelp", here) is None
    for plain in (True, False):
        found = await editor.command("rdit/variables", document.identifier, plain=plain)
        assert found["variables"] == []
    assert (await document.session())["pid"] is None


async def test_what_it_says_it_can(editor: Editor) -> None:
    """Editors would not ask."""
    capabilities = editor.server["capabilities"]
    assert capabilities["completionProvider"]["triggerCharacters"] == [".", "[", '"', "'"]
    assert capabilities["signatureHelpProvider"]["triggerCharacters"] == ["(", ","]
    assert "rdit/variables" in capabilities["executeCommandProvider"]["commands"]


async def test_without_copies(own: Callable[..., Awaitable[Editor]], tmp_path: Path) -> None:
    """With checkpoints off, the idle program answers itself, and runs no code of the user's for it."""
    (tmp_path / "pyproject.toml").write_text("[tool.rdit]\ncheckpoints = 'off'\n")
    editor = await own()
    document = editor.open(tmp_path / "off.py", LOOP.replace("while True", "while count < 3"))
    await document.execute()
    found = await variables(editor, document)
    assert ("now", "3") == (found[""]["origin"], found["count"]["summary"])
    assert "looked at" not in found["counting"]["summary"]
    assert 1 == len(processes.of_user(editor.mark, editor.process.pid))
