"""An editor that a test drives: an LSP client of a real `rdit-lsp` that gives rdit's own commands.

Everything that the server sends beyond LSP is checked against `docs/protocol_schema.json`.
"""

from __future__ import annotations

import json
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import converters
from pytest_lsp import client_capabilities

from support import processes, protocol_schema
from support.lsp_client import LspClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from support.lsp_client import Json, Received

D = TypeVar("D", bound="OpenDocument")

RDIT_LSP = Path(sys.executable).with_name("rdit-lsp")


@dataclass(frozen=True)
class Kind:
    """What an editor says of itself."""

    capabilities: str = "neovim"
    """Whose capabilities, of those that pytest-lsp has collected from real editors."""
    encodings: tuple[str, ...] | None = None
    """Offset encodings offered, in order; None leaves what the real editor offers."""
    options: str = "{}"
    """`initializationOptions` as JSON text."""


class Editor(LspClient):
    """A running `rdit-lsp`, and the documents that are open in it."""

    def __init__(self) -> None:
        """Use `start`."""
        super().__init__()
        self.mark = uuid.uuid4().hex
        """In the environment of the server and of every process that comes from it."""
        self.documents: list[OpenDocument] = []

    @classmethod
    async def start(
        cls,
        kind: Kind | None = None,
        *,
        root: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a server and say hello as an editor of this kind."""
        editor, kind = cls(), kind or Kind()
        await editor.launch([RDIT_LSP], env={**(env or {}), processes.MARK: editor.mark})
        await editor.say_hello(kind, root)
        return editor

    async def say_hello(self, kind: Kind, root: Path | None = None) -> None:
        """Initialize as an editor of this kind."""
        await self.initialize(_capabilities(kind), json.loads(kind.options), root)

    async def command(self, name: str, argument: object = None, *, plain: bool = False) -> Any:
        """Give one of rdit's commands, as a command or as a plain request; its reply is checked."""
        if plain:
            result = await self.request(name, argument)
        else:
            arguments = [] if argument is None else [argument]
            result = await self.request(
                "workspace/executeCommand", {"command": name, "arguments": arguments}
            )
        self.check_call(name, {} if argument is None else argument, result)
        return result

    def check_call(self, name: str, argument: object, result: object) -> None:
        """Check what is sent to a command, and what comes back."""
        protocol_schema.check_call(name, argument, result)

    async def status(self, uri: str | None = None) -> list[Json]:
        """The sessions as `rdit/status` tells them."""
        found: Json = await self.command("rdit/status", {} if uri is None else {"uri": uri})
        sessions: list[Json] = found["sessions"]
        return sessions

    def open(self, path: Path | str, text: str, version: int = 1) -> OpenDocument:
        """Open a document; one given by its path is written to disk first, one by its uri is not."""
        if isinstance(path, str):
            uri = path
        else:
            path.write_bytes(text.encode())
            uri = path.as_uri()
        return self.show(OpenDocument(self, uri, version, text))

    def show(self, document: D) -> D:
        """Open a document that was made for this editor."""
        self.documents.append(document)
        item = {
            "uri": document.uri,
            "languageId": "python",
            "version": document.version,
            "text": document.text,
        }
        self.notify("textDocument/didOpen", {"textDocument": item})
        return document

    async def close_documents(self) -> None:
        """Close what is open, and wait until nothing that ran for it is left."""
        for document in self.documents:
            await document.end()
        await processes.gone(self.mark, self.process.pid)

    def on_message(self, message: Received) -> None:
        """Check what the server sends beyond LSP."""
        if message.method.startswith("rdit/"):
            protocol_schema.check_message(message.method, message.params)


class OpenDocument:
    """A document that is open in an editor."""

    def __init__(self, editor: Editor, uri: str, version: int, text: str) -> None:
        self.editor = editor
        self.uri = uri
        self.version = version
        self.text = text
        self._is_open = True

    @property
    def identifier(self) -> Json:
        """LSP's TextDocumentIdentifier."""
        return {"uri": self.uri}

    async def execute(self, **params: object) -> Json:
        """Run, as `ExecuteParams` say."""
        return await self.editor.command("rdit/execute", {"uri": self.uri, **params})

    def start(self, **params: object) -> int:
        """Ask for a run without waiting for it; returns the request's id."""
        return self.editor.ask("rdit/execute", {"uri": self.uri, **params})

    async def time_out(self, first: int) -> Json:
        """Run with a time limit that strikes at line `first`: one that lets Python get there."""
        for limit in (1, 4, 16):
            report = await self.execute(timeout=limit)
            struck = [r["lineStart"] for r in report["results"] if r["status"] == "timeout"]
            if struck == [first]:
                break
        return report

    async def running(self, first: int) -> None:
        """Wait until the statement at line `first` runs; for editors that get result notifications."""

        def runs(params: Json) -> bool:
            return params["uri"] == self.uri and any(
                result["status"] == "running" and result["lineStart"] == first
                for result in params["results"]
            )

        await self.editor.wait_for("rdit/didChangeResults", runs)

    async def said(self, text: str, since: int = 0) -> None:
        """Wait until output with `text` has been told; for editors that get result notifications."""

        def has(params: Json) -> bool:
            return params["uri"] == self.uri and any(
                text in item["text"] for result in params["results"] for item in result["output"]
            )

        await self.editor.wait_for("rdit/didChangeResults", has, since=since)

    async def results(self, **params: object) -> list[Json]:
        """All results as they are now."""
        found = await self.editor.command("rdit/results", {"uri": self.uri, **params})
        return found["results"]

    async def interrupt(self) -> bool:
        """Interrupt; whether there was something to interrupt."""
        found = await self.editor.command("rdit/interrupt", {"uri": self.uri})
        return found["interrupted"]

    async def reset(self) -> None:
        """Reset."""
        await self.editor.command("rdit/reset", {"uri": self.uri})

    async def session(self) -> Json:
        """Its session as `rdit/status` tells it."""
        (found,) = await self.editor.status(self.uri)
        return found

    def replace(self, text: str) -> None:
        """Change the whole text."""
        self.change({"text": text})
        self.text = text

    def change(self, *changes: Json) -> None:
        """Send these content changes as the next version."""
        self.change_to(self.version + 1, *changes)

    def change_to(self, version: int, *changes: Json) -> None:
        """Send these content changes as a version of any number."""
        self.version = version
        identifier = {"uri": self.uri, "version": version}
        params = {"textDocument": identifier, "contentChanges": changes}
        self.editor.notify("textDocument/didChange", params)

    async def hints(self, first: int = 0, last: int = 100_000) -> list[Json]:
        """The inlay hints of lines `first` to `last`, from 0."""
        params = {"textDocument": self.identifier, "range": between(first, 0, last, 0)}
        return await self.editor.request("textDocument/inlayHint", params)

    async def labels(self) -> dict[int, str]:
        """Line, from 0, to the label of its hint."""
        return {hint["position"]["line"]: hint["label"] for hint in await self.hints()}

    async def hover(self, line: int, character: int = 0) -> str | None:
        """The text of the hover, None where there is none."""
        position = {"line": line, "character": character}
        params = {"textDocument": self.identifier, "position": position}
        found = await self.editor.request("textDocument/hover", params)
        return None if found is None else found["contents"]["value"]

    async def actions(
        self, first: int = 0, last: int | None = None, only: Sequence[str] | None = None
    ) -> list[Json]:
        """The code actions for lines `first` to `last`, from 0."""
        last = first if last is None else last
        context: Json = {"diagnostics": []}
        if only is not None:
            context["only"] = list(only)
        params = {
            "textDocument": self.identifier,
            "range": between(first, 0, last, 1),
            "context": context,
        }
        return await self.editor.request("textDocument/codeAction", params)

    async def lenses(self) -> list[Json]:
        """The code lenses."""
        params = {"textDocument": self.identifier}
        return await self.editor.request("textDocument/codeLens", params)

    async def diagnostics(
        self, where: Callable[[list[Json]], bool] = bool, since: int = 0
    ) -> list[Json]:
        """The first diagnostics published from message `since` on that satisfy `where`."""
        found = await self.editor.wait_for(
            "textDocument/publishDiagnostics",
            lambda params: params["uri"] == self.uri and where(params["diagnostics"]),
            since=since,
        )
        return found["diagnostics"]

    async def end(self) -> None:
        """End its program, which would be kept for a moment, and close it."""
        if self._is_open and self.editor.process.returncode is None:
            await self.editor.command("rdit/stop", self.identifier)
            self.close()

    def close(self) -> None:
        """Close it."""
        if self._is_open and self.editor.process.returncode is None:
            self._is_open = False
            self.editor.notify("textDocument/didClose", {"textDocument": self.identifier})


def between(line: int, character: int, end_line: int, end_character: int) -> Json:
    """An LSP range."""
    return {
        "start": {"line": line, "character": character},
        "end": {"line": end_line, "character": end_character},
    }


def insertion(line: int, character: int, text: str) -> Json:
    """A content change that inserts `text`."""
    return {"range": between(line, character, line, character), "text": text}


def _capabilities(kind: Kind) -> Json:
    found = converters.get_converter().unstructure(client_capabilities(kind.capabilities))
    if kind.encodings is not None:
        found.setdefault("general", {})["positionEncodings"] = list(kind.encodings)
    found.setdefault("workspace", {}).setdefault("inlayHint", {"refreshSupport": True})
    return found


def outputs(result: Json, *kinds: str) -> str:
    """The text of a result's outputs of these types, all by default."""
    return "".join(i["text"] for i in result["output"] if not kinds or i["type"] in kinds)


def values(report: Json) -> list[str]:
    """What each statement put out."""
    return [outputs(result) for result in report["results"]]
