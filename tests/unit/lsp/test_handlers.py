"""The server's answers, with a session that answers at once, late, or never."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lsprotocol import types
from support import protocol_schema

from rdit_lsp.api import inspection
from rdit_lsp.api.errors import ApiError
from rdit_lsp.document.document import open_document
from rdit_lsp.lsp.server import create_server
from rdit_lsp.results.snapshot import Inspection
from rdit_lsp.session.client import Client
from rdit_lsp.session.hub import Hub

URI = "file:///folder/script.py"


class FakeSession:
    """A session with a program that holds what the test says."""

    def __init__(self, text: str, answer: dict[str, Any] | Exception | None) -> None:
        self.document = open_document(URI, 1, text)
        self.questions: list[dict[str, Any]] = []
        self.status = SimpleNamespace(has_program=True)
        self.is_late = False
        self._answer = answer

    async def inspect(self, question: dict[str, Any], deadline: float = 0.5) -> Inspection | None:
        self.questions.append(question)
        if self.is_late:
            await asyncio.get_running_loop().create_future()
        if isinstance(self._answer, Exception):
            raise self._answer
        return None if self._answer is None else Inspection(self._answer, "now")

    def snapshot(self, first: int = 1, last: int | None = None) -> Any:
        view = SimpleNamespace(
            first=1, last=1, outputs=(), note="The result.", status="ok", stale_reason=None,
            reused=False, seconds=None, exit_code=0, restored=False,
        )  # fmt: skip
        return SimpleNamespace(at=lambda line: [view] if line == 1 else [])


class Served:
    """A server that has one session open."""

    def __init__(self, session: FakeSession, settings: dict[str, Any] | None = None) -> None:
        self.server = create_server(Hub(SimpleNamespace(folder=Path("unused"))), Client())
        self.server.configure(settings or {})
        self.server.documents.find = lambda uri: session if uri == URI else None

    async def __call__(self, method: str, line: int, character: int) -> Any:
        """What the server answers for that position."""
        kind = {
            types.TEXT_DOCUMENT_HOVER: types.HoverParams,
            types.TEXT_DOCUMENT_COMPLETION: types.CompletionParams,
            types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpParams,
        }[method]
        params = kind(types.TextDocumentIdentifier(URI), types.Position(line, character))
        return await self.server.protocol.fm.features[method](params)

    async def variables(self) -> Any:
        return await self.server.protocol.commands["rdit/variables"]({"uri": URI})


ITEMS = [
    {"label": "head", "kind": "method", "static": True, "detail": "head(n=5)"},
    {"label": "price", "kind": "property"},
    {"label": "rows", "kind": "variable", "type": "int", "detail": "5"},
    {"label": "_mgr", "kind": "variable"},
    {"label": "bad\udcff", "kind": "variable"},
]


FIVE = {"found": True, "type": "int", "summary": "5", "text": "5"}


async def test_hover_has_value_and_result() -> None:
    """One would hide the other."""
    session = FakeSession("name = 1\nother", FIVE)
    ask = Served(session)
    found = await ask(types.TEXT_DOCUMENT_HOVER, 0, 2)
    assert "name: int = 5" in found.contents.value
    assert "The result." in found.contents.value
    assert found.range.end.character == 4
    assert session.questions == [{"what": "hover", "expression": "name"}]
    found = await ask(types.TEXT_DOCUMENT_HOVER, 1, 2)
    assert "other: int = 5" in found.contents.value
    assert "The result." not in found.contents.value


@pytest.mark.parametrize("answer", [None, {"found": False}, RuntimeError("broken")])
async def test_result_without_a_value(answer: dict[str, Any] | Exception | None) -> None:
    """Whoever wants to see the result would see nothing."""
    ask = Served(FakeSession("name = 1", answer))
    found = await ask(types.TEXT_DOCUMENT_HOVER, 0, 2)
    assert "The result." in found.contents.value
    assert "name:" not in found.contents.value


async def test_hover_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not answer would keep the result from being shown."""
    monkeypatch.setattr(inspection, "DEADLINE", 0.01)
    session = FakeSession("name = 1", FIVE)
    session.is_late = True
    ask = Served(session)
    found = await asyncio.wait_for(ask(types.TEXT_DOCUMENT_HOVER, 0, 2), 10)
    assert "The result." in found.contents.value
    assert await ask(types.TEXT_DOCUMENT_COMPLETION, 0, 2) is None
    with pytest.raises(ApiError, match=r"script\.py cannot be had"):
        await ask.variables()


