"""The worker's main loop: receive a request, carry it out, reply.

Knows the messages and in which order things happen at a statement's end. It must not know how code is
run, displayed or captured: that is up to `executor`, `display` and `streams`.
"""

import gc
import os
import sys
from posix import _exit, close, getpid
from time import perf_counter

from . import driver, executor, forking, main_module, protocol
from .audit import Audit
from .channel import Channel, Disconnected
from .display import matplotlib_figures
from .display.publisher import Publisher
from .door import Door
from .fatal_log import FatalLog
from .forking import Forks, Refused
from .import_hooks import ImportHooks
from .inspection_signal import InspectionSignal
from .kept_pids import KeptPids
from .outcomes import Rejected
from .stdin import do_not_warn, open_stdin
from .streams import OwnStreams, Streams
from .traced_memory import filter_traces

if False:
    from types import FrameType
    from typing import Any, Callable

    from .outcomes import Finished
    from .protocol import Message

fetch: "Any" = None
"""Imports a module of the worker that is seldom needed, by its name; set by `loading`, which alone can."""


def serve(fd: int) -> None:
    """Answer the server on socket `fd` until it hangs up; then the interpreter ends as usual."""
    channel = Channel(fd)
    try:
        worker = _Worker(channel, channel.receive())
    except Disconnected:
        return
    worker.start()


