"""What runs, in which namespace, and what the report and the snapshot say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.observers import SilentObserver
from support.sessions import UNTIL_TOLD, statuses, texts

from rdit_lsp.document import document as documents
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.results.snapshot import SessionState
from rdit_lsp.session.planning import Request, RequestError, WayBack

if TYPE_CHECKING:
    from support.sessions import Opener, OpenSession

    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.planning import Scope
    from rdit_lsp.session.report import Report

SCRIPT = """\
x = 1
print("one")
x + 1
x += 10
x
"""


@pytest.fixture
def script(opened: Opener) -> OpenSession:
    """A session of a script that has not run."""
    return opened(SCRIPT)


def firsts(report: Report) -> list[int]:
    """The first lines of what a run answers with."""
    return [view.first for view in report.views]


def reused(report: Report) -> list[int]:
    """The first lines of what a run found still valid."""
    return [view.first for view in report.views if view.reused]


async def test_nothing_runs_before_it_is_asked_for(script: OpenSession) -> None:
    """A document that is only opened would start an interpreter."""
    status = script.session.status
    assert (SessionState.IDLE, None, False) == (status.state, status.pid, status.has_program)
    assert (None, None, 0) == (status.python, status.version, status.queued)
    assert {} == script.shown()
    assert not script.session.may_run_by_itself


async def test_report_of_a_file(script: OpenSession) -> None:
    """A run of the file would leave out a statement, or answer with another's output."""
    report = await script.run()
    assert "ok" == report.status
    assert ["", "one\n", "2", "", "11"] == texts(report)
    assert [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)] == [(v.first, v.last) for v in report.views]
    assert [0, 1, 2, 3, 4] == [view.index for view in report.views]
    assert [False, True, True, False, True] == [view.is_expr for view in report.views]
    assert all(view.seconds is not None for view in report.views)
    assert WayBack("start", 1) == report.way_back
    assert script.session.may_run_by_itself


async def test_snapshot_is_what_the_run_answered(script: OpenSession) -> None:
    """What is shown would differ from what the run's caller was given."""
    report = await script.run()
    snapshot = script.session.snapshot()
    assert SessionState.IDLE is snapshot.state
    assert list(report.views) == list(snapshot.views)
    assert snapshot.document is script.session.document


async def test_snapshot_of_some_lines(script: OpenSession) -> None:
    """A client that shows a part of a long file would be given all of it."""
    await script.run()
    assert [2, 3] == [view.first for view in script.session.snapshot(2, 3).views]
    assert [5] == [view.first for view in script.session.snapshot(5).views]


async def test_views_are_the_same_objects_while_nothing_changes(script: OpenSession) -> None:
    """Each look at a long document would make all its views anew."""
    await script.run()
    before = list(script.session.snapshot().views)
    assert [True] * 5 == [
        a is b for a, b in zip(before, script.session.snapshot().views, strict=True)
    ]


async def test_runs_have_ids_of_their_own(script: OpenSession) -> None:
    """Two runs could not be told apart."""
    first, second = await script.run(), await script.run("stale")
    assert first.execution_id != second.execution_id


async def test_status_names_the_program(script: OpenSession) -> None:
    """A status would not tell which interpreter runs the document."""
    await script.run()
    status = script.session.status
    assert status.uri == script.session.document.uri
    assert status.has_program
    assert status.pid is not None
    assert script.place.python == status.python
    assert status.version is not None
    assert 0 == status.queued


async def test_file_begins_with_an_empty_namespace(script: OpenSession) -> None:
    """A second run of the file would find the variables of the first."""
    await script.run()
    before = script.pid
    assert ["", "one\n", "2", "", "11"] == texts(await script.run())
    assert before != script.pid


