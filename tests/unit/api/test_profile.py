"""What a client wants and can do."""

from __future__ import annotations

import pytest

from rdit_lsp.api.profile import ClientProfile, ImageSupport, image_support


@pytest.mark.parametrize(
    ("client", "wanted", "support"),
    [
        ("Visual Studio Code", None, ImageSupport.VSCODE),
        ("Visual Studio Code - Insiders", True, ImageSupport.VSCODE),
        ("VSCodium", None, ImageSupport.VSCODE),
        ("VSCodium", False, ImageSupport.NONE),
        ("Neovim", None, ImageSupport.NONE),
        ("Neovim", True, ImageSupport.INLINE),
        ("helix", None, ImageSupport.NONE),
        (None, None, ImageSupport.NONE),
        (None, True, ImageSupport.INLINE),
    ],
)
def test_image_support(client: str | None, wanted: bool | None, support: ImageSupport) -> None:
    """VS Code would show captions only, although it needs no setting; Neovim a page of letters."""
    assert support is image_support(client, wanted)


@pytest.mark.parametrize(
    ("wanted", "has_other_server", "mode"),
    [
        ("auto", False, "live"),
        ("auto", True, "beside"),
        ("live", True, "live"),
        ("beside", False, "beside"),
        ("off", True, "off"),
    ],
)
def test_completion(wanted: str, has_other_server: bool, mode: str) -> None:
    """Who has another server for completions would be offered everything twice."""
    assert mode == ClientProfile(has_other_server=has_other_server).completion(wanted)
