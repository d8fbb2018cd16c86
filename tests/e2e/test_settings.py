"""Settings as editors give them: for all documents, and for the folder that a document is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.lsp_client import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor
    from support.lsp_client import Json

ARGUMENTS = "import sys\nsys.argv[1:]\n"


def answers_by_folder(editor: Editor, settings: dict[str, Json]) -> None:
    """Have the editor answer with the settings of the folder that is named in a document's uri."""

    def answer(params: Any) -> list[Json]:
        uris = [item.get("scopeUri", "") for item in params["items"]]
        return [next((s for name, s in settings.items() if f"/{name}/" in uri), {}) for uri in uris]

    editor.answers["workspace/configuration"] = answer


def folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


async def test_folders_of_a_workspace_have_settings_of_their_own(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """What a folder sets would count only where it is opened alone; or only from the second run on."""
    editor = await own()
    answers_by_folder(editor, {"one": {"args": ["--one"]}, "two": {"args": None}})
    first = editor.open(folder(tmp_path, "one") / "a.py", ARGUMENTS)
    assert (await first.execute())["results"][1]["output"][0]["text"] == "['--one']"
    second = editor.open(folder(tmp_path, "two") / "a.py", ARGUMENTS)
    assert (await second.execute())["results"][1]["output"][0]["text"] == "[]"


async def test_wrong_setting_of_a_folder(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """Another Python would run the code than the one that the folder names."""
    editor = await own()
    answers_by_folder(editor, {"one": {"python": "no-such-python"}})
    document = editor.open(folder(tmp_path, "one") / "a.py", ARGUMENTS)
    with pytest.raises(RpcError, match="no-such-python, set in the editor's settings"):
        await document.execute()


async def test_settings_of_a_folder_that_change(
    own: Callable[..., Awaitable[Editor]], tmp_path: Path
) -> None:
    """A change in a folder's settings would count after a restart only."""
    editor = await own()
    document = editor.open(folder(tmp_path, "one") / "a.py", ARGUMENTS)
    assert (await document.execute())["results"][1]["output"][0]["text"] == "[]"
    answers_by_folder(editor, {"one": {"args": ["--new"]}})
    editor.notify("workspace/didChangeConfiguration", {"settings": {"rdit": {}}})
    assert (await document.execute())["results"][1]["output"][0]["text"] == "['--new']"
