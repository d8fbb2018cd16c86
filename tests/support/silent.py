"""A client of a session that shows nothing, for tests that ask the session itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Silent:
    """Shows nothing, and has no input to give."""

    can_answer = False

    def on_change(self) -> None:
        """Nothing."""

    def on_output(self, *_: object) -> None:
        """Nothing."""

    def on_result(self, *_: object) -> None:
        """Nothing."""

    def on_input(self, _: str, answer: Callable[[None], None], *, password: bool) -> None:
        """End of file."""
        answer(None)
