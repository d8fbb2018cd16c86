"""Results that come back when a document is opened again, in a server that has no program of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.editor import Kind

from rdit_lsp.results import archive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor, OpenDocument
    from support.lsp_client import Json

TEXT = """\
import warnings
print("hello")
{"a": 1}
warnings.warn("careful")
def f():
    return 1 / 0
f()
"""
LINE = 7
"""The line that fails."""
HINTS = {1: "↺ hello (restored)", 2: "↺ {'a': 1} (restored)"}


@pytest.fixture
def start(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> Callable[..., Awaitable[Editor]]:
    """Starts servers that keep their results in one folder."""

    async def start(cache: Path = tmp_path / "cache", **settings: object) -> Editor:
        section = {"python": sys.executable, "resultNotifications": True, **settings}
        options = str({"rdit": section}).replace("'", '"').replace("False", "false")
        options = options.replace("True", "true")
        return await own(Kind("neovim", ("utf-16",), options), env={"RDIT_CACHE_DIR": str(cache)})

    return start


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The document's file."""
    return tmp_path / "script.py"


async def end(editor: Editor) -> None:
    """End the server as an editor does that is closed."""
    assert await editor.close() == 0


async def ran_before(editor: Editor, file: Path, text: str = TEXT, **how: Any) -> list[Json]:
    """Run a document, end its server; what its results were."""
    document = editor.open(file, text)
    await document.execute(**how)
    found = await document.results()
    await end(editor)
    return found


def looks(results: list[Json]) -> list[tuple[int, str]]:
    """Line and look of results."""
    return [(result["lineStart"], result["look"]) for result in results]


def without_marks(results: list[Json]) -> list[Json]:
    """Results but for what says that they were restored, and when they ran."""
    left_out = ("restored", "ranAt", "look", "reused")
    return [{k: v for k, v in result.items() if k not in left_out} for result in results]


