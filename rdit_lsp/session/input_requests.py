"""The line that a program waits for, and the client that is asked for it.

That is the client that started the run while it is there, else any that can answer; where there is none,
the program waits for one to come. A client that goes without an answer has not answered.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdit_lsp.session.events import Observers, SessionObserver


class _Question(NamedTuple):
    prompt: str
    answer: Callable[[str | None], None]
    password: bool


class InputRequests:
    """Asks the observers of one session for what its program wants to read, one line at a time."""

    def __init__(self, observers: Observers) -> None:
        self._observers = observers
        self._starter: SessionObserver | None = None
        """The observer of the client that started the run; None for a run of rdit's own."""
        self._question: _Question | None = None
        self._asked: SessionObserver | None = None

    def begin_run(self, starter: SessionObserver) -> None:
        """A run begins that the client of this observer asked for."""
        self._starter = starter

    def end_run(self) -> None:
        """The run is over: nothing waits for an answer any more."""
        self._starter = None
        self.forget()

    def forget(self) -> None:
        """What was asked for is not wanted any more; an answer that still comes is ignored."""
        self._question = self._asked = None

    def ask(self, prompt: str, answer: Callable[[str | None], None], *, password: bool) -> None:
        """Have `answer` called once with the line, or with None for end of file."""
        self._question = _Question(prompt, answer, password)
        self._pass_on()

    def observer_came(self, observer: SessionObserver) -> None:
        """There is one more client, which may be able to answer what waits."""
        if self._question is not None and self._asked is None and observer.can_answer:
            self._pass_on()

    def observer_left(self, observer: SessionObserver) -> None:
        """A client has gone; what it was asked is passed on to another."""
        if self._question is not None and self._asked is observer:
            self._pass_on()

    def _pass_on(self) -> None:
        question = self._question
        assert question is not None
        present = [each for each in self._observers if each.can_answer]
        self._asked = self._starter if self._starter in present else next(reversed(present), None)
        if self._asked is not None:
            answered = partial(self._answered, question, self._asked)
            self._asked.on_input(question.prompt, answered, password=question.password)
        elif self._starter is None or self._starter in self._observers:
            # It will not become able to answer, and there is nothing else to wait for.
            self._answered(question, None, None)

    def _answered(self, question: _Question, by: SessionObserver | None, line: str | None) -> None:
        if question is self._question and by is self._asked:
            self.forget()
            question.answer(line)