async def test_file_without_fresh_keeps_the_namespace(opened: Opener) -> None:
    """`fresh=False` would lose the variables."""
    counter = opened("n = globals().get('n', 0) + 1\nn\n")
    found = [texts(await counter.run(fresh=fresh))[1] for fresh in (True, False, False, True)]
    assert ["1", "2", "3", "1"] == found


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("statement", line=1), [1]),
        (Request("statement", line=4), [4]),
        (Request("range", lines=(1, 3)), [1, 2, 3]),
        (Request("cell", line=2), [1, 2, 3, 4, 5]),
        (Request("fromHere", line=1), [1, 2, 3, 4, 5]),
        (Request("toHere", line=3), [1, 2, 3]),
        (Request("toHere", lines=(1, 2)), [1, 2]),
        (Request("stale"), [1, 2, 3, 4, 5]),
    ],
    ids=lambda value: value.scope if isinstance(value, Request) else "",
)
async def test_scopes(script: OpenSession, request_: Request, expected: list[int]) -> None:
    """A scope would run other statements than those it names."""
    await script.run("statement", line=1)  # So that every statement can run by itself.
    report = await script.end_of(script.session.execute(request_))
    assert (expected, {"ok"}) == (firsts(report), set(statuses(report)))


async def test_statement_runs_in_the_live_namespace(script: OpenSession) -> None:
    """`statement` would start over, or show a result out of order as fresh."""
    await script.run()
    report = await script.run("statement", line=4)
    assert (None, [4]) == (report.way_back, firsts(report))
    report = await script.run("statement", line=5)
    assert ["21"] == texts(report)
    assert {4: "it ran out of order", 5: "line 4 above is out of date"} == script.stale()
    assert {"it ran out of order"} == {view.stale_reason for view in report.views}


async def test_update_mends_what_ran_out_of_order(script: OpenSession) -> None:
    """After statements by hand, an update would not come back to what a clean run gives."""
    await script.run()
    await script.run("statement", line=4)
    report = await script.run("stale")
    assert "11" == texts(report)[4]
    assert {} == script.stale()


async def test_update_runs_only_what_an_edit_changed(script: OpenSession) -> None:
    """Changing the end of a file would run its beginning again."""
    await script.run()
    script.replace(SCRIPT.replace("x += 10", "x += 20"))
    ended = len(script.seen.results)
    report = await script.run("stale")
    assert ["", "one\n", "2", "", "21"] == texts(report)
    assert {4, 5} <= {view.first for view in script.seen.results[ended:]}
    assert {4, 5}.isdisjoint(reused(report))


async def test_appended_statement_carries_on_live(script: OpenSession) -> None:
    """The commonest edit, a line more at the end, would run the whole file again."""
    await script.run()
    before = script.pid
    script.replace(SCRIPT + "x * 2\n")
    report = await script.run("stale")
    assert WayBack("live", 6) == report.way_back
    assert [1, 2, 3, 4, 5] == reused(report)
    assert "22" == texts(report)[-1]
    assert before == script.pid


async def test_nothing_to_do_is_kept(script: OpenSession) -> None:
    """An undo, or no edit at all, would cost a run."""
    await script.run()
    script.replace(SCRIPT.replace("x = 1", "x = 5"))
    script.replace(SCRIPT)
    ended = len(script.seen.results)
    report = await script.run("stale")
    assert (WayBack("kept"), "ok") == (report.way_back, report.status)
    assert [1, 2, 3, 4, 5] == reused(report)
    assert ended == len(script.seen.results)


async def test_kept_error_is_an_error(opened: Opener) -> None:
    """An update with nothing to do would call a failing script well."""
    session = opened("1\n1 / 0\n2\n")
    assert "error" == (await session.run()).status
    report = await session.run("stale")
    assert ("error", WayBack("kept")) == (report.status, report.way_back)
    assert ["ok", "error", "notRun"] == statuses(report)


async def test_error_ends_the_run(opened: Opener) -> None:
    """By default nothing after an error runs; with `stop_on_error=False` all of it does."""
    session = opened("1\n1 / 0\nprint('after')\n")
    report = await session.run()
    assert ("error", ["ok", "error", "notRun"]) == (report.status, statuses(report))
    assert "after\n" not in session.seen.written()
    report = await session.run(stop_on_error=False)
    assert ("error", ["ok", "error", "ok"]) == (report.status, statuses(report))


