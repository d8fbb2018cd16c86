"""The log of what a session does: one line whenever its state is another one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.results.snapshot import SessionState, View

log = logging.getLogger(__name__)


class StateLog:
    """An observer that logs states."""

    can_answer = False

    def __init__(self, name: Callable[[], str], state: Callable[[], SessionState]) -> None:
        """`name` is that of the document, `state` the session's as it is now."""
        self._name = name
        self._state = state
        self._logged: SessionState | None = None

    def on_change(self) -> None:
        """Log the state if it differs from the last one."""
        state = self._state()
        if state is not self._logged:
            before = self._logged.value if self._logged is not None else "new"
            log.debug("%s: %s -> %s", self._name(), before, state.value)
            self._logged = state

    def on_output(self, index: int | None, stream: StreamName, data: bytes) -> None:
        """Output is not logged: it is the program's, and may be secret."""

    def on_result(self, view: View) -> None:
        """Not logged: the state changes with it."""

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        """As `can_answer` says."""
