"""Profiles of clients, from what they say of themselves."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from rdit_lsp.api.decode import Options
from rdit_lsp.api.profile import ClientProfile, ImageSupport
from rdit_lsp.lsp.client_profile import client_profile


def profile(
    capabilities: types.ClientCapabilities, client: str | None = None, **options: object
) -> ClientProfile:
    info = types.ClientInfo(client) if client is not None else None
    params = types.InitializeParams(capabilities, client_info=info)
    return client_profile(params, Options.decode({"rdit": options}))


def test_a_client_that_says_nothing() -> None:
    """It would be sent what it never asked for."""
    assert ClientProfile() == profile(types.ClientCapabilities())


def test_what_is_said_in_options() -> None:
    """A client with views of its own would get none of what they show."""
    said = {"resultNotifications": True, "input": True, "clipboard": True, "otherServer": True}
    found = profile(types.ClientCapabilities(), "Visual Studio Code", **said)
    assert found == ClientProfile(
        wants_results=True,
        can_answer=True,
        has_clipboard=True,
        has_other_server=True,
        images=ImageSupport.VSCODE,
    )
    assert ClientProfile() == profile(types.ClientCapabilities(), **dict.fromkeys(said, 1))


def test_what_real_editors_can() -> None:
    """Neovim would be asked what it cannot do, or not be asked what it can."""
    found = profile(client_capabilities("neovim"))
    assert found.can_show_progress
    assert found.can_refresh_hints
    assert found.can_open_files
    assert found.has_configuration
    assert found.takes_label_offsets


@pytest.mark.parametrize(("said", "is_asked"), [(True, True), (None, True), (False, False)])
def test_refreshes(said: bool | None, is_asked: bool) -> None:
    """lsp-mode would open a window of warnings at each result, or eglot show none of them."""
    hints = types.InlayHintWorkspaceClientCapabilities(refresh_support=said)
    workspace = types.WorkspaceClientCapabilities(inlay_hint=hints)
    found = profile(types.ClientCapabilities(workspace=workspace))
    assert is_asked == found.can_refresh_hints


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        ([types.PositionEncodingKind.Utf32, types.PositionEncodingKind.Utf16], "utf-32"),
        (["utf-7"], "utf-16"),
    ],
)
def test_encoding(offered: list[str] | None, chosen: str) -> None:
    """Every column behind a character beyond ASCII would be another than the client's."""
    general = types.GeneralClientCapabilities(position_encodings=offered)
    assert chosen == profile(types.ClientCapabilities(general=general)).encoding
