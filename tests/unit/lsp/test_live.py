"""What a program holds as LSP has it, and the server's answers where there is a program and where not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from support import protocol_schema

from rdit_lsp.document.cursor import Completion, Expression
from rdit_lsp.document.document import open_document
from rdit_lsp.lsp.features import live
from rdit_lsp.lsp.handlers import looks
from rdit_lsp.lsp.server import create_server
from rdit_lsp.results.snapshot import Inspection

if TYPE_CHECKING:
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.session.session import Session

URI = "file:///folder/script.py"
PRICE = Expression("df.price", 0, 3, 8)


def shown(answer: dict[str, Any], origin: str = "now", **how: Any) -> str:
    """The text of the hover; empty where there is none."""
    found = live.hover(
        Inspection({"found": True, **answer}, origin), PRICE, "df.price", "utf-16", **how
    )
    if found is None:
        return ""
    assert isinstance(found.contents, types.MarkupContent)
    return found.contents.value


def test_hover_of_a_short_value() -> None:
    """A number would take several lines."""
    assert shown({"type": "int", "summary": "5", "text": "5"}) == (
        "```python\ndf.price: int = 5\n```\n\n*rdit: from the live program*"
    )
    answer = {"type": "list", "summary": "[1, 2] (2 items)", "text": "[1, 2]", "length": 2}
    assert "df.price: list = [1, 2]  # 2 items\n" in shown(answer)


def test_hover_of_a_table() -> None:
    """Its size would be missing, its rows be one line, or coloured as code that they are not."""
    answer = {
        "type": "pandas.Series",
        "summary": "2,000 int64",
        "text": "0    1\n1    2",
        "shape": [2000],
    }
    assert shown(answer, "while line 12 runs") == (
        "```python\ndf.price: pandas.Series  # 2,000 int64\n```\n\n"
        "```text\n0    1\n1    2\n```\n\n*rdit: from the live program, while line 12 runs*"
    )


def test_table_is_told_once() -> None:
    """The result below would show the same rows again, and pandas their number."""
    rows = "     a\n0    1\n..  ..\n99   2"
    text = f"{rows}\n\n[100 rows x 1 columns]"
    answer: dict[str, Any] = {
        "type": "pandas.DataFrame",
        "summary": "100 rows × 1 columns",
        "text": text,
    }
    answer |= {"shape": [100, 1]}
    assert "rows x" not in shown(answer)
    assert rows in shown(answer, shown="something else")
    assert rows not in shown(answer, shown=text)
    assert "100 rows × 1 columns" in shown(answer, shown=text)


def test_hover_of_a_definition() -> None:
    """What another server says of it anyway would be said twice."""
    answer = {
        "type": "function",
        "summary": "f(a, *b)",
        "text": "",
        "doc": "Does `it`.",
        "static": True,
    }
    text = shown(answer, "before line 3")
    assert "f(a, \\*b)" in text
    assert "Does \\`it\\`." in text
    assert text.endswith("*rdit: from the state before line 3*")
    assert shown(answer, beside=True) == ""
    assert "Does" not in shown({**answer, "static": False}, beside=True)


def test_hover_cannot_break_out() -> None:
    """A value could put links and pictures into the hover, or a text that no editor can read."""
    text = shown({"type": "str", "summary": "", "text": "```\n![x](http://y)\n\udcff"})
    assert "````python\n```\n![x](http://y)\n\\udcff\n````" in text


def test_nothing_to_show() -> None:
    """An empty box would be shown."""
    assert live.hover(Inspection({"found": False}, "now"), PRICE, "df.price", "utf-16") is None


def test_hover_range_is_the_name() -> None:
    """The editor would mark another word."""
    answer = Inspection({"found": True, "type": "int", "summary": "5", "text": "5"}, "now")
    for encoding, begin in (("utf-8", 5), ("utf-16", 3), ("utf-32", 2)):
        found = live.hover(answer, Expression("b", 0, 2, 3), "😀.b", encoding)
        assert found is not None
        assert found.range == types.Range(types.Position(0, begin), types.Position(0, begin + 1))


ITEMS: list[dict[str, Any]] = [
    {"label": "head", "kind": "method", "static": True, "detail": "head(n=5)"},
    {"label": "price", "kind": "property"},
    {"label": "rows", "kind": "variable", "type": "int", "detail": "5"},
    {"label": "_mgr", "kind": "variable"},
    {"label": "bad\udcff", "kind": "variable"},
]


def completed(
    place: Completion, items: list[dict[str, Any]], text: str, **how: Any
) -> list[types.CompletionItem]:
    document = open_document(URI, 1, text)
    inspection = Inspection({"items": items, "incomplete": False}, "now")
    found = live.completions(inspection, place, (0, len(text)), document, "utf-16", **how)
    return [] if found is None else list(found.items)


def test_completions() -> None:
    """They would stand before those of other servers, or nobody could tell whose they are."""
    items = completed(Completion("df.", "h"), ITEMS, "df.h")
    assert [item.label for item in items] == ["head", "price", "rows", "_mgr"]
    assert {item.label_details and item.label_details.description for item in items} == {"rdit"}
    assert [i.label for i in sorted(items, key=lambda i: i.sort_text or "")] == [
        "price",
        "rows",
        "head",
        "_mgr",
    ]
    assert all((item.sort_text or "") > "zz" for item in items)
    assert items[0].detail == "head(n=5)"
    assert items[2].detail == "int = 5"
    where = types.Range(types.Position(0, 3), types.Position(0, 4))
    assert items[0].text_edit == types.TextEdit(where, "head")


def test_beside_another_server() -> None:
    """What that one offers would be there twice."""
    place = Completion("df.", "")
    assert [i.label for i in completed(place, ITEMS, "df.", beside=True)] == [
        "price",
        "rows",
        "_mgr",
    ]
    document = open_document(URI, 1, "f(na")
    assert live.completion_question(Completion("f(", "na"), document, beside=True) is None
    assert live.completion_question(Completion("f(", "na"), document) is not None


def test_keys_are_written_as_texts() -> None:
    """A key with a quote in it would end the text."""
    items = [{"label": label, "kind": "key"} for label in ("a b", "it's", "c\\d", "e\nf")]

    def texts(quote: str) -> list[str]:
        place = Completion("df[" + quote[-1], "", quote)
        edits = [item.text_edit for item in completed(place, items, "df[" + quote)]
        return [edit.new_text for edit in edits if edit is not None]

    assert texts("'") == ["a b", "it\\'s", "c\\\\d", "e\\nf"]
    assert texts('"') == ["a b", "it's", "c\\\\d", "e\\nf"]
    assert texts("r'") == ["a b"]


def test_names_that_the_text_does_not_have() -> None:
    """Every word of the text would be offered, which editors and other servers do."""
    items = [
        {"label": "made", "kind": "variable"},
        {"label": "map", "kind": "class", "static": True},
        {"label": "max_size", "kind": "variable"},
    ]
    text = "ma"
    document = open_document(URI, 1, "max_size = 1\nma")
    assert live.completion_question(Completion("", "ma"), document) is None
    document = open_document(URI, 1, "ma\nmax_size = 1\nexec(code)")
    assert live.completion_question(Completion("", "ma"), document) is not None
    inspection = Inspection({"items": items, "incomplete": False}, "now")
    found = live.completions(inspection, Completion("", text), (0, 2), document, "utf-16")
    assert found is not None
    assert [item.label for item in found.items] == ["made"]


def parameters(found: types.SignatureHelp | None) -> tuple[list[object], object]:
    """The parameters of a signature, and which of them is active."""
    assert found is not None
    return [p.label for p in found.signatures[0].parameters or ()], found.active_parameter


def test_signature() -> None:
    """The wrong parameter would be marked in a label with characters beyond the first plane."""
    answer = {
        "found": True,
        "label": "f(a='😀', b)",
        "parameters": [[2, 7], [9, 10]],
        "active": 1,
        "doc": "It does.",
    }
    found = live.signature_help(Inspection(answer, "now"), offsets=True)
    assert ([(2, 8), (10, 11)], 1) == parameters(found)
    found = live.signature_help(Inspection({**answer, "active": None}, "now"), offsets=False)
    assert (["a='😀'", "b"], 2) == parameters(found)
    assert live.signature_help(Inspection({"found": False}, "now"), offsets=True) is None
    static = Inspection({**answer, "static": True}, "now")
    assert live.signature_help(static, offsets=True, beside=True) is None


def test_variables_lead_to_their_lines() -> None:
    """Choosing one would lead to where it has another value, or nowhere."""
    document = open_document(
        URI, 1, "x = 1\nif x:\n    y = 2\ndef f():\n    z = 1\nx = (\n"
    )  # The last line is being typed.
    names = ["x", "y", "z", "f"]
    raw = [{"name": name, "type": "int", "summary": "\udcff"} for name in names]
    found = live.variables(Inspection({"variables": raw, "omitted": 0}, "now"), document)
    protocol_schema.check("Variables", found)
    lines = {each["name"]: each.get("lineStart") for each in found["variables"]}
    assert lines == {"x": 6, "y": 3, "z": None, "f": 4}
    assert found["variables"][0]["summary"] == "\\udcff"
    assert found["origin"] == "now"
    found = live.variables(Inspection({"variables": [], "omitted": 7}, "now"), document)
    assert found["omitted"] == 7


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"found": True},
        {"found": True, "label": "f(", "parameters": 5, "active": "x", "doc": []},
        {"found": True, "label": "f(x)", "parameters": [[1], None, ["a", 2], [1, 2, 3]]},
        {"items": 5, "variables": "x"},
        {"items": [1, {}, {"label": None}], "variables": [None, {}]},
        {"found": True, "text": 5, "summary": None, "type": {}, "doc": 3, "shape": "x"},
    ],
)
def test_answers_that_are_none(answer: dict[str, Any]) -> None:
    """A program that writes into the channel would end the server."""
    inspection, document = Inspection(answer, "now"), open_document(URI, 1, "f(")
    live.hover(inspection, PRICE, "df.price", "utf-16")
    live.completions(inspection, Completion("df.", ""), (0, 0), document, "utf-16")
    live.signature_help(inspection, offsets=True)
    live.variables(inspection, document)


# The server's part, with a session that answers at once, late, or never.


class FakeSession:
    """A session with a program that holds what the test says."""

    def __init__(self, text: str, answer: dict[str, Any] | Exception | None) -> None:
        self.document = open_document(URI, 1, text)
        self.questions: list[dict[str, Any]] = []
        self.status = SimpleNamespace(has_program=True)
        self.is_late = False
        self._answer = answer

    async def look(self, question: dict[str, Any], deadline: float = 0.5) -> Inspection | None:
        self.questions.append(question)
        if self.is_late:
            await asyncio.get_running_loop().create_future()
        if isinstance(self._answer, Exception):
            raise self._answer
        return None if self._answer is None else Inspection(self._answer, "now")

    def snapshot(self, first: int = 1, last: int | None = None) -> Any:
        view = SimpleNamespace(
            first=1, last=1, outputs=(), note="The result.", status="ok", stale_reason=None,
            reused=False, seconds=None, exit_code=0,
        )  # fmt: skip
        return SimpleNamespace(at=lambda line: [view] if line == 1 else [])


class Served:
    """A server that has one session open."""

    def __init__(self, session: FakeSession, settings: dict[str, Any] | None = None) -> None:
        self.server = create_server(cast("Guard", SimpleNamespace(folder=Path("unused"))))
        self.server.protocol.server_capabilities = types.ServerCapabilities("utf-16")
        self.server.protocol.client_capabilities = types.ClientCapabilities()
        self.server.sessions.editor_settings = settings or {}
        found = cast("Session", session)
        sessions = cast("Any", self.server.sessions)
        sessions.find = lambda uri: found if uri == URI else None

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
    monkeypatch.setattr(looks, "LOOK", 0.01)
    session = FakeSession("name = 1", FIVE)
    session.is_late = True
    ask = Served(session)
    found = await asyncio.wait_for(ask(types.TEXT_DOCUMENT_HOVER, 0, 2), 10)
    assert "The result." in found.contents.value
    assert await ask(types.TEXT_DOCUMENT_COMPLETION, 0, 2) is None
    with pytest.raises(JsonRpcException, match=r"script\.py cannot be had"):
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
    protocol_schema.check("Variables", found)
    assert found == {
        "variables": [{"name": "x", "type": "int", "summary": "1", "lineStart": 1}],
        "origin": "now",
    }
    session = FakeSession("x = 1", None)
    session.status.has_program = False
    found = await Served(session).variables()
    protocol_schema.check("Variables", found)
    assert found["variables"] == []
