"""When a document runs by itself, by a clock that takes no time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest
from support import instant_loop

from rdit_lsp.document import document as documents
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.autorun import PAUSE, AutoRun
from rdit_lsp.session.planning import Request, RequestError
from rdit_lsp.settings.configuration import ConfigurationError, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.settings.configuration import RunOn

    Event: TypeAlias = RunOn | Callable[[], object]


@dataclass
class FakeSession:
    """What AutoRun asks of a session, written down with the time."""

    text: str = "1\n"
    may_run_by_itself: bool = True
    may_begin_by_itself: bool = True
    error: Exception | None = None
    """What a run ends with."""
    runs: list[tuple[float, Request]] = field(default_factory=list)
    gave_way: int = 0

    @property
    def document(self) -> documents.Document:
        return documents.open_document("file:///d.py", 1, self.text)

    def give_way(self) -> None:
        self.gave_way += 1

    def execute(self, request: Request) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        self.runs.append((loop.time(), request))
        done: asyncio.Future[None] = loop.create_future()
        if self.error is None:
            done.set_result(None)
        else:
            done.set_exception(self.error)
        return done


class Play:
    """Events at their times, and what came of them."""

    def __init__(
        self, session: FakeSession | None, run_on: RunOn = "type", *, may_begin: bool = False
    ) -> None:
        self.session = session
        self.settings_were_read = 0
        self._settings: Settings | Exception = Settings(run_on=run_on)
        self.auto = AutoRun(
            lambda: cast("Attachment | None", self.session), self._read, lambda: may_begin
        )

    def fail(self, error: Exception) -> None:
        """Have the settings be wrong."""
        self._settings = error

    def go(self, *events: tuple[float, Event]) -> list[float]:
        """Let seconds pass before each event; when it has run, in all."""

        async def play() -> None:
            for pause, event in events:
                await asyncio.sleep(pause)
                if callable(event):
                    event()
                else:
                    self.auto.happened(event)
            await asyncio.sleep(10)

        instant_loop.run(play())
        return [at for at, _ in self._runs()]

    def requests(self) -> list[Request]:
        """What it has asked for."""
        return [request for _, request in self._runs()]

    def _runs(self) -> Iterable[tuple[float, Request]]:
        return [] if self.session is None else self.session.runs

    def _read(self) -> Settings:
        self.settings_were_read += 1
        if isinstance(self._settings, Exception):
            raise self._settings
        return self._settings


def test_request() -> None:
    """A run by itself would be more than an update, or look as if a person had asked for it."""
    play = Play(FakeSession())
    play.go((0, "save"))
    assert [Request("stale", automatic=True)] == play.requests()


@pytest.mark.parametrize(
    ("event", "may_begin", "crashes", "runs"),
    [
        ("save", True, False, 1),
        ("save", False, False, 0),
        ("save", True, True, 0),
        ("type", True, False, 0),
    ],
)
def test_first_run(event: RunOn, may_begin: bool, crashes: bool, runs: int) -> None:
    """The first save would do nothing and say nothing, or run code that nobody has asked for."""
    session = FakeSession(may_run_by_itself=False, may_begin_by_itself=not crashes)
    assert runs == len(Play(session, "save", may_begin=may_begin).go((0, event)))


@pytest.mark.parametrize(
    ("run_on", "event", "runs"),
    [
        ("command", "save", 0),
        ("command", "type", 0),
        ("save", "save", 1),
        ("save", "type", 0),
        ("type", "save", 1),
        ("type", "type", 1),
    ],
)
def test_setting(run_on: RunOn, event: RunOn, runs: int) -> None:
    """A document would run that is not to, or not run that is to."""
    assert runs == len(Play(FakeSession(), run_on).go((0, event)))


def test_save_runs_at_once() -> None:
    """A save would wait for a pause in typing."""
    assert [1.0] == pytest.approx(Play(FakeSession()).go((1.0, "save")))


def test_typing_runs_after_a_pause() -> None:
    """Each key would start a run, or the last one none."""
    keys: list[tuple[float, RunOn]] = [(PAUSE / 2, "type")] * 10
    play = Play(FakeSession())
    assert [10 * PAUSE / 2 + PAUSE] == pytest.approx(play.go(*keys))
    assert 1 == play.settings_were_read


def test_each_pause_runs() -> None:
    """After one run by itself there would be no other."""
    keys: list[tuple[float, RunOn]] = [(2 * PAUSE, "type")] * 3
    assert 3 == len(Play(FakeSession()).go(*keys))


def test_save_in_the_middle_of_typing() -> None:
    """Saving would run twice: at once, and after the pause of the last key."""
    found = Play(FakeSession()).go((0, "type"), (PAUSE / 2, "save"))
    assert [PAUSE / 2] == pytest.approx(found)


def test_key_makes_way() -> None:
    """A run by itself would go on while its text is changed; a save would end it."""
    session = FakeSession()
    Play(session).go((0, "type"), (0, "type"), (1, "save"))
    assert 2 == session.gave_way


def test_not_before_a_person_has_run_it() -> None:
    """Opening a file and typing would be enough to have it run."""
    session = FakeSession(may_run_by_itself=False)
    play = Play(session)
    assert [] == play.go((0, "type"), (1, "save"))
    assert (1, 0) == (session.gave_way, play.settings_were_read)


@pytest.mark.parametrize("text", ["foo(\n", "1\n  2\nx = = 3\n"])
def test_not_in_the_middle_of_a_word(text: str) -> None:
    """At each key there would be an error about what is not typed yet."""
    assert [] == Play(FakeSession(text)).go((0, "type"), (1, "save"))


def test_not_after_the_document_was_closed() -> None:
    """A document would run that is no longer open."""
    play = Play(FakeSession())
    session = play.session
    assert session is not None
    play.go((0, "type"), (0, play.auto.close))
    assert [] == session.runs
    gone = Play(None)
    assert [] == gone.go((0, "type"), (0, "save"))


def test_session_that_goes_during_the_pause() -> None:
    """A document that is closed while the pause lasts would be asked for."""
    session = FakeSession()
    play = Play(session)

    def go() -> None:
        play.session = None

    play.go((0, "type"), (PAUSE / 2, go))
    assert [] == session.runs


def test_wrong_settings() -> None:
    """A mistake in the settings would be an error at every key."""
    play = Play(FakeSession())
    play.fail(ConfigurationError("runOn is wrong."))
    assert [] == play.go((0, "type"), (1, "save"))
    assert 2 == play.settings_were_read


@pytest.mark.parametrize("error", [WorkerError("no Python."), RequestError("no sense.")])
def test_run_that_fails(error: Exception) -> None:
    """What a run by itself cannot do would be an error that nobody has asked for."""
    assert 2 == len(Play(FakeSession(error=error)).go((0, "save"), (1, "save")))
