"""rdit behind its real server command, with the few requests that rows need."""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.lsp import Client

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

COMMAND = (str(Path(sys.executable).with_name("rdit-lsp")),)
"""The server's command, from the environment the benchmark runs in."""
COMMAND_LINE = str(Path(sys.executable).with_name("rdit"))
"""The command line's."""
OPTIONS = {"rdit": {"python": sys.executable, "resultNotifications": True}}
"""`initializationOptions`: the same interpreter as every other contestant's."""


class FailedError(Exception):
    """rdit ran something that should have worked, and it did not."""


class Rdit:
    """A started and initialized server with a private folder for documents."""

    def __init__(self, **settings: object) -> None:
        """`settings` are further keys of the section `rdit`."""
        self._folder = tempfile.TemporaryDirectory()
        self._numbers = itertools.count()
        self.client = Client(COMMAND, cwd=Path(self._folder.name))
        self.client.initialize({"rdit": {**OPTIONS["rdit"], **settings}})

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.client.__exit__(kind, error, traceback)
        finally:
            self._folder.cleanup()

    def document(self, text: str) -> Document:
        """Write a new file and open it."""
        path = Path(self._folder.name, f"document{next(self._numbers)}.py")
        path.write_text(text, encoding="utf-8")
        document = Document(self.client, path.as_uri(), text)
        self.client.open(document.uri, text)
        return document


class Document:
    """An open document."""

    def __init__(self, client: Client, uri: str, text: str) -> None:
        self.client = client
        self.uri = uri
        self.text = text
        self.version = 1

    def execute(self, **parameters: object) -> dict[str, Any]:
        """`rdit/execute`, which must end with status "ok"."""
        return self.finish(self.start(**parameters))

    def start(self, **parameters: object) -> int:
        """Send `rdit/execute` without waiting; the request's id."""
        return self.client.send("rdit/execute", {"uri": self.uri, **parameters})

    def finish(self, request: int, *, status: str = "ok") -> dict[str, Any]:
        """Wait for an execution and its expected status.

        Raises:
            FailedError: It ended with another one.
        """
        result: dict[str, Any] = self.client.wait(request)
        if result["status"] != status:
            raise FailedError(f"expected {status}: {str(result)[:2000]}")
        return result

    def statement(self, line: int) -> dict[str, Any]:
        """Run the statement that starts at `line` (1-based) in the live namespace."""
        return self.execute(scope="statement", position={"line": line - 1, "character": 0})

    def start_statement(self, line: int) -> int:
        """As `statement`, without waiting."""
        return self.start(scope="statement", position={"line": line - 1, "character": 0})

    def interrupt(self) -> None:
        """`rdit/interrupt`, without waiting for its answer."""
        self.client.send("rdit/interrupt", {"uri": self.uri})

    def type(self, line: int, character: int, text: str) -> None:
        """Insert text at a position (0-based); the kept `text` is not changed."""
        self.version += 1
        position = {"line": line, "character": character}
        self.client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": {"start": position, "end": position}, "text": text}],
            },
        )

    def delete(self, line: int, character: int) -> None:
        """Delete from a position (0-based) to the end of its line."""
        self.version += 1
        change = {
            "range": {
                "start": {"line": line, "character": character},
                "end": {"line": line, "character": 10_000},
            },
            "text": "",
        }
        self.client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [change],
            },
        )

    def hints(self, first: int, last: int) -> list[dict[str, Any]]:
        """`textDocument/inlayHint` for a range of lines (0-based)."""
        parameters = {
            "textDocument": {"uri": self.uri},
            "range": {
                "start": {"line": first, "character": 0},
                "end": {"line": last, "character": 0},
            },
        }
        return self.client.request("textDocument/inlayHint", parameters) or []

    def status(self) -> dict[str, Any]:
        """`rdit/status` of this document's session."""
        answer = self.client.request("rdit/status", {"uri": self.uri})
        session: dict[str, Any] = answer["sessions"][0]
        return session