class _Worker:
    """The process of one document."""

    _sent = 0
    """The number of the last question for a line or display that needs an answer."""
    _received = 0
    """The number of the last answer; a smaller one than asked for comes too late."""
    _is_waiting = False
    """An answer is waited for: a signal then does not mean that a request has come."""
    _collects: "bool | None" = None
    """In a fork that waits: whether the program collects garbage. None elsewhere."""
    _begun: "float | None" = None
    """When the statement began that runs."""
    _index = 0
    """Which one that is."""
    _exits = False
    """The program has ended itself by SystemExit."""
    _streams: "Streams | None" = None
    _publisher: "Publisher | None" = None
    _forks: "Forks | None" = None
    _inspection_signal: "InspectionSignal | None" = None

    def __init__(self, channel: "Channel", start: "Message") -> None:
        """Set everything up as the `start` request says, and send `ready`."""
        self._channel = channel
        channel.home = start["home"]
        self.door = Door()
        self._flush: "Callable[[], None]" = _flush_nothing
        """Writes out what the program's streams hold back, before the server writes to the same place."""
        self._fatal_log = FatalLog()
        self._shares_terminal = start["shares_terminal"]
        """Interrupts come from a terminal, and are for the program as a whole, not for one statement."""
        path = _become_main(start)
        if start["capture"]:
            self._streams = Streams()
        is_reported = start["capture"] or start["show_values"]
        if is_reported:
            self._fatal_log.write_to(start["faults"])
            self._flush = self._streams.flush if self._streams is not None else OwnStreams().flush
        if start["ask_input"]:
            self._ask_for_input()
        folder = start["home"].rpartition("/")[0]
        self._executor = executor.Executor(
            self.door,
            path,
            folder,
            show_values=start["show_values"],
            print_failures=not is_reported,
            keep_failure=start["is_interactive"],
        )
        self._hooks = ImportHooks()
        if start["show_values"]:
            self._publisher = Publisher(self.door, self._send_display, folder)
            self._publisher.register(self._hooks)
            self._executor.register(self._hooks)
        if start["ask_input"]:
            self._hooks.after("getpass", do_not_warn)
        self._kept_pids = KeptPids()
        self._audit = Audit(path, folder)
        if start["checkpoints"] and self._streams is not None:
            self._allow_forks()
        self._text_of_assigned = _text_of_assigned(wanted=start["assignments"])
        """Makes texts of what assignments bind; None where the client does not want them."""
        self._hooks.after("tracemalloc", filter_traces)
        if is_reported:
            self._hooks.install(self._audit.looked)
        if start["capture"]:
            # Results of what goes straight to the terminal are not kept, so it need not be known.
            self._audit.begin()
        self._send_ready({})

    def _ask_for_input(self) -> None:
        sys.stdin = open_stdin(self._ask_for_line, self.door)
        sys.__stdin__ = sys.stdin  # type: ignore[misc]  # Not final: this starts it.

    def _allow_forks(self) -> None:
        self._forks = Forks()
        self._inspection_signal = InspectionSignal(
            self._receive_in_statement, self._tell_inspectable
        )

    def start(self) -> None:
        """Serve from now on. Never returns, unless a prompt of the interpreter's follows."""
        self._executor.frame.start(self._take_turn, self._end)

    def _take_turn(self) -> bool:
        """End the statement that ran, if any, and answer until the next one begins; False at the end."""
        try:
            if not self.door.is_here:
                self._executor.go_on_in_child()
                return True
            if self._begun is not None:
                self._finish(self._executor.finish(), perf_counter() - self._begun)
            while self._begun is None:
                self.answer(self._channel.receive())
        except Disconnected:
            return False
        except SystemExit:
            raise  # Of a child.
        except BaseException as error:
            # It must not count as an error of the program, in whose frame this is.
            sys.__excepthook__(type(error), error, error.__traceback__)
            _exit(1)
        return True

    def _end(self) -> None:
        """Leave the process to what the program does at exit: threads, `atexit`, finalisers."""
        if self._inspection_signal is not None:
            self._inspection_signal.disarm()
        self._executor.release()
        if not self._exits:
            main_module.end_main()
        self.door.forget_interrupts()
        self.door.open()
        if not sys.flags.inspect:  # Else the interpreter goes on with its prompt.
            main_module.ask_for_more()
            raise SystemExit(0)

    def answer(self, request: "Message") -> None:
        """Carry out `request` and send its one reply."""
        kind = request["type"]
        if kind == "execute":
            if not self._shares_terminal:
                self.door.forget_interrupts()
            self._execute(request["index"], request["until"])
        elif kind == "prepare":
            self.door.forget_interrupts()
            self._channel.send(self._prepared(request["source"], request["whole"]))
        elif kind == "environ":
            self._channel.send({"type": "environ", "before": _set_environment(request["values"])})
        elif kind == "fork":
            self._fork()
        elif kind == "glance":
            self._fork_for_inspection()
        elif kind == "look":
            self._channel.send(self._inspected(request["question"], gentle=True))
        elif kind not in ("input", "shown"):  # An answer for which an interrupt ended the wait.
            raise protocol.ProtocolError(f"no such request: {kind}")

    def _prepared(self, source: "str | bytes", whole: bool) -> "Message":
        try:
            spans = self._executor.prepare(source, whole=whole)
        except Rejected as rejected:
            return {
                "type": "rejected",
                "failure": rejected.failure,
                "first": rejected.first,
                "last": rejected.last,
            }
        self._audit.prepare(source)
        if self._publisher is not None:
            self._publisher.prepare(source)
        return {"type": "prepared", "spans": [tuple(span) for span in spans]}

    def _execute(self, index: int, until: int) -> None:
        if self._inspection_signal is not None:
            self._inspection_signal.arm()
        self._index = index
        begun = perf_counter()
        self._audit.runs(self._executor.statement(index))
        finished = self._executor.begin(index, until)
        if finished is None:
            self._begun = begun
        else:
            self._finish(finished, perf_counter() - begun)

    def _finish(self, finished: "Finished", seconds: float) -> None:
        self._begun = None
        self._exits = finished.outcome == "exit"
        figures: "Message" = {}
        assigned = self._assigned(self._index) if finished.outcome == "ok" else None
        if self._publisher is not None:
            figures = self._publisher.end_statement()
            self._hooks.run_missed()
        renewed: "dict[int, int]" = {}
        if self._streams is not None:
            renewed = self._streams.end_statement()
        else:
            self._flush()
        reply = {
            "type": "finished",
            "outcome": finished.outcome,
            "seconds": seconds,
            "value": finished.value,
            "metadata": finished.metadata,
            "failure": finished.failure,
            "code": finished.code,
            "assigned": assigned,
            "renewed": list(renewed),
            **figures,
            **self._audit.take(),
        }
        self._send_with_pipes(reply, renewed)

    def _assigned(self, index: int) -> "str | None":
        """A short text of what a simple assignment has bound, where the client wants it."""
        bound = self._executor.bound(index) if self._text_of_assigned is not None else None
        if bound is None:
            return None
        text, _ = self.door.enter(self._text_of_assigned, bound[0])
        return text

    def _fork(self) -> None:
        """Make a fork that waits, on a socket of its own that is sent to the server.

        Returns in this process, and in the fork once that is promoted to the program.
        """
        try:
            if self._forks is None or self._streams is None:
                raise Refused("it was started without checkpoints")
            self._refuse_unshared()
            mine, other = self._channel.branch()
        except (Refused, OSError) as error:
            self._channel.send({"type": "refused", "reason": str(error)})
            return
        own = {self._channel.descriptor, mine, other, *self._streams.descriptors}
        own.add(self._fatal_log.descriptor)
        try:
            is_fork = self._forks.make(own)
        except Refused as refused:
            self._channel.send({"type": "refused", "reason": str(refused)})
            close(other)
            close(mine)
            return
        if is_fork:
            close(other)
            self._wait_as_fork(mine)
            return
        close(mine)
        try:
            self._channel.send({"type": "forked"}, [other])
        finally:
            close(other)

    def _refuse_unshared(self) -> None:
        unshared = self._executor.unshared or self._audit.unshared
        if unshared is not None:
            raise Refused("it has asked for " + unshared)
        library = self._kept_pids.holder(self._executor.namespace)
        if library is not None:
            raise Refused("%s keeps its process id" % library)

    def _receive_in_statement(self, frame: "FrameType | None") -> None:
        """In the middle of a statement: carry out the requests that the server's signal announced."""
        if self.door.is_here and self.door.can_step_out(frame):
            while not self._is_waiting and self._channel.has_news():
                self.door.step_out(self._answer_in_statement)

    def _tell_inspectable(self, is_so: bool) -> None:
        message = {"type": "inspectable", "is_so": is_so}
        if not self.door.is_open:
            self._channel.send(message)
        elif self.door.is_here:
            self.door.step_out(lambda: self._channel.send(message))

    def _answer_in_statement(self) -> None:
        request = self._channel.receive()
        if request["type"] == "glance":
            self._fork_for_inspection()
        elif request["type"] not in ("input", "shown"):  # An answer that comes too late.
            raise protocol.ProtocolError(f"no request for now: {request['type']}")

    def _fork_for_inspection(self) -> None:
        """Make a fork, wherever the program is, that does nothing but answer questions."""
        try:
            if self._forks is None:
                raise Refused("it was started without checkpoints")
            mine, other = self._channel.branch()
        except (Refused, OSError):
            self._channel.send({"type": "blind"})
            return
        fetch("inspection.answers")  # Before the fork, so that later forks have it as well.
        try:
            is_fork = self._forks.make_any()
        except Refused:
            self._channel.send({"type": "blind"})
        else:
            if is_fork:
                close(other)
                self._wait_as_fork(mine, is_whole=False)
            self._channel.send({"type": "glanced"}, [other])
        finally:
            close(other)
            close(mine)

    def _inspected(self, question: "dict[str, Any]", *, gentle: bool) -> "Message":
        """The answer to a question about the namespace; `gentle`: without running the program's code."""
        answer = fetch("inspection.answers").answer
        found = answer(self._executor.namespace, question, gentle=gentle)
        return {"type": "looked", "answer": found}

    def _wait_as_fork(self, fd: int, *, is_whole: bool = True) -> None:
        """In a fork: wait on socket `fd` to be forked in turn, inspected, or promoted to the program.

        No code of the program runs meanwhile, nor at exit if the fork is never promoted. `is_whole` is
        False where a statement had begun: then the fork can only be inspected.
        """
        try:
            assert self._streams is not None, "without capture there are no forks"
            self.door.process = getpid()
            self._channel.take(fd)
            self._streams.let_go()
            forking.settle_descriptors()
            if self._collects is None:
                # A collection would write to every object and end the sharing of their memory.
                self._collects = gc.isenabled()
                gc.disable()
            self._channel.send({"type": "waiting", "pid": getpid()})
            while self._collects is not None:
                request = self._channel.receive()
                if request["type"] == "look":
                    # The fork is of no other use from now on: what it runs must reach no other process.
                    forking.cut_off({self._channel.descriptor})
                    is_whole = False
                    self._channel.send(self._inspected(request["question"], gentle=False))
                elif request["type"] == "fork" and is_whole:
                    self._fork()
                elif request["type"] == "resume" and is_whole:
                    self._resume(request, self._streams)
                else:
                    raise protocol.ProtocolError(f"no such request of a fork: {request['type']}")
        except BaseException:
            # Also `Disconnected`: the server discards a fork by closing its socket.
            _exit(0)

    def _resume(self, request: "Message", streams: "Streams") -> None:
        """Become the program."""
        self._channel.home = request["home"]
        self._fatal_log.write_to(request["faults"])
        renewed = streams.begin_anew()
        if self._inspection_signal is not None:
            self._inspection_signal.begin_anew()
        if self._collects:
            gc.enable()
        self._collects = None
        self._send_ready(renewed)

    def _send_ready(self, renewed: "dict[int, int]") -> None:
        self._send_with_pipes(
            {
                "type": "ready",
                "protocol": protocol.VERSION,
                "python": sys.executable,
                "version": ".".join(map(str, sys.version_info[:3])),
                "pid": getpid(),
                "renewed": list(renewed),
                "libraries": [path for path in sys.path if "-packages" in path],
            },
            renewed,
        )

    def _send_with_pipes(self, message: "Message", renewed: "dict[int, int]") -> None:
        """Send a message and the reading ends of the pipes that begin now."""
        try:
            self._channel.send(message, list(renewed.values()))
        finally:
            for reading in renewed.values():
                close(reading)

    def _send_display(self, message: "Message", *, wait: bool) -> None:
        if not wait:
            self._flush_and_send(message)
            return
        number = self._sent = self._sent + 1
        message["number"] = number
        self._answer_to(number, lambda: self._flush_and_send(message))

    def _flush_and_send(self, message: "Message") -> None:
        self._flush()
        self._channel.send(message)

    def _ask_for_line(self, password: bool) -> "str | None":
        """A line of input from the editor, requested from within user code; None for end of file."""
        number = self._sent = self._sent + 1
        question = {"type": "input", "password": password, "number": number}
        answer = self._answer_to(number, lambda: self._channel.send(question))
        return answer.get("line")

    def _answer_to(self, number: int, send: "Callable[[], None]") -> "Message":
        """Call `send`, which sends message `number`, and wait for the answer; an interrupt ends the wait.

        The answer is empty where code in a signal handler took it meanwhile.
        """
        # Set before sending: once the message is out, a nudge could find the answer and take it.
        was_waiting, self._is_waiting = self._is_waiting, True
        try:
            self.door.step_out(send)
            while self._received < number:
                self._channel.wait()
                answer = self.door.step_out(self._channel.receive)
                if answer["type"] == "glance":
                    self.door.step_out(self._fork_for_inspection)
                    continue
                self._received = answer.get("number", 0)
                if self._received == number:
                    return answer
            return {}
        finally:
            self._is_waiting = was_waiting


def _become_main(start: "Message") -> str:
    """Become the program's main module; returns its `__file__`."""
    path: str = start["path"] if sys.version_info >= (3, 9) else start["given_path"]
    main_module.become_main(start["argv"], path, is_file=start["is_file"])
    if sys.version_info < (3, 9):
        main_module.hide_calls_from_recursion_limit(driver.CALLS)
    matplotlib_figures.draw_as(**start["figures"])
    return path


def _text_of_assigned(*, wanted: bool) -> "Any":
    return fetch("inspection.assigned").text_of if wanted else None


def _flush_nothing() -> None:
    """For a program whose output the server adds nothing to: it is flushed when Python does that."""


def _set_environment(values: "dict[str, str | None]") -> "dict[str, str | None]":
    """Set environment variables (None removes one). Returns what they were."""
    before = {}
    for name, value in values.items():
        before[name] = os.environ.get(name)
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before
