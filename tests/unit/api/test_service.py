"""The service as a client without any wire calls it, over sessions with real interpreters."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import protocol_schema
from support.observers import SilentObserver

from rdit_lsp.api.commands import COMMANDS, answer
from rdit_lsp.api.errors import ApiError, ErrorKind
from rdit_lsp.api.profile import ClientProfile
from rdit_lsp.api.service import Service
from rdit_lsp.export import files
from rdit_lsp.outputs.pictures import PictureFiles
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.session.client import Client as SessionClient
from rdit_lsp.session.documents import Documents
from rdit_lsp.session.hub import Hub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ROOT = Path(__file__).parents[3]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TEXT = f"""\
x = 20
x + 1
print("one\\ntwo")
class Picture:
    def _repr_png_(self): return {PNG!r}
Picture()
"""


class Client:
    """A client that only remembers what it is to show."""

    def __init__(self, profile: ClientProfile) -> None:
        self.profile = profile
        self.shown: list[tuple[Path, bool]] = []

    def show_file(self, path: Path, *, external: bool = False) -> None:
        self.shown.append((path, external))


class Observer(SilentObserver):
    """Says when something is different."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    def on_change(self) -> None:
        self.changed.set()


class Caller:
    """Calls the service with JSON, and checks what it returns."""

    def __init__(self, guard: Guard) -> None:
        self.observer = Observer()
        self.sessions = Documents(Hub(guard), SessionClient(), lambda _: self.observer)
        self.sessions.client.editor_settings = {"python": [sys.executable]}
        self.folder = folder = guard.folder
        self.pictures = PictureFiles(folder / "pictures")
        self.use(ClientProfile())

    def use(self, profile: ClientProfile) -> None:
        """From now on, call as a client with this profile."""
        self.client = Client(profile)
        self.service = Service(self.sessions, self.client, self.folder, self.pictures)

    def open(self, path: Path, text: str = TEXT) -> str:
        """Open a document; its uri."""
        uri = path.as_uri()
        self.sessions.open(uri, 1, text)
        return uri

    async def __call__(self, command: str, uri: str | None, **params: Any) -> Any:
        raw = params if uri is None else {"uri": uri, **params}
        found = answer(self.service, command, raw)
        result = found if isinstance(found, dict) else await found
        protocol_schema.check_call(command, raw, result)
        return result

    async def refused(self, command: str, uri: str | None, **params: Any) -> tuple[ErrorKind, str]:
        """The error that a call ends with."""
        with pytest.raises(ApiError) as raised:
            await self(command, uri, **params)
        return raised.value.kind, str(raised.value)


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture
async def call(guard: Guard) -> AsyncIterator[Caller]:
    caller = Caller(guard)
    yield caller
    await caller.sessions.hub.close_all()


def at(line: int) -> dict[str, int]:
    """The position of a line that is counted from 1."""
    return {"line": line - 1, "character": 0}


def test_every_documented_command_is_in_the_table() -> None:
    """A client would be told that there is no such command."""
    assert protocol_schema.commands() == set(COMMANDS)


async def test_run_and_look(call: Caller, tmp_path: Path) -> None:
    """Nothing would run, or its results be other than the protocol says."""
    uri = call.open(tmp_path / "d.py")
    report = await call("rdit/execute", uri, version=1)
    assert report["status"] == "ok"
    assert [result["lineStart"] for result in report["results"]] == [1, 2, 3, 4, 6]
    found = await call("rdit/results", uri, lineRange={"from": 2, "to": 3})
    assert [result["output"][0]["text"] for result in found["results"]] == ["21", "one\ntwo\n"]
    (picture,) = (await call("rdit/results", uri, pictureFiles=True))["results"][-1]["output"]
    assert Path(picture["path"]).parent == call.folder / "pictures"
    variables = (await call("rdit/variables", uri))["variables"]
    assert [each["name"] for each in variables] == ["x", "Picture"]
    (session,) = (await call("rdit/status", None))["sessions"]
    assert (session["uri"], session["state"]) == (uri, "idle")
    assert session["pythonReason"] == "set in the editor's settings"
    assert await call("rdit/interrupt", uri) == {"interrupted": False}
    assert await call("rdit/reset", uri) == {"status": "ok"}
    assert await call("rdit/results", uri) == {"results": []}


async def test_evaluate(call: Caller, tmp_path: Path) -> None:
    """A person could ask the program nothing, or would change it by asking."""
    uri = call.open(tmp_path / "d.py", "x = [1]\n")
    kind, sentence = await call.refused("rdit/evaluate", uri, expression="x")
    assert (kind, "d.py has not run" in sentence) == (ErrorKind.REQUEST_FAILED, True)
    await call("rdit/execute", uri)
    answer = await call("rdit/evaluate", uri, expression="x.append(2) or x")
    assert answer == {"text": "[1, 2]", "type": "list", "origin": "now"}
    answer = await call("rdit/evaluate", uri, expression="x +")
    assert (answer["failed"], answer["text"][:12]) == (True, "SyntaxError:")
    assert (await call("rdit/evaluate", uri, expression="x"))["text"] == "[1]"
    kind, _ = await call.refused("rdit/evaluate", uri, expression=" ")
    assert kind == ErrorKind.INVALID_PARAMS