async def test_error_is_pythons_own(opened: Opener) -> None:
    """The traceback would have frames of rdit's, or none of the program's."""
    session = opened("def f(x):\n    return 1 / x\n\nf(0)\n")
    report = await session.run()
    (failure,) = report.views[1].outputs
    assert isinstance(failure, Failure)
    assert ("ZeroDivisionError", "division by zero") == (failure.name, failure.value)
    path = str(session.place.folder / session.place.name)
    found = [(frame.file, frame.line, frame.function) for frame in failure.frames]
    assert [(path, 4, "<module>"), (path, 2, "f")] == found


@pytest.mark.parametrize(
    ("code", "exit_code", "text"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit('the end')", 1, "the end\n"),
        ("exit()", 0, ""),
    ],
)
async def test_exit(opened: Opener, code: str, exit_code: int, text: str) -> None:
    """`sys.exit` would look like an error, lose its code, or let what follows run."""
    session = opened(f"1\n{code}\nprint('after')\n")
    report = await session.run()
    assert "exit" == report.status
    ended = next(view for view in report.views if view.status == "exit")
    assert exit_code == ended.exit_code
    assert text == session.seen.written("stderr")
    assert "notRun" == report.views[-1].status
    assert SessionState.IDLE is session.session.state


async def test_namespace_outlives_an_error(opened: Opener) -> None:
    """After an error the variables could not be looked into."""
    session = opened("x = 5\n1 / 0\nx\n")
    await session.run()
    assert ["5"] == texts(await session.run("statement", line=3))


async def test_results_come_as_statements_end(script: OpenSession) -> None:
    """An observer would be given results late, twice, or in another order."""
    report = await script.run()
    assert [view.index for view in report.views] == [view.index for view in script.seen.results]
    assert statuses(report) == [view.status for view in script.seen.results]
    # What ended then is not known to be stale.
    assert {None} == {view.stale_reason for view in script.seen.results}


async def test_output_is_told_with_its_statement(opened: Opener) -> None:
    """An observer that prints would not know what wrote a text."""
    session = opened("import sys\nprint('a')\nprint('b', file=sys.stderr); None\n")
    await session.run()
    assert {(1, "stdout"): "a\n", (2, "stderr"): "b\n"} == session.seen.written_by()


async def test_running_statement_is_shown(opened: Opener) -> None:
    """While a statement runs there would be nothing to see of it, or of what is above it."""
    session = opened(f"1\nimport os, time\n{UNTIL_TOLD}\n2\n")
    run = session.start()
    await session.running(3)
    assert SessionState.BUSY is session.session.state
    views = session.session.snapshot().views
    assert ["ok", "ok", "running", "notRun"] == [view.status for view in views]
    session.let_go()
    assert "ok" == (await session.end_of(run)).status


class States(SilentObserver):
    """Writes down what a session is doing, whenever that changes."""

    def __init__(self, session: Attachment) -> None:
        super().__init__()
        self.found = [session.state]
        self._session = session

    def on_change(self) -> None:
        if self._session.state is not self.found[-1]:
            self.found.append(self._session.state)


async def test_states(opened: Opener) -> None:
    """A client would show that a program is ready while an interpreter starts or a statement runs."""
    session = opened("1\n")
    states = States(session.session)
    session.session.observe(states)
    await session.run()
    await session.seen.until(lambda: session.session.state is SessionState.IDLE)
    assert ["idle", "starting", "busy", "idle"] == [state.value for state in states.found]
    await session.run("statement", line=1)
    assert ["busy", "idle"] == [state.value for state in states.found[4:]]


# Texts that do not compile.


async def test_file_that_does_not_compile_does_not_run(opened: Opener) -> None:
    """Half of a broken file would run, where Python would run nothing of it."""
    session = opened("print('a')\nfoo(\n")
    report = await session.run()
    assert "error" == report.status
    (rejection,) = report.views
    (failure,) = rejection.outputs
    assert isinstance(failure, Failure)
    assert (-1, "SyntaxError") == (rejection.index, failure.name)
    assert "" == session.seen.written()
    assert -1 == session.session.snapshot().views[0].index


