"""A language client that costs little itself: LSP frames over a child's stdio, no threads.

It answers what servers ask of every client, and remembers each message with the time it came, so
that rows can measure latencies. It must not know what rdit's results look like.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self


class NoAnswerError(Exception):
    """The server went away or did not answer in time; the text holds the end of its stderr."""


class RefusedError(Exception):
    """The server answered a request with an error; the text is its JSON."""


@dataclass(frozen=True)
class Received:
    """One message from the server."""

    at: float
    """When it had been read, on `time.time`'s clock, in seconds."""
    size: int
    """Length of its body, in bytes."""
    message: dict[str, Any]


class Client:
    """Starts a language server on its standard streams and talks to it.

    Used as a context manager, it shuts the server down at the end and waits for it.
    """

    def __init__(self, command: Sequence[str | Path], *, cwd: Path | None = None) -> None:
        self.received: list[Received] = []
        """Every notification and request from the server, in order."""
        self._replies: dict[int, dict[str, Any]] = {}
        self._last_id = 0
        self._buffer = bytearray()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._process.poll() is None and error is None:
                self.request("shutdown", None)
                self.notify("exit", None)
                self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout, self._stderr):
                if stream:
                    stream.close()

    def initialize(self, options: dict[str, Any] | None = None) -> dict[str, Any]:
        """The handshake, with `options` as `initializationOptions`; the server's answer."""
        parameters = {
            "processId": os.getpid(),
            "rootUri": None,
            "capabilities": CAPABILITIES,
            "initializationOptions": options or {},
        }
        answer: dict[str, Any] = self.request("initialize", parameters)
        self.notify("initialized", {})
        return answer

    def open(self, uri: str, text: str) -> None:
        """Open a document, as version 1."""
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: object, *, timeout: float = 120) -> Any:
        """Send a request and wait for its result; see `wait`."""
        return self.wait(self.send(method, params), timeout=timeout)

    def send(self, method: str, params: object) -> int:
        """Send a request without waiting; its id, for `wait`."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        return self._last_id

    def wait(self, request: int, *, timeout: float = 120) -> Any:
        """The result of a request sent before.

        Raises:
            NoAnswerError: The server ended, or `timeout` seconds went by.
            RefusedError: The server answered with an error.
        """
        deadline = time.monotonic() + timeout
        while request not in self._replies:
            if not self._receive(deadline - time.monotonic()):
                raise NoAnswerError(f"no answer within {timeout} s; stderr: {self._stderr_tail()}")
        reply = self._replies.pop(request)
        if "error" in reply:
            raise RefusedError(json.dumps(reply["error"]))
        return reply.get("result")

    def listen(self, seconds: float) -> list[Received]:
        """Receive for so many seconds; what came in that time."""
        before = len(self.received)
        deadline = time.monotonic() + seconds
        while self._receive(deadline - time.monotonic()):
            pass
        return self.received[before:]

    def messages(self, method: str) -> Iterator[Received]:
        """What came of one method so far."""
        return (item for item in self.received if item.message.get("method") == method)

    def _receive(self, timeout: float) -> bool:
        """Take one message in; False when `timeout` seconds go by without one."""
        while (body := self._next_body()) is None:
            if timeout <= 0 or not self._fill(timeout):
                return False
        self._take(body)
        return True

    def _fill(self, timeout: float) -> bool:
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        if not select.select([descriptor], [], [], timeout)[0]:
            return False
        data = os.read(descriptor, 1 << 20)
        if not data:
            raise NoAnswerError(f"the server closed its output; stderr: {self._stderr_tail()}")
        self._buffer += data
        return True

    def _next_body(self) -> bytes | None:
        """The next complete message in the buffer."""
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return None
        start, length = head + 4, _content_length(bytes(self._buffer[:head]))
        if len(self._buffer) < start + length:
            return None
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return body

    def _take(self, body: bytes) -> None:
        message = json.loads(body)
        if "method" not in message:
            self._replies[message["id"]] = message
            return
        self.received.append(Received(time.time(), len(body), message))
        if "id" in message:
            self._send({"id": message["id"], "result": _answer(message)})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        frame = memoryview(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert self._process.stdin
        while frame:
            frame = frame[self._process.stdin.write(frame) :]

    def _stderr_tail(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read()[-4000:].decode(errors="replace")


CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "inlayHint": {"refreshSupport": True},
        "codeLens": {"refreshSupport": True},
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "inlayHint": {},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}},
    },
}


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise NoAnswerError(f"a frame without a length: {head!r}")


def _answer(message: dict[str, Any]) -> object:
    """What a plain client answers: no settings, and nothing to everything else."""
    if message["method"] == "workspace/configuration":
        return [None for _ in message["params"]["items"]]
    return None