async def test_checkpoints(call: Caller, tmp_path: Path) -> None:
    """A state that was kept would not come back."""
    uri = call.open(tmp_path / "d.py", "x = 1\nx = 2\n")
    await call("rdit/execute", uri, scope="statement", position=at(1))
    kept = await call("rdit/checkpoint", uri, name="one")
    await call("rdit/execute", uri, scope="statement", position=at(2))
    assert kept["checkpointId"] in [
        each["checkpointId"] for each in (await call("rdit/checkpoints", uri))["checkpoints"]
    ]
    await call("rdit/restore", uri, checkpointId=kept["checkpointId"])
    (x,) = (await call("rdit/variables", uri))["variables"]
    assert x["summary"] == "1"
    kind, sentence = await call.refused("rdit/restore", uri, checkpointId="none")
    assert kind is ErrorKind.INVALID_PARAMS
    assert sentence.startswith("d.py: ")


async def test_before_anything_has_run(call: Caller, tmp_path: Path) -> None:
    """Looking at a document would start its program."""
    uri = call.open(tmp_path / "d.py")
    found = await call("rdit/variables", uri)
    assert found == {"variables": [], "origin": "before anything has run"}
    assert (await call("rdit/status", uri))["sessions"][0]["pid"] is None
    for name in ("rdit/openOutput", "rdit/openPicture", "rdit/copyResult"):
        refused = await call.refused(name, uri, position=at(2))
        assert (ErrorKind.INVALID_PARAMS, "d.py: nothing has run at line 2.") == refused


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "rdit/import"])
async def test_unknown_documents(call: Caller, name: str) -> None:
    """A client that is behind would get an internal error."""
    fitting = {"position": at(1), "checkpointId": "1", "expression": "1", "name": "a"}
    refused = await call.refused(name, "file:///no/d.py", **fitting)
    assert (ErrorKind.UNKNOWN_DOCUMENT, "d.py is not open in the editor.") == refused


async def test_another_version(call: Caller, tmp_path: Path) -> None:
    """Other lines would run than those the client meant."""
    uri = call.open(tmp_path / "d.py")
    refused = await call.refused("rdit/execute", uri, version=2)
    assert (ErrorKind.CONTENT_MODIFIED, "d.py is at version 1, not 2.") == refused


async def test_lines_that_are_not_there(call: Caller, tmp_path: Path) -> None:
    """The client would wait for a run that never was."""
    uri = call.open(tmp_path / "d.py")
    kind, sentence = await call.refused("rdit/execute", uri, scope="toHere", position=at(99))
    assert kind is ErrorKind.INVALID_PARAMS
    assert sentence == "d.py: line 99 is outside the document, which has 7 lines."


async def test_no_interpreter(call: Caller, tmp_path: Path) -> None:
    """The user would not learn what to mend."""
    call.sessions.client.editor_settings = {"python": ["/no/such/python"]}
    uri = call.open(tmp_path / "d.py")
    kind, sentence = await call.refused("rdit/execute", uri)
    assert kind is ErrorKind.REQUEST_FAILED
    assert sentence.startswith("d.py cannot be run: ")
    assert "/no/such/python" in sentence


@pytest.mark.parametrize("at_once", [True, False])
async def test_cancelling_the_reply_interrupts(
    call: Caller, tmp_path: Path, *, at_once: bool
) -> None:
    """A run that its client has given up would go on."""
    uri = call.open(tmp_path / "d.py", "while True: pass\n")
    reply = answer(call.service, "rdit/execute", {"uri": uri})
    assert isinstance(reply, asyncio.Future)
    if not at_once:
        session = call.sessions.find(uri)
        assert session is not None
        while not any(view.status == "running" for view in session.snapshot().views):
            call.observer.changed.clear()
            await call.observer.changed.wait()
    reply.cancel()
    # It waits in the queue behind the run, so it gets its turn only when that has ended.
    await call("rdit/execute", uri, scope="statement", position=at(1), timeout=0.01)


async def test_rows_of_a_list(call: Caller, tmp_path: Path) -> None:
    """A client that scrolls would get no rows, or those of another state."""
    uri = call.open(tmp_path / "rows.py", "rows = list('abcd')\nn = 1\n")
    await call("rdit/execute", uri)
    found = await call("rdit/table", uri, name="rows", first=1, count=2)
    rows = [["1", "'b'"], ["2", "'c'"]]
    assert found == {"columns": ["", "value"], "rows": rows, "total": 4, "origin": "now"}
    assert await call.refused("rdit/table", uri, name="n") == (
        ErrorKind.REQUEST_FAILED,
        "The rows of n cannot be had at the moment.",
    )
    for wrong in ({"name": "a b"}, {"name": "rows", "first": -1}, {}):
        kind, _ = await call.refused("rdit/table", uri, **wrong)
        assert kind is ErrorKind.INVALID_PARAMS


