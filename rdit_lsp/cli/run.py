"""`rdit run`: one document's session in a terminal, to the end of its program.

How it is shown is up to a reporter; here it becomes an exit code.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rdit_lsp.cli.reporters import REPORTERS, RunEnd
from rdit_lsp.cli.standard_output import Output, OutputError
from rdit_lsp.cli.startup import refuse, refuse_internal
from rdit_lsp.document import document as documents
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.process.spawn import WorkerError, shares_terminal
from rdit_lsp.session.planning import Request
from rdit_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from rdit_lsp.cli.reporters import TextReporter
    from rdit_lsp.cli.startup import RunOptions, StartedScript
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.events import SessionObserver
    from rdit_lsp.session.report import Report


def run(script: StartedScript) -> int:
    """Run a script to its end and return the exit code."""
    return in_event_loop(script, _run)


def in_event_loop(
    script: StartedScript, main: Callable[[StartedScript], Coroutine[Any, Any, int]]
) -> int:
    """The exit code of `main`, or of a script that cannot be run; afterwards no process is left."""
    # What is imported stays: no collection needs to traverse it again.
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(main(script))
    except WorkerError as error:
        return refuse(script.options.file, error)
    except OutputError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it is, the command ends, and says so)
        return refuse_internal(error)
    finally:
        script.guard.close()


def new_session(script: StartedScript, observer: SessionObserver) -> Attachment:
    """The session of a script, which takes over the interpreter that is starting."""
    document = documents.open_document(script.options.file, 0, script.source)
    session = Session(document, script.guard, script.spawn)
    return session.attach(document, lambda: script.launch, observer)


def request_of(options: RunOptions) -> Request:
    """The run that the command line asks for."""
    return Request(stop_on_error=options.stop_on_error, timeout=options.timeout)


def final_views(report: Report, session: Attachment) -> Sequence[View]:
    """The views of a run with what came after its statements had ended."""
    if _is_rejected(report):
        return report.views
    late = {view.index: view for view in session.snapshot().views}
    return [late.get(view.index, view) for view in report.views]


def report_rejection(report: Report, reporter: TextReporter) -> None:
    """Show why a file does not compile, where that is how a run ended."""
    if _is_rejected(report):
        for output in report.views[0].outputs:
            if isinstance(output, Failure) and not output.printed:
                reporter.on_rejection(output)


def exit_code(status: str, views: Sequence[View]) -> int:
    """The exit code of a run: Python's own, and 124 for a time-out, as `timeout` has it."""
    if status == "ok":
        return 0
    if status in ("interrupted", "cancelled"):
        return 128 + signal.SIGINT
    if status == "timeout":
        return 124
    if status in ("exit", "crashed"):
        code = next((v.exit_code for v in reversed(views) if v.exit_code is not None), 1)
        return 128 - code if code < 0 else code
    return 1


def end_program(session: Attachment) -> None:
    """Interrupt the run, as what it writes goes nowhere; what comes after a run gets SIGTERM."""
    # Not at once: the session is in the middle of passing an event on.
    asyncio.get_running_loop().call_soon(_interrupt_or_terminate, session)


def _interrupt_or_terminate(session: Attachment) -> None:
    if not session.interrupt():
        session.pass_on(signal.SIGTERM)


async def _run(script: StartedScript) -> int:
    out = Output(lambda: end_program(session))
    reporter = REPORTERS[script.options.layout](script.options, script.launch, out, script.source)
    session = new_session(script, reporter)
    _pass_signals_on(script, session)
    begin = perf_counter()
    is_over = False
    exited = None
    try:
        out.check()
        report = await session.execute(request_of(script.options))
        report_rejection(report, reporter)
        is_over = True
    finally:
        python = session.status.python  # There is none once the session is closed.
        # A program that did not come to its end has nothing to wait for.
        patient = is_over and out.failure is None
        exited = await session.close(leave_children=True, patient=patient)
    out.check()
    views = final_views(report, session)
    code = exit_code(report.status, views)
    if script.options.is_interactive and exited is not None:
        code = 128 - exited.code if exited.code < 0 else exited.code
    took = (perf_counter() - begin) * 1000
    reporter.on_end(RunEnd(report.status, code, took, views, python))
    out.check()
    return code


def _pass_signals_on(script: StartedScript, session: Attachment) -> None:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if shares_terminal(script.launch) and sign == signal.SIGINT:
            # The terminal has sent it to the program, too.
            loop.add_signal_handler(sign, _ignore)
        else:
            loop.add_signal_handler(sign, session.pass_on, sign)


def _ignore() -> None:
    pass


def _is_rejected(report: Report) -> bool:
    return bool(report.views) and report.views[0].index == -1
