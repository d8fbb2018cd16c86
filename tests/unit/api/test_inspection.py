"""Questions about live values, and answers that a program may have made up."""

from __future__ import annotations

from typing import Any

import pytest
from support import protocol_schema

from rdit_lsp.api import inspection
from rdit_lsp.api.inspection import Candidate
from rdit_lsp.document.cursor import Completion
from rdit_lsp.document.document import open_document
from rdit_lsp.results.snapshot import Inspection

URI = "file:///folder/script.py"


def now(answer: dict[str, Any]) -> Inspection:
    return Inspection(answer, "now")


def test_value() -> None:
    """A hover or an agent would get nothing of it, or a text that JSON readers refuse."""
    answer = {"found": True, "type": "ndarray", "summary": "3 float64", "text": "\udcff"}
    value = inspection.value_from(Inspection({**answer, "shape": [3], "doc": 5}, "after line 3"))
    assert value is not None
    assert ("ndarray", "3 float64", "\\udcff", "") == (
        value.type,
        value.summary,
        value.text,
        value.doc,
    )
    assert (True, False, "after line 3") == (value.has_shape, value.is_static, value.origin)
    assert inspection.value_from(now({"found": False})) is None


def test_candidates() -> None:
    """A label that comes back as another text would insert that."""
    raw = [
        {"label": "price", "kind": "property", "static": True, "type": "int", "detail": "5"},
        {"label": "bad\udcff", "kind": "variable"},
        {"label": ""},
        {"label": None},
        None,
    ]
    found = inspection.candidates_from(now({"items": raw, "incomplete": True}))
    assert [Candidate("price", "property", "int", "5", is_static=True)] == found.items
    assert found.is_incomplete


def test_signature() -> None:
    """A parameter would be marked that is not there."""
    answer = {"found": True, "label": "f(a, b)", "parameters": [[2, 3], [5, 6]], "active": 1}
    found = inspection.signature_from(now(answer))
    assert found is not None
    assert ([(2, 3), (5, 6)], 1) == (found.parameters, found.active)
    for active in (None, 2, -1, "x"):
        found = inspection.signature_from(now({**answer, "active": active}))
        assert found is not None
        assert found.active is None
    assert inspection.signature_from(now({"found": False, "label": "f(a)"})) is None
    assert inspection.signature_from(now({"found": True})) is None


def test_completion_beside_another_server() -> None:
    """What that one offers would be there twice."""
    document = open_document(URI, 1, "f(na")
    place = Completion("f(", "na")
    assert inspection.completion_question(place, document, beside=True) is None
    assert inspection.completion_question(place, document) == {
        "what": "completion",
        "expression": "f(",
        "prefix": "na",
    }


@pytest.mark.parametrize(
    ("text", "asks"),
    [("max_size = 1\nma", False), ("ma\nexec(code)", True), ("ma\nfrom x import *", True)],
)
def test_names_that_the_text_does_not_have(text: str, asks: bool) -> None:
    """Each word typed would fork the program, to offer what editors offer anyway."""
    document = open_document(URI, 1, text)
    question = inspection.completion_question(Completion("", "ma"), document)
    assert asks == (question is not None)


def test_variables_lead_to_their_lines() -> None:
    """Choosing one would lead to where it has another value, or nowhere."""
    document = open_document(
        URI, 1, "x = 1\nif x:\n    y = 2\ndef f():\n    z = 1\nx = (\n"
    )  # The last line is being typed.
    names = ["x", "y", "z", "f"]
    raw = [{"name": name, "type": "int", "summary": "\udcff"} for name in names]
    found = inspection.variables_from(now({"variables": raw, "omitted": 0}), document)
    protocol_schema.check("VariablesResult", found)
    lines = {each["name"]: each.get("lineStart") for each in found["variables"]}
    assert lines == {"x": 6, "y": 3, "z": None, "f": 4}
    assert found["variables"][0]["summary"] == "\\udcff"
    assert found["origin"] == "now"
    found = inspection.variables_from(now({"variables": [], "omitted": 7}), document)
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
    value = inspection.value_from(now(answer))
    assert value is None or isinstance(value.text, str)
    assert [] == inspection.candidates_from(now(answer)).items
    signature = inspection.signature_from(now(answer))
    assert signature is None or [] == signature.parameters
    variables = inspection.variables_from(now(answer), open_document(URI, 1, "f("))
    protocol_schema.check("VariablesResult", variables)


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("now", "from the live program"),
        ("while line 12 runs", "from the live program, while line 12 runs"),
        ("after line 3", "from the state after line 3"),
    ],
)
def test_origin(origin: str, words: str) -> None:
    """An old value would pass for the present one."""
    assert words == inspection.origin_in_words(origin)
