"""An editor that a test drives: an LSP client on the standard streams of a real `rdit-lsp`.

It speaks plain JSON, so that a test can also send what no library would. Everything that the server sends
beyond LSP is checked against `docs/protocol_schema.json`. Nothing here ever sleeps: all waiting is for a
message, with a time limit that only a bug reaches.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import converters
from pytest_lsp import client_capabilities

from support import processes, protocol_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Json = dict[str, Any]

LIMIT = 60.0
"""Seconds until a message that does not come counts as lost."""

RDIT_LSP = Path(sys.executable).with_name("rdit-lsp")


class RpcError(Exception):
    """An error reply."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]


@dataclass(frozen=True)
class Kind:
    """What an editor says of itself."""

    capabilities: str = "neovim"
    """Whose capabilities, of those that pytest-lsp has collected from real editors."""
    encodings: tuple[str, ...] | None = None
    """Offset encodings offered, in order; None leaves what the real editor offers."""
    options: str = "{}"
    """`initializationOptions` as JSON text."""


class Editor:
    """A running server, and everything it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        """Use `start`."""
        self.process = process
        self.mark = mark
        """In the environment of the server and of every process that comes from it."""
        self.inbox: list[Json] = []
        """Every notification and request of the server, in order."""
        self.answers: dict[str, Callable[[Any], Any]] = {}
        """How to answer requests of the server; RpcError raised there is the answer too."""
        self.server: Json = {}
        """The result of `initialize`."""
        self.documents: list[OpenDocument] = []
        self.replied = 0
        """How many messages had come when the last reply did."""
        self.settings: Json = {}
        """What `workspace/configuration` gives as section `rdit`."""
        self._ids = count(1)
        self._replies: dict[Any, asyncio.Future[Json]] = {}
        self._arrived = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        kind: Kind | None = None,
        *,
        root: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Editor:
        """Start a server and initialize it."""
        mark = uuid.uuid4().hex
        environment = {**os.environ, **(env or {}), processes.MARK: mark}
        process = await asyncio.create_subprocess_exec(
            RDIT_LSP,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=1 << 26,
        )
        editor = cls(process, mark)
        await editor.initialize(kind or Kind(), root)
        return editor

    async def initialize(self, kind: Kind, root: Path | None) -> None:
        """Say hello as an editor of this kind."""
        capabilities = _capabilities(kind)
        workspace = root.as_uri() if root is not None else None
        self.server = await self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": workspace,
                "capabilities": capabilities,
                "initializationOptions": json.loads(kind.options),
            },
        )
        self.notify("initialized", {})

    # Messages out.

    async def request(self, method: str, params: object, limit: float = LIMIT) -> Any:
        """Send a request and wait for its reply. Raises RpcError for an error reply."""
        return await self.reply(self.ask(method, params), limit)

    def ask(self, method: str, params: object) -> int:
        """Send a request; returns its id."""
        number = next(self._ids)
        self._replies[number] = asyncio.get_running_loop().create_future()
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    async def reply(self, number: int, limit: float = LIMIT) -> Any:
        """Wait for the reply to request `number`."""
        reply = await asyncio.wait_for(asyncio.shield(self._replies[number]), limit)
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["result"]

    def has_reply(self, number: int) -> bool:
        """Whether request `number` has been answered."""
        return self._replies[number].done()

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Json) -> None:
        """Send any message."""
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send_bytes(self, data: bytes) -> None:
        """Send any bytes."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    async def command(self, name: str, argument: object = None, *, plain: bool = False) -> Any:
        """Give one of rdit's commands, as a command or as a plain request; its reply is checked."""
        if plain:
            result = await self.request(name, argument)
        else:
            arguments = [] if argument is None else [argument]
            result = await self.request(
                "workspace/executeCommand", {"command": name, "arguments": arguments}
            )
        protocol_schema.check_call(name, {} if argument is None else argument, result)
        return result

    async def status(self, uri: str | None = None) -> list[Json]:
        """The sessions as `rdit/status` tells them."""
        found = await self.command("rdit/status", {} if uri is None else {"uri": uri})
        return found["sessions"]

    def open(self, path: Path | str, text: str, version: int = 1) -> OpenDocument:
        """Open a document; one given by its path is written to disk first, one by its uri is not."""
        if isinstance(path, str):
            uri = path
        else:
            path.write_bytes(text.encode())
            uri = path.as_uri()
        document = OpenDocument(self, uri, version, text)
        self.documents.append(document)
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return document

    # Messages in.

    def received(self, method: str, since: int = 0) -> list[Any]:
        """The params of the messages of this method that have come, from number `since` on."""
        return [msg.get("params") for msg in self.inbox[since:] if msg["method"] == method]

    async def wait_for(
        self,
        method: str,
        where: Callable[[Any], bool] = lambda _: True,
        *,
        since: int = 0,
        limit: float = LIMIT,
    ) -> Any:
        """The params of the first message of `method` that satisfies `where`, now or when it comes."""

        async def look() -> Any:
            at = since
            while True:
                while at < len(self.inbox):
                    msg = self.inbox[at]
                    at += 1
                    if msg["method"] == method and where(msg.get("params")):
                        return msg.get("params")
                self._arrived.clear()
                await self._arrived.wait()

        return await asyncio.wait_for(look(), limit)

    async def wait_for_more(self, method: str, count: int) -> None:
        """Wait until so many messages of `method` have come from now on."""
        for _ in range(count):
            await self.wait_for(method, since=len(self.inbox))

    # The end.

    async def close(self) -> int:
        """Say goodbye as LSP has it; returns the exit code."""
        await self.request("shutdown", None)
        self.notify("exit", None)
        return await self.wait_until_gone()

    async def wait_until_gone(self) -> int:
        """Wait until the server has ended; returns its exit code."""
        code = await asyncio.wait_for(self.process.wait(), LIMIT)
        await asyncio.wait_for(self._reading, LIMIT)
        return code

    async def close_documents(self) -> None:
        """Close what is open, and wait until nothing that ran for it is left."""
        for document in self.documents:
            document.close()
        await self.status()
        await processes.gone(self.mark, self.process.pid)

    @property
    def is_usable(self) -> bool:
        """Whether the server still runs and has answered everything."""
        unanswered = [number for number, reply in self._replies.items() if not reply.done()]
        return self.process.returncode is None and not unanswered

    async def _read(self) -> None:
        assert self.process.stdout is not None
        stream = self.process.stdout
        try:
            while True:
                header = await stream.readuntil(b"\r\n\r\n")
                size = int(header.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                self._take(json.loads(await stream.readexactly(size)))
        except (asyncio.IncompleteReadError, ConnectionError):
            gone = {"error": {"code": 0, "message": "the server is gone"}}
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_result(gone)

    def _take(self, message: Json) -> None:
        if "method" not in message:
            reply = self._replies[message["id"]]
            assert not reply.done(), f"a second reply: {message}"
            reply.set_result(message)
            self.replied = len(self.inbox)
            return
        self.inbox.append(message)
        self._arrived.set()
        if message["method"].startswith("rdit/"):
            protocol_schema.check_message(message["method"], message["params"])
        if "id" in message:
            self._answer(message)

    def _answer(self, message: Json) -> None:
        reply: Json = {"jsonrpc": "2.0", "id": message["id"]}
        known: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": lambda params: [self.settings for _ in params["items"]],
            "workspace/inlayHint/refresh": lambda _: None,
            "workspace/codeLens/refresh": lambda _: None,
            "window/workDoneProgress/create": lambda _: None,
            **self.answers,
        }
        answer = known.get(message["method"])
        if answer is None:
            reply["error"] = {"code": -32601, "message": "MethodNotFound"}
        else:
            reply["result"] = answer(message.get("params"))
        self.send(reply)


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
