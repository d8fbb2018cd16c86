"""What one client has of a session: a text of its own, beside which it sees the results.

All that a client does to a session goes through here. Other clients of the same document have theirs:
an edit of one changes nothing in the other, and a run takes the text of the client that asked for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from rdit_lsp.document.edit_order import EditOrder
from rdit_lsp.results.snapshot import Snapshot
from rdit_lsp.session.planning import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from signal import Signals

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.edit import Edit
    from rdit_lsp.process.replies import Exited
    from rdit_lsp.program.checkpoint import Checkpoint
    from rdit_lsp.results.results import Results
    from rdit_lsp.results.snapshot import Inspection, SessionState
    from rdit_lsp.session.client import Client
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.planning import Request, WayBack
    from rdit_lsp.session.report import Report
    from rdit_lsp.session.session import Session
    from rdit_lsp.session.status import SessionStatus


class Attachment:
    """One client's hold on a session, from `Session.attach` until `detach`."""

    def __init__(
        self, session: Session, results: Results, observer: SessionObserver, client: Client
    ) -> None:
        self.session = session
        """What is shared: the program, and the runs that wait for it."""
        self.results = results
        """The session's results beside this client's text."""
        self.observer = observer
        """It gets every event of the session, and is asked for input."""
        self.client = client
        self._edits = EditOrder()
        self._configuring: asyncio.Future[None] | None = None

    # What is there.

    @property
    def document(self) -> Document:
        """This client's text as it is now."""
        return self.results.document

    @property
    def state(self) -> SessionState:
        """As `Session.state`."""
        return self.session.state

    @property
    def status(self) -> SessionStatus:
        """As `Session.status`."""
        return self.session.status

    @property
    def may_run_by_itself(self) -> bool:
        """Whether a save or a key stroke may run the document."""
        return self.client.is_trusted and self.session.may_run_by_itself

    @property
    def may_begin_by_itself(self) -> bool:
        """Whether a save may run the document although no person has run it yet."""
        return self.client.is_trusted and not self.session.keeps_crashing

    def snapshot(self, first: int = 1, last: int | None = None) -> Snapshot:
        """The session as it is now, with the results of statements on lines `first` to `last`."""
        last = len(self.document.lines) if last is None else last
        return Snapshot(self.document, self.state, self.results.views(first, last))

    async def checkpoints(self) -> list[Checkpoint]:
        """As `Session.checkpoints`."""
        return await self.session.checkpoints()

    # Its text, and what lies beside it.

    def change(self, document: Document) -> None:
        """Take an entirely new text of the document; results stay with their statements."""
        self._edits.forget()
        self.session.take(self.results, document)

    def edit(self, edit: Edit) -> None:
        """Edit the document; an edit that comes late takes its place among the others."""
        self.session.take(self.results, self._edits.apply(self.document, edit))

    def refresh_dependencies(self) -> Sequence[str]:
        """As `Session.refresh_dependencies`."""
        return self.session.refresh_dependencies()

    def configure_by(self, configuring: asyncio.Future[None]) -> None:
        """Have runs of this client wait for `configuring`: they may go by settings that it brings."""
        self._configuring = configuring

    async def wait_until_configured(self) -> None:
        """Wait for the settings that are being asked for."""
        if self._configuring is not None:
            await asyncio.wait([self._configuring])

    # What it does.

    def execute(self, request: Request) -> asyncio.Future[Report]:
        """Queue a run of this text as it is now. Cancelling the future interrupts the run.

        Raises RequestError for a request that makes no sense. The future raises WorkerError and the
        errors of `launch` where no interpreter can be had.
        """
        check(request, self.document)
        return self.session.execute(self, request)

    def checkpoint(self, name: str | None = None) -> asyncio.Future[Checkpoint]:
        """As `Session.checkpoint`."""
        return self.session.checkpoint(self.results, name)

    def restore(self, identifier: str) -> asyncio.Future[WayBack]:
        """As `Session.restore`; the text stays what it is."""
        return self.session.restore(self.results, identifier)

    async def inspect(
        self, question: Mapping[str, Any], deadline: float = 0.5
    ) -> Inspection | None:
        """As `Session.inspect`."""
        return await self.session.inspect(question, deadline)

    def interrupt(self) -> bool:
        """As `Session.interrupt`: any client may stop what another one has started."""
        return self.session.interrupt()

    def pass_on(self, sign: Signals) -> None:
        """As `Session.pass_on`."""
        self.session.pass_on(sign)

    def give_way(self) -> None:
        """As `Session.give_way`."""
        self.session.give_way()

    async def reset(self) -> None:
        """As `Session.reset`."""
        await self.session.reset()

    async def stop(self) -> bool:
        """As `Session.stop`."""
        return await self.session.stop()

    # Who observes, and the end.

    def observe(self, observer: SessionObserver) -> None:
        """As `Session.observe`."""
        self.session.observe(observer)

    def leave(self, observer: SessionObserver) -> None:
        """As `Session.leave`."""
        self.session.leave(observer)

    def detach(self) -> None:
        """Let go of the session, which goes on."""
        self.session.detach(self)

    async def close(self, *, leave_children: bool = False, patient: bool = False) -> Exited | None:
        """As `Session.close`: for the one client of a session of its own."""
        return await self.session.close(leave_children=leave_children, patient=patient)
