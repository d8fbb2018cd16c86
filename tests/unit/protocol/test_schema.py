"""`docs/protocol_schema.json`: one place for every message, which nothing else contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
from jsonschema import Draft202012Validator
from support.protocol_schema import PATH, definitions

from rdit_lsp.export.model import Format
from rdit_lsp.render.look import Look
from rdit_lsp.results.outcome import RunStatus, Status
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import Policy, Scope, WayBackKind
from rdit_lsp.settings import configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS: dict[str, Any] = definitions()["Settings"]["properties"]
ROOT = PATH.parents[1]
READ = {
    *("InitializationOptions", "ClientOptions", "Settings", "InputResult"),
    *(name for name in definitions() if name.endswith("Params")),
    *("LineRange", "Position"),
} - {"DidChangeResultsParams", "InputParams"}
"""What the server reads: there it ignores what it does not know."""


def objects() -> dict[str, Any]:
    """The entries that are objects of named fields; not the two maps of method names."""
    named = {name: each for name, each in definitions().items() if "properties" in each}
    return {name: each for name, each in named.items() if name not in ("Requests", "Messages")}


def parts(schema: object) -> Iterator[dict[str, Any]]:
    """A schema and all schemas in it."""
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from parts(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from parts(each)


def values(place: dict[str, Any]) -> list[str]:
    """What a choice may be."""
    return [each["const"] for each in place["oneOf"]]


def field(name: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = definitions()[name]["properties"][key]
    return found


def test_it_is_a_schema() -> None:
    """Nothing could be checked against it."""
    Draft202012Validator.check_schema({"$defs": definitions()})


def test_every_reference_leads_somewhere_and_every_entry_is_used() -> None:
    """A message would be checked against nothing, or an entry describe what nobody sends."""
    used = {each["$ref"].rpartition("/")[2] for each in parts(definitions()) if "$ref" in each}
    roots = {"Requests", "Messages", "InitializationOptions", "RunReport", "RunEvent", "HostReport"}
    assert {*definitions()} == used | roots


@pytest.mark.parametrize("name", objects())
def test_what_the_server_sends_has_no_other_fields(name: str) -> None:
    """A field that is not described here could be sent, and no test would fail."""
    rest = definitions()[name].get("additionalProperties", "any")
    expected = "any" if name in READ else {"type": "object"} if name == "Metadata" else False
    assert expected == rest


@pytest.mark.parametrize("name", definitions())
def test_everything_is_described(name: str) -> None:
    """Readers of the tables, and of the types in the clients, would have to guess."""
    entry = definitions()[name]
    described = [entry, *entry.get("properties", {}).values()]
    described += [each for each in entry.get("oneOf", ()) if "$ref" not in each]
    assert all(each["description"].endswith(".") for each in described)


@pytest.mark.parametrize(
    ("choice", "place"),
    [
        (Look, definitions()["Look"]),
        (Status, definitions()["StatementStatus"]),
        (RunStatus, definitions()["RunStatus"]),
        (Scope, definitions()["Scope"]),
        (Policy, definitions()["TransactionPolicy"]),
        (WayBackKind, field("WayBack", "kind")),
        (Format, field("ExportParams", "to")),
        (configuration.RunOn, field("Settings", "runOn")),
        (configuration.Complete, field("Settings", "completion")),
        (configuration.FigureFormat, field("Settings", "figureFormat")),
    ],
)
def test_choices_are_those_of_the_server(choice: object, place: dict[str, Any]) -> None:
    """A client would know values that the server does not, or the other way round."""
    assert {*get_args(choice)} == {*values(place)}


def test_states_are_those_of_the_server() -> None:
    """A client would have no word for what a session does."""
    assert {state.value for state in SessionState} == {*values(definitions()["SessionState"])}


def test_settings_are_those_that_the_server_reads() -> None:
    """A setting would be offered that nothing reads, or one be read that is described nowhere."""
    assert {*SETTINGS} == {*configuration._READERS}


@pytest.mark.parametrize("key", [key for key, setting in SETTINGS.items() if "oneOf" in setting])
def test_the_server_takes_every_choice_and_no_other(key: str, tmp_path: Path) -> None:
    """The editor would offer a value that ends in an error."""
    for value in values(SETTINGS[key]):
        assert configuration.settings_for(tmp_path, {key: value}).sources
    with pytest.raises(configuration.ConfigurationError):
        configuration.settings_for(tmp_path, {key: "something else"})


def test_defaults_are_those_of_the_server(tmp_path: Path) -> None:
    """A user would rely on a default that is another."""
    defaults = {
        key: setting["default"] for key, setting in SETTINGS.items() if "default" in setting
    }
    explicit = configuration.settings_for(tmp_path, defaults)
    assert explicit.sources.keys() == {
        name for key, (name, *_) in configuration._READERS.items() if defaults.get(key) is not None
    }
    assert configuration.Settings(sources=explicit.sources) == explicit


@pytest.mark.parametrize("page", ["editors/vscode/README.md", "editors/neovim/doc/rdit.txt"])
def test_every_setting_is_in_the_clients_own_words_too(page: str) -> None:
    """A user would not learn of a setting from the page of the editor at hand."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [] == [key for key in SETTINGS if key not in text]
