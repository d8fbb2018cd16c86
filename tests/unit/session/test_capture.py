"""Output of a program, captured into the results that wrote it: what a person types is part of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from support.observers import SilentObserver

from rdit_lsp.results.links import DisplayLinks
from rdit_lsp.results.result import Result
from rdit_lsp.session.capture import OutputCapture
from rdit_lsp.session.events import Observers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Person(SilentObserver):
    """Answers when the test has them answer."""

    can_answer = True

    def on_input(
        self, prompt: str, answer: Callable[[str | None], None], *, password: bool
    ) -> None:
        self.answer = answer


@pytest.mark.parametrize(
    ("typed", "password", "shown"),
    [("bob", False, "Who? bob\n"), ("secret", True, "Who? "), (None, False, "Who? ")],
)
async def test_what_is_typed(
    typed: str | None, password: bool, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The next output would stand behind the prompt, and a person's time count as the program's."""
    person, result, lines = Person(), Result("input('Who? ')"), []
    capture = OutputCapture(Observers(person), DisplayLinks(), tmp_path)
    capture.begin_statement(result)
    capture.on_output(result, "stdout", b"Who? ")
    begun = time.monotonic()
    capture.on_input(result, lines.append, password=password)
    monkeypatch.setattr(time, "monotonic", lambda: begun + 60)
    person.answer(typed)
    assert lines == [typed]
    assert "".join(output.text() for output in result.outputs()) == shown
    assert 59 < capture.waited < 61
    assert capture.input_refused == (typed is None)
