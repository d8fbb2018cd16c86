"""What a client shows of one open document: an observer of its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rdit_lsp.lsp.publish import Publisher
from rdit_lsp.lsp.publish import Wire as PublishingWire
from rdit_lsp.session.autorun import AutoRun

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import Snapshot, View
    from rdit_lsp.session.documents import Documents


class Wire(PublishingWire, Protocol):
    """What the client can be sent and asked."""

    def ask_input(self, uri: str, prompt: str, *, password: bool) -> asyncio.Task[str | None]:
        """Ask the person at the client for a line; None is end of file."""


class DocumentObserver:
    """What the client shows of a document, and when the document runs by itself."""

    def __init__(self, uri: str, wire: Wire, documents: Documents) -> None:
        """The session of `uri` is looked up each time: it is there only while the document is open."""
        self._uri = uri
        self._wire = wire
        self._documents = documents
        self.publisher = Publisher(uri, wire, self._snapshot)
        self.auto_run = AutoRun(
            lambda: documents.find(uri),
            lambda: documents.settings(uri),
            lambda: documents.client.editor_settings.get("runOn") == "save",
        )

    @property
    def can_answer(self) -> bool:
        """Whether the client has a way to ask a person for a line."""
        return self._wire.profile.can_answer and self._documents.client.is_trusted

    def on_change(self) -> None:
        """Publish what is different."""
        self.publisher.changed()

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Nothing: it is in the snapshot."""

    def on_result(self, view: View) -> None:
        """Nothing: it is in the snapshot."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """Ask the client; an error, or an answer that is none, is end of file."""
        asking = self._wire.ask_input(self._uri, prompt, password=password)

        def answered(task: asyncio.Task[str | None]) -> None:
            failed = task.cancelled() or task.exception() is not None
            answer(None if failed else task.result())

        asking.add_done_callback(answered)

    def close(self) -> None:
        """Take back everything the client shows of the document."""
        self.publisher.close()
        self.auto_run.close()

    def _snapshot(self) -> Snapshot | None:
        session = self._documents.find(self._uri)
        return session.snapshot() if session is not None else None
