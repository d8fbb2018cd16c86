"""Every request as JSON, and JSON that is none."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rdit_lsp.api.commands import COMMANDS
from rdit_lsp.api.decode import (
    CheckpointParams,
    DocumentParams,
    ExecuteParams,
    ExportParams,
    MessageError,
    Options,
    PlaceParams,
    RestoreParams,
    ResultsParams,
    StatusParams,
    input_text,
)
from rdit_lsp.session.planning import Request

URI = "file:///d.py"
START = {"line": 0, "character": 0}


def test_execute_with_nothing_but_a_document() -> None:
    """`rdit/execute` of a document would not be `python FILE`."""
    assert ExecuteParams(URI, None, Request()) == ExecuteParams.decode({"uri": URI})


def test_execute_with_everything() -> None:
    """A field would do nothing."""
    raw = {
        "uri": URI,
        "version": 3,
        "scope": "toHere",
        "fresh": False,
        "lineRange": {"from": 2, "to": 5},
        "position": START,
        "onError": "continue",
        "timeout": 1.5,
        "env": {"A": "b"},
        "transactionPolicy": "commit_on_success",
    }
    request = Request(
        scope="toHere",
        fresh=False,
        lines=(2, 5),
        line=1,
        stop_on_error=False,
        timeout=1.5,
        env={"A": "b"},
        policy="commit_on_success",
    )
    assert ExecuteParams(URI, 3, request) == ExecuteParams.decode(raw)


@pytest.mark.parametrize(
    ("raw", "scope"),
    [
        ({}, "file"),
        ({"scope": None}, "file"),
        ({"lineRange": {"from": 1, "to": 1}}, "range"),
        ({"position": START}, "file"),
    ],
)
def test_scope_that_is_not_named(raw: dict[str, Any], scope: str) -> None:
    """A client that gives lines would have the whole file run."""
    assert scope == ExecuteParams.decode({"uri": URI, **raw}).request.scope


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"uri": 5}, "uri is 5, not a document's uri."),
        ({"uri": ""}, "uri is '', not a document's uri."),
        ({"scope": "all"}, "scope is 'all', not one of file, "),
        ({"scope": ["file"]}, "scope is ['file'], not one of "),
        ({"scope": "cell"}, "scope 'cell' needs a position or a lineRange."),
        ({"version": "1"}, "version is '1', not int."),
        ({"version": True}, "version is True, not int."),
        ({"fresh": 1}, "fresh is 1, not bool."),
        ({"onError": "ignore"}, "onError is 'ignore', not stop or continue."),
        ({"onError": None}, "onError is None, not stop or continue."),
        ({"timeout": 0}, "timeout is 0, not a number of seconds above 0."),
        ({"timeout": True}, "timeout is True, not a number of seconds above 0."),
        ({"timeout": math.nan}, "timeout is nan, not a number of seconds above 0."),
        ({"timeout": "1"}, "timeout is '1', not a number of seconds above 0."),
        ({"env": {"A": 1}}, "env is {'A': 1}, not an object of strings."),
        ({"env": ["A"]}, "env is ['A'], not an object of strings."),
        ({"env": {"A=": "b"}}, "which cannot be environment variables."),
        ({"lineRange": {"from": 1}}, "lineRange is {'from': 1}, not {from, to} with two"),
        ({"lineRange": [1, 2]}, "lineRange is [1, 2], not "),
        ({"position": {"line": 1.5}}, "position is {'line': 1.5}, not an LSP position."),
        ({"position": 3}, "position is 3, not an LSP position."),
        ({"transactionPolicy": "never"}, "transactionPolicy is 'never', not one of "),
    ],
)
def test_execute_that_makes_no_sense(raw: dict[str, Any], sentence: str) -> None:
    """Something else than what was asked for would run, or the reply would be a traceback."""
    with pytest.raises(MessageError) as raised:
        ExecuteParams.decode({"uri": URI, **raw})
    assert sentence in str(raised.value)


def test_other_requests() -> None:
    """A command would do something else than it was asked to."""
    assert DocumentParams(URI) == DocumentParams.decode({"uri": URI, "more": 1})
    assert CheckpointParams(URI, None) == CheckpointParams.decode({"uri": URI})
    assert CheckpointParams(URI, "a") == CheckpointParams.decode({"uri": URI, "name": "a"})
    assert RestoreParams(URI, "7") == RestoreParams.decode({"uri": URI, "checkpointId": 7})
    assert ResultsParams(URI, None, picture_files=False) == ResultsParams.decode({"uri": URI})
    asked = {"uri": URI, "lineRange": {"from": 1, "to": 2}, "pictureFiles": True}
    assert ResultsParams(URI, (1, 2), picture_files=True) == ResultsParams.decode(asked)
    place = {"uri": URI, "position": {"line": 4, "character": 9}}
    assert PlaceParams(URI, 5, show=True) == PlaceParams.decode(place)
    assert PlaceParams(URI, 5, show=False) == PlaceParams.decode({**place, "show": False})
    assert ExportParams(URI, "html", None, show=False) == ExportParams.decode({"uri": URI})
    asked = {"uri": URI, "to": "md", "output": "/a.md", "show": True}
    assert ExportParams(URI, "md", "/a.md", show=True) == ExportParams.decode(asked)


@pytest.mark.parametrize("raw", [None, {}, {"uri": None}])
def test_status_of_everything(raw: object) -> None:
    """An agent that has no uri yet would not find the sessions."""
    assert StatusParams(None) == StatusParams.decode(raw)


@pytest.mark.parametrize(
    ("decode", "raw", "sentence"),
    [
        (StatusParams.decode, [], "one object is expected as argument."),
        (StatusParams.decode, {"uri": 1}, "uri is 1, not a document's uri."),
        (CheckpointParams.decode, {"uri": URI, "name": 1}, "name is 1, not str."),
        (RestoreParams.decode, {"uri": URI}, "checkpointId is None, not the id of a checkpoint."),
        (RestoreParams.decode, {"uri": URI, "checkpointId": True}, "checkpointId is True, not "),
        (ResultsParams.decode, {"uri": URI, "pictureFiles": 1}, "pictureFiles is 1, not bool."),
        (PlaceParams.decode, {"uri": URI}, "a position is expected: whose output is meant?"),
        (ExportParams.decode, {"uri": URI, "to": "pdf"}, "to is 'pdf', not one of html, "),
        (ExportParams.decode, {"uri": URI, "to": None}, "to is None, not one of html, "),
        (ExportParams.decode, {"uri": URI, "output": "a.md"}, "output is 'a.md', not an absolute"),
        (ExportParams.decode, {"uri": URI, "output": 1}, "output is 1, not str."),
    ],
)
def test_requests_that_make_no_sense(decode: Any, raw: object, sentence: str) -> None:
    """The reply would be a traceback, or the wrong thing done."""
    with pytest.raises(MessageError) as raised:
        decode(raw)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("raw", [5, "text", ["file:///d.py"], {"uri": {}}, {"uri": True}])
def test_nonsense_is_one_sentence(name: str, raw: object) -> None:
    """The person at the client would see a traceback."""
    with pytest.raises(MessageError) as raised:
        COMMANDS[name].decode(raw)
    assert "\n" not in str(raised.value)
    assert str(raised.value)[-1] in ".?"


def test_options() -> None:
    """A client would get what it did not ask for, or not what it did."""
    section = {"input": True, "images": False, "clipboard": True, "runOn": "save"}
    expected = Options(input=True, images=False, clipboard=True, settings=section)
    assert expected == Options.decode({"rdit": section}) == Options.decode(section)
    for raw in (None, 5, [], {"rdit": 5}):
        assert Options() == Options.decode(raw)
    section = {"input": 1, "images": "yes", "resultNotifications": "true"}
    assert Options(settings=section) == Options.decode(section)


@pytest.mark.parametrize(
    ("reply", "line"),
    [({"text": "a"}, "a"), ({"text": ""}, ""), ({"text": None}, None), ({}, None), (None, None)],
)
def test_input(reply: object, line: str | None) -> None:
    """A person who gives up would leave the program waiting."""
    assert line == input_text(reply)