async def test_results_come_back(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """An editor that was closed overnight would show a bare file."""
    before = await ran_before(await start(), file)
    document = (await start()).open(file, TEXT)
    labels = await document.labels()
    assert HINTS == {line: labels[line] for line in HINTS}
    assert "↺ ZeroDivisionError: division by zero (restored)" == labels[LINE - 1]
    found = await document.results()
    assert without_marks(before) == without_marks(found)
    assert {"restored"} == {result["look"] for result in found}
    assert all(result["restored"] and result["ranAt"].endswith("+00:00") for result in found)
    assert (await document.session())["pid"] is None


async def test_restored_results_say_so_everywhere(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """Variables would seem to be there."""
    await ran_before(await start(), file)
    document = (await start()).open(file, TEXT)
    message = await document.editor.wait_for("rdit/didChangeResults")
    assert 6 == len(message["results"])
    assert {True} == {result["restored"] for result in message["results"]}
    hover = await document.hover(2)
    assert hover is not None
    assert "{'a': 1}" in hover
    assert "*rdit: restored from a run at 20" in hover
    assert "run to have its variables" in hover
    failure = next(each for each in await document.diagnostics() if each["severity"] == 1)
    assert "(restored from a run at 20" in failure["message"]
    assert LINE - 1 == failure["range"]["start"]["line"]


async def test_an_edit_in_between(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """Results of other code would be shown as right."""
    text = "a = 1\nb = a + 1\nb\nprint('end')\n"
    await ran_before(await start(), file, text)
    edited = text.replace("a + 1", "a + 2").replace("a = 1", "a = 1  # one")
    found = await (await start()).open(file, edited).results()
    assert [(1, "restored"), (2, "stale"), (3, "stale"), (4, "stale")] == looks(found)
    assert "edited since it ran" == found[1]["staleReason"]
    assert all(result["restored"] for result in found)
    assert ["", "", "2", "end\n"] == ["".join(o["text"] for o in r["output"]) for r in found]


async def test_an_edited_module_in_between(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """What an imported module gave before it was edited would be shown as right."""
    module = file.with_name("helper.py")
    module.write_text("def f():\n    return 1\n")
    text = "print('first')\nimport helper\nhelper.f()\n"
    await ran_before(await start(), file, text)
    editor = await start()
    assert {"restored"} == {r["look"] for r in await editor.open(file, text).results()}
    await end(editor)
    module.write_text("def f():\n    return 2\n")
    found = await (await start()).open(file, text).results()
    assert [(1, "restored"), (2, "stale"), (3, "stale")] == looks(found)
    assert "helper.py has changed since it was imported" == found[1]["staleReason"]


async def test_other_surroundings_in_between(
    start: Callable[..., Awaitable[Editor]], file: Path, tmp_path: Path
) -> None:
    """Results of another interpreter, or of other arguments, would be shown as right."""
    other = tmp_path / "other-python"
    other.symlink_to(sys.executable)
    await ran_before(await start(), file, "1\n")
    changes: list[Json] = [
        {"python": str(other)},
        {"args": ["-v"]},
        {"env": {"A": "B"}},
        {"cwd": str(tmp_path.parent)},
        {},
    ]
    editors = [await start(**change) for change in changes]
    found = [looks(await editor.open(file, "1\n").results()) for editor in editors]
    assert [[(1, "stale")]] * 4 + [[(1, "restored")]] == found


async def test_every_run_takes_them_for_not_run(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """A run of what is stale would leave them, and the program have no variables."""
    text = "a = 1\nb = a + 1\nb\nb + 1\n"
    await ran_before(await start(), file, text)
    document = (await start()).open(file, text)
    report = await document.execute(scope="toHere", position={"line": 2, "character": 0})
    assert ("ok", "start") == (report["status"], report["wayBack"]["kind"])
    found = await document.results()
    assert [(1, "fresh"), (2, "fresh"), (3, "fresh"), (4, "restored")] == looks(found)
    assert not any(result.get("reused") for result in found)
    report = await document.execute(scope="stale")
    assert {"kind": "live", "lineStart": 4} == report["wayBack"]
    assert {"fresh"} == {result["look"] for result in await document.results()}
    assert not any("restored" in result for result in await document.results())


async def test_without_keeping(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """Secrets would be written to disk that a user wants to keep off it, or be read back."""
    await ran_before(await start(keepResults=False), file, "1\n")
    assert [] == [path for path in (file.parent / "cache").rglob("*") if path.is_file()]
    assert [] == await (await start()).open(file, "1\n").results()
    await ran_before(await start(), file, "1\n")
    editor = await start(keepResults=False)
    document = editor.open(file, "1\n")
    assert [] == await document.results()
    await document.execute()
    await end(editor)
    assert [] == await (await start()).open(file, "1\n").results()


async def test_a_project_can_turn_it_off(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """A project with secrets could not say so for all who work on it."""
    file.with_name("pyproject.toml").write_text("[tool.rdit]\nkeepResults = false\n")
    await ran_before(await start(), file, "1\n")
    assert not (file.parent / "cache").exists()


async def test_what_is_forgotten_by_hand_does_not_come_back(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """Reset would not be what it says."""
    editor = await start()
    document = editor.open(file, "1\n")
    await document.execute()
    await document.reset()
    await end(editor)
    assert [] == await (await start()).open(file, "1\n").results()


async def test_a_server_that_is_killed(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """A crash of the machine would cost the results of a long run."""
    editor = await start()
    document = editor.open(file, TEXT)
    await document.execute()
    while not [*(file.parent / "cache").rglob("*.results")]:
        await document.results()  # It answers while it writes.
    editor.process.send_signal(signal.SIGKILL)
    await editor.process.wait()
    assert 6 == len(await (await start()).open(file, TEXT).results())


@pytest.mark.parametrize("how", ["file", "read-only", "half", "foreign"])
async def test_a_broken_cache(
    start: Callable[..., Awaitable[Editor]], file: Path, tmp_path: Path, how: str
) -> None:
    """A full disk, or half a file, would keep documents from opening or running."""
    cache = tmp_path / "cache"
    if how == "file":
        cache.write_text("mine")
    elif how == "read-only":
        cache.mkdir(mode=0o500)
        if os.access(cache, os.W_OK):
            pytest.skip("this user may write anywhere")
    else:
        await ran_before(await start(), file, "1\n")
        (kept,) = cache.rglob("*.results")
        kept.write_bytes(kept.read_bytes()[:-9] if how == "half" else b"\x00\xff")
    document = (await start()).open(file, "1\n")
    assert [] == await document.results()
    assert "ok" == (await document.execute())["status"]
    await end(document.editor)
    found = await (await start()).open(file, "1\n").results()
    assert ([(1, "restored")] if how in ("half", "foreign") else []) == looks(found)


async def test_two_servers_on_one_document(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """Two editors would write a file of two halves."""
    text = "x = 1\nx\n"
    one, two = [(await start()).open(file, text) for _ in range(2)]
    for _ in range(5):
        await asyncio.gather(one.execute(), two.execute())
    await asyncio.gather(end(one.editor), end(two.editor))
    found = await (await start()).open(file, text).results()
    assert [(1, "restored"), (2, "restored")] == looks(found)


async def test_displays_come_back(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """A large figure, or one that was updated, would be lost."""
    text = (
        "class Page:\n"
        "    def _repr_html_(self): return 'x' * 5_000_000\n"
        "Page()\n"
        "print('x' * 3_000_000)\n"
    )
    before = await ran_before(await start(), file, text)
    found = await (await start()).open(file, text).results()
    # The file that held the whole output is gone with its server; the output is not.
    for result in before:
        for item in result["output"]:
            item.pop("path", None)
            item.pop("size", None)
    assert without_marks(before) == without_marks(found)
    assert "x" * 5_000_000 == found[1]["output"][0]["data"]["text/html"]


async def test_many_documents_have_a_bound(
    start: Callable[..., Awaitable[Editor]], file: Path
) -> None:
    """The folder would grow for ever."""
    await ran_before(await start(), file, "1\n")
    (kept,) = (file.parent / "cache").rglob("*.results")
    for number in range(archive.MOST + 5):
        other = kept.with_name(f"{number}.results")
        other.touch()
        os.utime(other, (number, number))
    await ran_before(await start(), file, "1\n")
    left = {path.name for path in kept.parent.iterdir()}
    assert archive.MOST == len(left)
    assert kept.name in left
    assert "0.results" not in left


async def stopped(document: OpenDocument) -> bool:
    """Stop the program of a document."""
    found = await document.editor.command("rdit/stop", document.identifier)
    return bool(found["stopped"])


async def test_stop(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """A program that is not needed would hold its memory, or its results go with it."""
    document = (await start()).open(file, TEXT)
    assert not await stopped(document)
    await document.execute()
    before = await document.results()
    assert await stopped(document)
    assert ("idle", None) == ((s := await document.session())["state"], s["pid"])
    found = await document.results()
    assert {"restored"} == {result["look"] for result in found}
    assert without_marks(before) == without_marks(found)
    assert not await stopped(document)
    assert {"restored"} == {result["look"] for result in await document.results()}
    report = await document.execute(scope="toHere", position={"line": 2, "character": 0})
    assert "start" == report["wayBack"]["kind"]
    assert ["fresh"] * 3 + ["restored"] * 3 == [r["look"] for r in await document.results()]


async def test_stop_during_a_run(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """The run would go on, or never be answered; what it had not done would look as if it had."""
    document = (await start()).open(file, "import time\n1\ntime.sleep(600)\n2\n")
    run = document.start()
    await document.running(3)
    assert await stopped(document)
    report = await document.editor.reply(run)
    assert "interrupted" == report["status"]
    found = await document.results()
    assert [(1, "restored"), (2, "restored"), (3, "stale"), (4, "notRun")] == looks(found)
    assert "it did not finish" == found[2]["staleReason"]


async def test_a_crash_is_no_stop(start: Callable[..., Awaitable[Editor]], file: Path) -> None:
    """A program that died would look as if it had been ended on purpose."""
    document = (await start(checkpoints="off")).open(file, "1\nimport os\nos._exit(3)\n")
    await document.execute()
    assert not await stopped(document)
    found = await document.results()
    assert ["the process it ran in is gone"] * 2 == [r.get("staleReason") for r in found[:2]]