async def test_no_question_without_need() -> None:
    """Each hover over a comment and each word typed would fork the program."""
    text = "x = 'text' + f(1)  # comment\ndef f(a):\n    return a.b\nname"
    session = FakeSession(text, FIVE)
    ask = Served(session)
    for line, character in ((0, 7), (0, 22), (1, 6 + 1), (2, 11), (2, 13)):
        await ask(types.TEXT_DOCUMENT_HOVER, line, character)
        await ask(types.TEXT_DOCUMENT_COMPLETION, line, character)
    await ask(types.TEXT_DOCUMENT_COMPLETION, 3, 4)
    await ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, 3, 4)
    assert session.questions == []


async def test_completion_and_signature() -> None:
    """The editor would get nothing, or at another place."""
    session = FakeSession("é😀 = f(df.pr", {"items": ITEMS, "incomplete": True})
    ask = Served(session)
    found = await ask(types.TEXT_DOCUMENT_COMPLETION, 0, 13)
    assert found.is_incomplete
    assert found.items[0].text_edit.range.start == types.Position(0, 11)
    await ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, 0, 13)
    assert session.questions == [
        {"what": "completion", "expression": "df.", "prefix": "pr"},
        {"what": "signature", "expression": "f", "argument": 0, "keyword": None},
    ]


DYNAMIC = ["price", "rows", "_mgr"]


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        ({}, ["head", *DYNAMIC]),
        ({"completion": "off"}, None),
        ({"completion": "beside"}, DYNAMIC),
        ({"otherServer": True}, DYNAMIC),
        ({"otherServer": True, "completion": "live"}, ["head", *DYNAMIC]),
    ],
)
async def test_setting(settings: dict[str, Any], labels: list[str] | None) -> None:
    """Who has another server for completions would be offered everything twice."""
    session = FakeSession("df.", {"items": ITEMS, "incomplete": False})
    ask = Served(session, settings)
    found = await ask(types.TEXT_DOCUMENT_COMPLETION, 0, 3)
    assert labels == (found and [item.label for item in found.items])


async def test_variables() -> None:
    """The list would be empty, or claim to be of a program that there is not."""
    session = FakeSession("x = 1", {"variables": [{"name": "x", "type": "int", "summary": "1"}]})
    found = await Served(session).variables()
    protocol_schema.check("VariablesResult", found)
    assert found == {
        "variables": [{"name": "x", "type": "int", "summary": "1", "lineStart": 1}],
        "origin": "now",
    }
    session = FakeSession("x = 1", None)
    session.status.has_program = False
    found = await Served(session).variables()
    protocol_schema.check("VariablesResult", found)
    assert found["variables"] == []


async def test_configuration_replaces_what_was_said_before() -> None:
    """Who turns the other server on or off would have to restart the editor."""
    session = FakeSession("df.", {"items": ITEMS, "incomplete": False})
    session.refresh_dependencies = lambda: False
    ask = Served(session, {"otherServer": True, "runOn": "save"})
    changed = ask.server.protocol.fm.features[types.WORKSPACE_DID_CHANGE_CONFIGURATION]
    for settings, mode in (
        ({"rdit": {"runOn": None, "otherServer": False}}, "live"),
        ({"rdit": {"otherServer": True}}, "beside"),
        ({"rdit": 5}, "beside"),
        ({"rdit": {}}, "live"),
    ):
        changed(types.DidChangeConfigurationParams(settings))
        assert ask.server.completion_mode(URI) == mode
    assert ask.server.client.editor_settings == {}


async def test_a_cancelled_progress_interrupts_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The button of the editor would do nothing, or stop another document."""
    session = FakeSession("1", None)
    interrupted: list[bool] = []
    session.interrupt = lambda: interrupted.append(True)
    ask = Served(session)
    monkeypatch.setattr(ask.server, "document_of_progress", {"token": URI}.get)
    cancelled = ask.server.protocol.fm.features[types.WINDOW_WORK_DONE_PROGRESS_CANCEL]
    cancelled(types.WorkDoneProgressCancelParams("another"))
    assert interrupted == []
    cancelled(types.WorkDoneProgressCancelParams("token"))
    assert interrupted == [True]
