"""A language client on the standard streams of a real server, for tests and for measurements.

It speaks plain JSON, so that a test can also send what no library would; it costs little, so that what is
measured is the server; and it notes when and how long each message was. Nothing here ever sleeps: all
waiting is for a message, with a time limit that only a bug reaches. It knows nothing of rdit.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import time
import weakref
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from typing_extensions import Self

Json: TypeAlias = dict[str, Any]
Answer: TypeAlias = Callable[[Any], object]
"""The params of a request of the server → its result."""

LIMIT = 60.0
"""Seconds until a message that does not come counts as lost."""

_GONE: Json = {"error": {"code": 0, "message": "the server is gone"}}


class RpcError(Exception):
    """An error reply."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]


@dataclass(frozen=True)
class Received:
    """A notification or a request of the server."""

    at: float
    """When it had come, on `time.time`'s clock, in seconds."""
    size: int
    """Bytes of its body."""
    method: str
    params: Any


class LspClient:
    """A running server, and everything it has said so far."""

    def __init__(self) -> None:
        """Use `launch`."""
        self.process: Process
        self.inbox: list[Received] = []
        """Every notification and request of the server, in order."""
        self.answers: dict[str, Answer] = {}
        """How to answer requests of the server, beside what every client answers."""
        self.held: dict[str, list[int | str]] = {}
        """Ids of the server's requests, by method, which the test answers itself."""
        self.settings: Json = {}
        """What `workspace/configuration` gives for every section."""
        self.server: Json = {}
        """The result of `initialize`."""
        self.replied = 0
        """How many messages had come when the last reply did."""
        self._ids = count(1)
        self._replies: dict[int | str, asyncio.Future[Json]] = {}
        self._frames = _Frames()
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()

    async def launch(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Self:
        """Start the server; `env` is added to this process's environment.

        Results that it keeps on disk go with this client, unless `env` has another folder for them.
        """
        loop = asyncio.get_running_loop()
        cache = tempfile.mkdtemp(prefix="rdit-cache-")
        weakref.finalize(self, shutil.rmtree, cache, ignore_errors=True)
        transport, protocol = await loop.subprocess_exec(
            lambda: _Pipes(self, loop),
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=None,
            cwd=cwd,
            env={**os.environ, "RDIT_CACHE_DIR": cache, **(env or {})},
        )
        self.process = Process(transport, protocol, loop)
        return self

    async def initialize(self, capabilities: Json, options: Json, root: Path | None = None) -> None:
        """Say hello; `options` are `initializationOptions`."""
        params = {
            "processId": os.getpid(),
            "rootUri": root.as_uri() if root is not None else None,
            "capabilities": capabilities,
            "initializationOptions": options,
        }
        self.server = await self.request("initialize", params)
        self.notify("initialized", {})

    # Messages out.

    async def request(self, method: str, params: object, limit: float = LIMIT) -> Any:
        """Send a request and wait for its reply. Raises RpcError for an error reply."""
        return await self.reply(self.ask(method, params), limit)

    def ask(self, method: str, params: object) -> int:
        """Send a request; returns its id."""
        number = next(self._ids)
        self.expect(number)
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def expect(self, number: int | str) -> None:
        """A request with this id is sent by other means."""
        self._replies[number] = asyncio.get_running_loop().create_future()

    async def reply(self, number: int | str, limit: float = LIMIT) -> Any:
        """Wait for the reply to request `number`."""
        reply = await asyncio.wait_for(asyncio.shield(self._replies[number]), limit)
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["result"]

    def has_reply(self, number: int | str) -> bool:
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

    def hang_up(self) -> None:
        """Close the server's standard input, as a client that dies does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    # Messages in.

    def received(self, method: str, since: int = 0) -> list[Any]:
        """The params of the messages of this method that have come, from number `since` on."""
        return [msg.params for msg in self.inbox[since:] if msg.method == method]

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
                    if msg.method == method and where(msg.params):
                        return msg.params
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
        """Wait until the server has ended and all that it said was read; returns its exit code."""
        code = await asyncio.wait_for(self.process.wait(), LIMIT)
        await asyncio.wait_for(self._ended.wait(), LIMIT)
        return code

    @property
    def is_usable(self) -> bool:
        """Whether the server still runs and has answered everything."""
        unanswered = [number for number, reply in self._replies.items() if not reply.done()]
        return self.process.returncode is None and not unanswered

    # What comes from the server.

    def feed(self, data: bytes) -> None:
        """Take in what the server has written."""
        at = time.time()
        for body in self._frames.feed(data):
            self._take(at, len(body), json.loads(body))

    def end(self) -> None:
        """The server writes nothing any more."""
        self._ended.set()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_result(_GONE)

    def on_message(self, message: Received) -> None:
        """A notification or a request has come; it is in the inbox already."""

    def _take(self, at: float, size: int, message: Json) -> None:
        if "method" not in message:
            reply = self._replies[message["id"]]
            assert not reply.done(), f"a second reply: {message}"
            reply.set_result(message)
            self.replied = len(self.inbox)
            return
        received = Received(at, size, message["method"], message.get("params"))
        self.inbox.append(received)
        self._arrived.set()
        self.on_message(received)
        if "id" not in message:
            return
        if (held := self.held.get(received.method)) is not None:
            held.append(message["id"])
        else:
            self._answer(message["id"], received)

    def _answer(self, number: int | str, message: Received) -> None:
        known: dict[str, Answer] = {
            "workspace/configuration": lambda params: [self.settings for _ in params["items"]],
            "workspace/inlayHint/refresh": lambda _: None,
            "workspace/codeLens/refresh": lambda _: None,
            "window/workDoneProgress/create": lambda _: None,
            **self.answers,
        }
        reply: Json = {"jsonrpc": "2.0", "id": number}
        answer = known.get(message.method)
        if answer is None:
            reply["error"] = {"code": -32601, "message": "MethodNotFound"}
        else:
            reply["result"] = answer(message.params)
        self.send(reply)


class _Pipes(SubprocessStreamProtocol):
    """Hands what the server writes to its client at once: a reader in between takes its time."""

    def __init__(self, client: LspClient, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=1 << 16, loop=loop)
        self._client = client

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        self._client.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._client.end()
        super().pipe_connection_lost(fd, exc)


class _Frames:
    """LSP's frames: cuts a stream of bytes into bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that `data` completes."""
        self._buffer += data
        while (body := self._next()) is not None:
            yield body

    def _next(self) -> bytes | None:
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return None
        start = head + 4
        end = start + _content_length(bytes(self._buffer[:head]))
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[start:end])
        del self._buffer[:end]
        return body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise AssertionError(f"a frame without a length: {head!r}")
