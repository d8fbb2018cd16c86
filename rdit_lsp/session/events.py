"""The events of a session, and its observers: any number, each of which gets every event.

Knows neither LSP nor terminals. Everything handed to an observer is frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import View


class SessionObserver(Protocol):
    """A client of a session: an editor's document, a terminal, an export."""

    @property
    def can_answer(self) -> bool:
        """Whether a person can answer `on_input` here now."""

    def on_change(self) -> None:
        """The snapshot is different now."""

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Output as it comes, of the run's statement `index`; None before the first one has run."""

    def on_result(self, view: View) -> None:
        """A statement of a run ended; the view has the index and the lines that it had in that run."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """The program waits for a line: call `answer` once, with None for end of file."""


class Observers:
    """All observers of one session, in the order in which they came."""

    def __init__(self, *observers: SessionObserver) -> None:
        self._observers = list(observers)

    def __iter__(self) -> Iterator[SessionObserver]:
        return iter(list(self._observers))

    def add(self, observer: SessionObserver) -> None:
        """Pass it every event from now on."""
        self._observers.append(observer)

    def remove(self, observer: SessionObserver) -> None:
        """Pass it no more events; one that was never added is ignored."""
        if observer in self._observers:
            self._observers.remove(observer)

    def on_change(self) -> None:
        """As `SessionObserver.on_change`, for each."""
        for observer in list(self._observers):
            observer.on_change()

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """As `SessionObserver.on_output`, for each."""
        for observer in list(self._observers):
            observer.on_output(index, stream, data)

    def on_result(self, view: View) -> None:
        """As `SessionObserver.on_result`, for each."""
        for observer in list(self._observers):
            observer.on_result(view)

    @property
    def can_answer(self) -> bool:
        """Whether one of them can answer `on_input` now."""
        return any(observer.can_answer for observer in self._observers)
