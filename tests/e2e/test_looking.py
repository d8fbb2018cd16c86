"""Looking at what a program holds, through a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from editor import Editor


async def test_nothing_is_started(editor: Editor, tmp_path: Path) -> None:
    """Moving the mouse over a document would run it, or start its interpreter."""
    document = editor.open(tmp_path / "still.py", "x = [1]\nx.append(")
    assert await document.hover(0) is None
    for line, character in ((1, 2), (1, 9)):
        here = {
            "textDocument": document.identifier,
            "position": {"line": line, "character": character},
        }
        assert await editor.request("textDocument/completion", here) is None
        assert await editor.request("textDocument/signatureHelp", here) is None
    for plain in (True, False):
        found = await editor.command("rdit/variables", document.identifier, plain=plain)
        assert found["variables"] == []
    assert (await document.session())["pid"] is None


async def test_what_it_says_it_can(editor: Editor) -> None:
    """Editors would not ask."""
    capabilities = editor.server["capabilities"]
    assert capabilities["completionProvider"]["triggerCharacters"] == [".", "[", '"', "'"]
    assert capabilities["signatureHelpProvider"]["triggerCharacters"] == ["(", ","]
    assert "rdit/variables" in capabilities["executeCommandProvider"]["commands"]
