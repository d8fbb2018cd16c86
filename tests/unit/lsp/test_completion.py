"""Completion items from live objects."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from rdit_lsp.api.inspection import candidates_from
from rdit_lsp.document.cursor import Completion
from rdit_lsp.document.document import open_document
from rdit_lsp.lsp.features.completion import completions
from rdit_lsp.results.snapshot import Inspection

URI = "file:///folder/script.py"

ITEMS = [
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
    found = completions(
        candidates_from(inspection), place, (0, len(text)), document, "utf-16", **how
    )
    return [] if found is None else found.items


def test_completions() -> None:
    """They would stand before those of other servers, or nobody could tell whose they are."""
    items = completed(Completion("df.", "h"), ITEMS, "df.h")
    assert [item.label for item in items] == ["head", "price", "rows", "_mgr"]
    assert {item.label_details.description for item in items} == {"rdit"}
    assert [i.label for i in sorted(items, key=lambda i: i.sort_text)] == [
        "price",
        "rows",
        "head",
        "_mgr",
    ]
    assert all(item.sort_text > "zz" for item in items)
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


def test_what_only_the_live_object_has_comes_first_beside_another_server() -> None:
    """A frame's columns would stand below all that every frame has."""
    items = completed(Completion("df.", ""), ITEMS, "df.", beside=True)
    assert {item.label: (item.sort_text or "")[0] for item in items} == {
        "price": "!",
        "rows": "!",
        "_mgr": "~",
    }


def test_keys_beside_another_server() -> None:
    """A client that merges lists would write a second quote, or offer the keys of the text twice."""
    items = [{"label": label, "kind": "key"} for label in ("host", "made")]
    place = Completion('d["', "", '"')
    text = "d = {'host': 1}; d[\""
    document = open_document(URI, 1, text + '"]')
    found = candidates_from(Inspection({"items": items, "incomplete": False}, "now"))
    shown = completions(found, place, (0, len(text)), document, "utf-16", beside=True)
    assert shown is not None
    (item,) = shown.items
    where = types.Range(types.Position(0, len(text) - 1), types.Position(0, len(text) + 1))
    assert (item.label, item.text_edit) == ('"made"', types.TextEdit(where, '"made"'))


def test_keys_are_written_as_texts() -> None:
    """A key with a quote in it would end the text."""
    items = [{"label": label, "kind": "key"} for label in ("a b", "it's", "c\\d", "e\nf")]

    def texts(quote: str) -> list[str]:
        place = Completion("df[" + quote[-1], "", quote)
        return [item.text_edit.new_text for item in completed(place, items, "df[" + quote)]

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
    document = open_document(URI, 1, "ma\nmax_size = 1\nexec(code)")
    found = candidates_from(Inspection({"items": items, "incomplete": False}, "now"))
    shown = completions(found, Completion("", "ma"), (0, 2), document, "utf-16")
    assert shown is not None
    assert [item.label for item in shown.items] == ["made"]
