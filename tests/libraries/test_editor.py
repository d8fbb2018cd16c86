"""Rich results in an editor: hovers, hints, actions, and exports without running again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from support.editor import Editor, Kind, OpenDocument
from support.libraries import python_with_libraries
from support.lsp_client import RpcError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from support.lsp_client import Json

    Start: TypeAlias = Callable[[Kind], Awaitable[Editor]]

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SOURCE = f"""\
class Picture:
    def _repr_png_(self): return {PNG!r}

Picture()
display(1)
"a" * 3
open("count", "a").write("x")
"""


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts editors."""
    started: list[Editor] = []

    async def start(kind: Kind) -> Editor:
        started.append(await Editor.start(kind))
        return started[-1]

    yield start
    for editor in started:
        assert await editor.close() == 0


@pytest.mark.parametrize(
    ("kind", "shows"),
    [
        (Kind("neovim"), False),
        (Kind("neovim", options=json.dumps({"rdit": {"images": True}})), True),
    ],
)
async def test_pictures_where_the_client_can(
    start: Start, tmp_path: Path, kind: Kind, shows: bool
) -> None:
    """Neovim would show a hundred lines of letters."""
    editor = await start(kind)
    document = editor.open(tmp_path / "picture.py", SOURCE)
    await document.execute()
    params = {"textDocument": {"uri": document.uri}, "position": {"line": 3, "character": 0}}
    text = (await editor.request("textDocument/hover", params))["contents"]["value"]
    assert (f"![Picture 1×1](data:image/png;base64,{PNG})" in text) == shows
    assert "Picture 1×1" in text
    labels = await document.labels()
    assert "→ Picture 1×1" in labels.values()


async def test_export_does_not_run_again(start: Start, tmp_path: Path) -> None:
    """What took an hour to compute would be computed once more."""
    editor = await start(Kind("neovim"))
    document = editor.open(tmp_path / "exported.py", SOURCE)
    await document.execute()
    for to, name in {
        "html": "exported.html",
        "ipynb": "exported.ipynb",
        "py": "exported.results.py",
    }.items():
        reply = await editor.request("rdit/export", {"uri": document.uri, "to": to})
        assert reply == {"path": str(tmp_path / name)}
        assert "aaa" in (tmp_path / name).read_text()
    assert (tmp_path / "count").read_text() == "x"


@pytest.mark.parametrize(
    "arguments",
    [
        {"to": "pdf"},
        {"to": 1},
        {"output": "relative.html"},
        {"output": 5},
        {"output": "/no/such/folder/x"},
    ],
)
async def test_bad_export_is_one_sentence(
    start: Start, tmp_path: Path, arguments: dict[str, object]
) -> None:
    """The user would see a traceback, or wait for ever."""
    editor = await start(Kind("neovim"))
    document = editor.open(tmp_path / "bad.py", SOURCE)
    with pytest.raises(RpcError) as raised:
        await editor.request("rdit/export", {"uri": document.uri, **arguments})
    assert raised.value.message.count("\n") == 0
    assert raised.value.message.endswith(".")


async def test_result_as_comment(start: Start, tmp_path: Path) -> None:
    """A second time it would be there twice."""
    editor = await start(Kind("neovim"))
    document = editor.open(tmp_path / "comment.py", "'a' * 3\n#> old\nx = 1\n")
    await document.execute()
    here = {"line": 0, "character": 0}
    params = {
        "textDocument": {"uri": document.uri},
        "range": {"start": here, "end": here},
        "context": {"diagnostics": []},
    }
    actions = await editor.request("textDocument/codeAction", params)
    (action,) = [each for each in actions if "comment" in each["title"]]
    (edit,) = action["edit"]["changes"][document.uri]
    assert edit["newText"] == "#> 'aaa'\n"
    assert edit["range"] == {
        "start": {"line": 1, "character": 0},
        "end": {"line": 2, "character": 0},
    }
    assert [a["title"] for a in actions if "page" in a["title"]] == ["rdit: Export as a page"]


async def chosen(document: OpenDocument, line: int, title: str) -> Json:
    """The reply to the command of the code action with this title."""
    (action,) = [a for a in await document.actions(line) if a["title"] == f"rdit: {title}"]
    (argument,) = action["command"]["arguments"]
    reply: Json = await document.editor.command(action["command"]["command"], argument)
    return reply


def documents_shown(editor: Editor) -> list[Json]:
    """What the server has the editor show, from now on."""
    shown: list[Json] = []

    def show(params: Json) -> Json:
        shown.append(params)
        return {"success": True}

    editor.answers["window/showDocument"] = show
    return shown


SHOWS = {"rdit": {"clipboard": True}}


