"""rdit behind its real server command, as the tests' editor, with what rows need beside it.

Nothing that comes from the server is checked here: what is measured is the server, and checking its
messages takes longer than making them.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from support.editor import Editor, OpenDocument, between, insertion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.lsp_client import Json, Received
    from typing_extensions import Self

COMMAND = (str(Path(sys.executable).with_name("rdit-lsp")),)
"""The server's command, from the environment the benchmark runs in."""
COMMAND_LINE = str(Path(sys.executable).with_name("rdit"))
"""The command line's."""

CAPABILITIES: Json = {
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

LIMIT = 120.0
"""Seconds a run may take."""


class FailedError(Exception):
    """rdit ran something that should have worked, and it did not."""


class Rdit(Editor):
    """A started and initialized server with a folder for documents."""

    def __init__(self, folder: Path) -> None:
        """Use `begin`."""
        super().__init__()
        self._folder = folder
        self._numbers = count()

    @classmethod
    async def begin(
        cls, folder: Path, env: Mapping[str, str] | None = None, **settings: object
    ) -> Self:
        """Start a server; `settings` are further keys of the section `rdit`."""
        rdit = cls(folder)
        await rdit.launch(COMMAND, cwd=folder, env=env)
        # The same interpreter as every other contestant's.
        section = {"python": sys.executable, "resultNotifications": True, **settings}
        await rdit.initialize(CAPABILITIES, {"rdit": section})
        return rdit

    def document(self, text: str) -> Document:
        """Write a new file and open it."""
        path = self._folder / f"document{next(self._numbers)}.py"
        path.write_text(text, encoding="utf-8")
        return self.show(Document(self, path.as_uri(), 1, text))

    async def ran(self, text: str) -> Document:
        """A new document that has run."""
        document = self.document(text)
        await document.execute()
        return document

    def check_call(self, name: str, argument: object, result: object) -> None:
        """Nothing."""

    def on_message(self, message: Received) -> None:
        """Nothing."""


class Document(OpenDocument):
    """An open document whose runs must end as expected."""

    async def execute(self, **params: object) -> Json:
        """`rdit/execute`, which must end with status "ok"."""
        return await self.finish(self.start(**params))

    async def finish(self, request: int, *, status: str = "ok") -> Json:
        """Wait for an execution and its expected status.

        Raises:
            FailedError: It ended with another one.
        """
        result: Json = await self.editor.reply(request, LIMIT)
        if result["status"] != status:
            raise FailedError(f"expected {status}: {str(result)[:2000]}")
        return result

    async def statement(self, line: int) -> Json:
        """Run the statement that starts at `line` (1-based) in the live namespace."""
        return await self.finish(self.start_statement(line))

    def start_statement(self, line: int) -> int:
        """As `statement`, without waiting."""
        return self.start(scope="statement", position={"line": line - 1, "character": 0})

    def stop(self) -> None:
        """`rdit/interrupt`, without waiting for its answer."""
        self.editor.ask("rdit/interrupt", {"uri": self.uri})

    def type(self, line: int, character: int, text: str) -> None:
        """Insert text at a position (0-based); the kept `text` is not changed."""
        self.change(insertion(line, character, text))

    def delete(self, line: int, character: int) -> None:
        """Delete from a position (0-based) to the end of its line."""
        self.change({"range": between(line, character, line, 10_000), "text": ""})