async def test_rejection_goes_with_the_next_edit(opened: Opener) -> None:
    """A file that compiles again would go on being called broken."""
    session = opened("foo(\n")
    await session.run()
    session.replace("foo = 1\n")
    assert [] == [view for view in session.session.snapshot().views if view.index < 0]
    assert "ok" == (await session.run()).status


async def test_rejection_of_a_text_that_is_no_more(opened: Opener) -> None:
    """What is said of an older text would be shown at the newer one."""
    session = opened("foo(\n")
    run = session.start()
    session.replace("foo = 1\n")
    assert "error" == (await session.end_of(run)).status
    assert {} == session.shown()


async def test_statements_of_a_broken_file_run_by_themselves(opened: Opener) -> None:
    """While a line is typed, no other could be tried out."""
    session = opened("x = 2\nfoo(\n\nx * 4\n")
    assert "ok" == (await session.run("statement", line=1)).status
    session.replace("x = 2\nx * 4\nfoo(\n")
    assert ["8"] == texts(await session.run("statement", line=2))


async def test_broken_statement_says_what_is_wrong(opened: Opener) -> None:
    """Running the broken statement itself would do nothing, and say nothing."""
    session = opened("x = 2\ny = = 1\n")
    report = await session.run("statement", line=2)
    assert "error" == report.status
    assert "SyntaxError" in texts(report)[0]


async def test_empty_text(opened: Opener) -> None:
    """A document without a statement could not be run."""
    for text in ("", "\n\n", "# nothing\n"):
        session = opened(text, f"{len(text)}.py")
        report = await session.run()
        assert ("ok", []) == (report.status, list(report.views))


async def test_interpreter_has_the_last_word(opened: Opener) -> None:
    """Statements that share a line or go over several would be taken for others."""
    session = opened("a = 1; a\nif a:\n    b = 2\nelse:\n    b = 3\n@property\ndef f(self): ...\n")
    report = await session.run()
    assert [(1, 1), (1, 1), (2, 5), (6, 7)] == [(v.first, v.last) for v in report.views]


# Requests that make no sense.


@pytest.mark.parametrize(
    "request_",
    [
        Request("statement", line=99),
        Request("statement", line=0),
        Request("range", lines=(3, 2)),
        Request("fromHere"),
    ],
)
async def test_nonsense_is_refused_at_once(script: OpenSession, request_: Request) -> None:
    """A request outside the document would be queued, or run something."""
    with pytest.raises(RequestError):
        script.session.execute(request_)
    assert not script.session.status.has_program
    assert not script.session.may_run_by_itself


async def test_scope_without_statements(opened: Opener) -> None:
    """A range of blank lines would be an error, or run its neighbours."""
    session = opened("1\n\n\n2\n")
    report = await session.run("range", lines=(2, 3))
    assert ("ok", []) == (report.status, list(report.views))


# A run is of the text that it was asked for.


async def test_run_takes_the_text_of_its_request(opened: Opener) -> None:
    """What is typed after a run was asked for would run."""
    session = opened("import os\n1\n")
    first, second = session.start(), session.start("statement", line=2)
    session.replace("import os\n2\n")
    await session.end_of(first)
    assert ["1"] == texts(await session.end_of(second))
    assert {2: "edited since it ran"} == session.stale()


@pytest.mark.parametrize("scope", ["file", "stale", "toHere"])
async def test_index_of_views_is_that_of_the_text_that_ran(opened: Opener, scope: Scope) -> None:
    """Results of an older text would be given at the newer one's statements."""
    session = opened("1\n2\n")
    run = session.start(scope, line=2)
    session.replace("0\n1\n2\n")
    report = await session.end_of(run)
    assert ([1, 2], ["1", "2"]) == (firsts(report), texts(report))
    assert {2: "1", 3: "2"} == {line: text for line, text in session.shown().items() if text}


async def test_document_that_was_not_changed_keeps_its_results(script: OpenSession) -> None:
    """Saving would make results stale: some clients send the whole text then."""
    await script.run()
    script.session.change(documents.replace_text(script.session.document, 7, SCRIPT))
    assert 7 == script.session.document.version
    assert {} == script.stale()