async def test_results_as_files(call: Caller, tmp_path: Path) -> None:
    """The person would see nothing, or a client that draws itself would have windows opened."""
    uri = call.open(tmp_path / "d.py")
    await call("rdit/execute", uri)
    output = await call("rdit/openOutput", uri, position=at(3))
    path = Path(output["path"])
    assert "one\ntwo\n" in path.read_text()
    picture = await call("rdit/openPicture", uri, position=at(6))
    (image,) = map(Path, picture["paths"])
    assert image.name == "d.py-line-6.png"
    assert call.client.shown == [(path, False), (image, True)]
    await call("rdit/openOutput", uri, position=at(3), show=False)
    await call("rdit/openPicture", uri, position=at(6), show=False)
    assert len(call.client.shown) == 2
    kind, sentence = await call.refused("rdit/openPicture", uri, position=at(2))
    assert kind is ErrorKind.REQUEST_FAILED
    assert sentence == "d.py: there is no picture to open at line 2."


async def test_nested_data_is_laid_out(call: Caller, tmp_path: Path) -> None:
    """It would be one long line in each client's panel; but the text is what `repr` says."""
    uri = call.open(tmp_path / "nested.py", "[dict(a=i, b='x' * 30) for i in range(3)]\n[1]\n")
    await call("rdit/execute", uri)
    found = await call("rdit/results", uri)
    long, short = (result["output"][0] for result in found["results"])
    assert "\n" not in long["text"]
    assert long["metadata"]["rdit"]["pretty"].startswith("[{'a': 0, 'b': 'xxx")
    assert "pretty" not in short.get("metadata", {}).get("rdit", {})


async def test_copy(call: Caller, tmp_path: Path) -> None:
    """A client without a clipboard for it would do nothing."""
    uri = call.open(tmp_path / "d.py")
    await call("rdit/execute", uri)
    copied = await call("rdit/copyResult", uri, position=at(2))
    path = Path(copied["path"])
    assert (copied["text"], path.read_text()) == ("21", "21")
    assert call.client.shown == [(path, False)]
    call.use(ClientProfile(has_clipboard=True))
    assert await call("rdit/copyResult", uri, position=at(2)) == {"text": "21"}
    assert call.client.shown == []


async def test_export(call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would run again, go elsewhere, or fail with a traceback."""
    uri = call.open(tmp_path / "d.py")
    await call("rdit/execute", uri)
    found = await call("rdit/export", uri, to="py", show=True)
    path = Path(found["path"])
    assert path == tmp_path / "d.results.py"
    assert "#> 21" in path.read_text()
    assert call.client.shown == [(path, False)]
    nowhere = str(tmp_path / "no" / "d.py")
    refused = await call.refused("rdit/export", uri, to="py", output=nowhere)
    assert (ErrorKind.REQUEST_FAILED, f"{nowhere}: No such file or directory.") == refused

    def save(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'pygments'", name="pygments")

    monkeypatch.setattr(files, "save", save)
    kind, sentence = await call.refused("rdit/export", uri)
    assert kind is ErrorKind.REQUEST_FAILED
    assert sentence == "d.py cannot be exported without pygments: install it."


async def test_import(call: Caller, tmp_path: Path) -> None:
    """A notebook could not be made a script from an editor, or a script would be lost to it."""
    notebook = tmp_path / "a b.ipynb"
    cell = {"cell_type": "code", "source": "6 * 7\n%load_ext autoreload", "metadata": {}}
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))
    script = tmp_path / "a b.py"
    found = await call("rdit/import", notebook.as_uri(), show=True)
    assert found == {"path": str(script), "losses": ["1 line was left as a comment: 3."]}
    assert "6 * 7\n# %load_ext autoreload" in script.read_text()
    assert call.client.shown == [(script, False)]
    script.write_text("mine = 1\n")
    refused = await call.refused("rdit/import", notebook.as_uri())
    assert refused == (ErrorKind.REQUEST_FAILED, f"{script}: another text is there.")
    assert script.read_text() == "mine = 1\n"
    other = tmp_path / "other.py"
    assert (await call("rdit/import", notebook.as_uri(), output=str(other)))["path"] == str(other)


async def test_import_of_what_is_no_notebook(call: Caller, tmp_path: Path) -> None:
    """It would fail with a traceback."""
    notebook = tmp_path / "a.ipynb"
    missing = await call.refused("rdit/import", notebook.as_uri())
    assert missing == (ErrorKind.REQUEST_FAILED, f"{notebook}: No such file or directory.")
    notebook.write_text("[]")
    kind, sentence = await call.refused("rdit/import", notebook.as_uri())
    assert kind is ErrorKind.REQUEST_FAILED
    assert "is not a notebook" in sentence
    kind, sentence = await call.refused("rdit/import", "untitled:a.ipynb")
    assert (ErrorKind.INVALID_PARAMS, "uri is 'untitled:a.ipynb', not that of a file.") == (
        kind,
        sentence,
    )


async def test_export_without_a_file(call: Caller) -> None:
    """It would be written to a folder that the name of the document happens to fit."""
    uri = "untitled:Untitled-1"
    call.sessions.open(uri, 1, "1\n")
    found = await call("rdit/export", uri, to="md")
    assert Path(found["path"]) == call.folder / "Untitled-1.md"