@pytest.mark.parametrize("options", ["{}", json.dumps(SHOWS)], ids=["opened", "clipboard"])
async def test_copy(start: Start, tmp_path: Path, options: str) -> None:
    """A client without a clipboard for us would do nothing at the command."""
    editor = await start(Kind("neovim", options=options))
    shown = documents_shown(editor)
    document = editor.open(tmp_path / "copy.py", SOURCE + "1 / 0\nprint('a\\rb'); 1 + 1\n")
    await document.execute(onError="continue")
    assert (await chosen(document, 5, "Copy the result"))["text"] == "'aaa'"
    assert (await chosen(document, 8, "Copy the result"))["text"] == "b\n2"
    failure = await chosen(document, 7, "Copy the result")
    assert failure["text"].startswith("Traceback (most recent call last):\n")
    picture = await chosen(document, 3, "Copy the result")
    assert Path(picture["text"]).read_bytes() == base64.b64decode(PNG)
    await editor.status()
    if options == "{}":
        uris = [params["uri"] for params in shown]
        assert [Path(uri.removeprefix("file://")).name for uri in uris] == [
            f"copy.py-line-{line}-result.txt" for line in (6, 9, 8, 4)
        ]
        assert Path(failure["path"]).read_text() == failure["text"]
    else:
        assert shown == []
        assert failure.keys() == {"text"}


async def test_open_the_picture(start: Start, tmp_path: Path) -> None:
    """In a terminal there would be no way to look at it."""
    editor = await start(Kind("neovim"))
    shown = documents_shown(editor)
    document = editor.open(tmp_path / "picture.py", SOURCE)
    await document.execute()
    reply = await chosen(document, 3, "Open the picture")
    (path,) = map(Path, reply["paths"])
    assert path.read_bytes() == base64.b64decode(PNG)
    await editor.status()
    assert [(params["uri"], params["external"]) for params in shown] == [(path.as_uri(), True)]
    place = {"uri": document.uri, "position": {"line": 3, "character": 0}, "show": False}
    assert await editor.request("rdit/openPicture", place) == reply
    assert len(shown) == 1
    titles = [action["title"] for action in await document.actions(5)]
    assert "rdit: Open the picture" not in titles
    with pytest.raises(RpcError, match="there is no picture to open at line 6"):
        await editor.request("rdit/openPicture", {**place, "position": {"line": 5}})


async def test_pictures_as_files(start: Start, tmp_path: Path) -> None:
    """A client that shows files would get megabytes of letters, and have to write them itself."""
    editor = await start(Kind("neovim"))
    document = editor.open(tmp_path / "files.py", SOURCE)
    await document.execute()
    results = await document.results(pictureFiles=True)
    (item,) = results[1]["output"]
    assert item["data"].keys() == {"text/plain"}
    assert Path(item["path"]).read_bytes() == base64.b64decode(PNG)
    assert "path" not in (await document.results())[1]["output"][0]


async def test_settings_of_figures_take_effect(start: Start, tmp_path: Path) -> None:
    """After asking for SVG one would still see what was drawn before."""
    python = {"python": [python_with_libraries()]}
    editor = await start(Kind("neovim", options=json.dumps({"rdit": python})))
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
    document = editor.open(tmp_path / "svg.py", source)
    await document.execute()
    settings = {"rdit": {**python, "figureFormat": "svg"}}
    editor.notify("workspace/didChangeConfiguration", {"settings": settings})
    (_, old) = await document.results()
    assert (old["stale"], "image/png" in old["output"][0]["data"]) == (True, True)
    await document.execute(scope="stale")
    (_, new) = await document.results()
    assert "image/svg+xml" in new["output"][0]["data"]


async def test_show_is_added_and_taken_away(start: Start, tmp_path: Path) -> None:
    """A line would show a figure that a clean run shows elsewhere, or would not show the one it does."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.rdit]\npython = {python_with_libraries()!r}\n")
    editor = await start(Kind("neovim"))
    text = "import matplotlib.pyplot as plt\n1 + 1\nplt.plot([1, 2])\nlen([3])\n"
    document = editor.open(tmp_path / "plot.py", text)

    async def stale() -> list[str | None]:
        return [result.get("staleReason") for result in await document.results()]

    await document.execute()
    assert "→ Figure 640×480" in (await document.labels()).values()
    document.replace(text + "plt.show()\n")
    assert [None, None, "the file now shows its figures itself", None] == (await stale())[:4]
    await document.execute(scope="stale")
    labels = await document.labels()
    assert "→ Figure 640×480" == labels[4]
    assert 2 not in labels, "a line that only builds the figure says nothing"
    assert [None] * 5 == await stale()
    document.replace(text)
    assert [None, None, "the file no longer shows its figures itself", None] == await stale()
    await document.execute(scope="stale")
    assert "→ Figure 640×480" in (await document.labels()).values()
