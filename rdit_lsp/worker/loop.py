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
from .kept_pids import KeptPids
from .outcomes import Rejected
from .stdin import open_stdin
from .streams import Streams
from .traced_memory import filter_traces

if False:
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

    def __init__(self, channel: "Channel", start: "Message") -> None:
        """Set everything up as the `start` request says, and send `ready`."""
        self._channel = channel
        channel.home = start["home"]
        self.door = Door()
        self._streams: "Streams | None" = None
        self._fatal_log = FatalLog()
        self._sent = 0
        """The number of the last question for a line or display that needs an answer."""
        self._received = 0
        """The number of the last answer; a smaller one than asked for comes too late."""
        self._is_waiting = False
        """An answer is waited for: a signal then does not mean that a request has come."""
        main_module.become_main(start["argv"], start["path"], is_file=start["is_file"])
        if sys.version_info < (3, 9):
            main_module.hide_calls_from_recursion_limit(driver.CALLS)
        matplotlib_figures.draw_as(**start["figures"])
        if start["capture"]:
            self._streams = Streams()
            self._fatal_log.write_to(start["faults"])
        if start["ask_input"]:
            sys.stdin = open_stdin(self._ask_for_line, self.door)
            sys.__stdin__ = sys.stdin  # type: ignore[misc]  # Not final: this starts it.
        folder = start["home"].rpartition("/")[0]
        self._executor = executor.Executor(
            self.door,
            start["path"],
            folder,
            show_values=start["show_values"],
            print_failures=not start["capture"],
        )
        self._publisher: "Publisher | None" = None
        self._hooks = ImportHooks()
        if start["show_values"]:
            self._publisher = Publisher(self.door, self._send_display, folder)
            self._publisher.register(self._hooks)
            self._executor.register(self._hooks)
        self._kept_pids = KeptPids()
        self._audit = Audit(start["path"], folder)
        self._forks: "Forks | None" = None
        if start["checkpoints"] and self._streams is not None:
            self._forks = Forks()
            self._streams.on_nudge = self._receive_in_statement
        self._collects: "bool | None" = None
        """In a fork that waits: whether the program collects garbage. None elsewhere."""
        self._hooks.after("tracemalloc", filter_traces)
        if start["capture"]:
            # Results of what goes straight to the terminal are not kept, so it need not be known.
            self._hooks.install(self._audit.looked)
            self._audit.begin()
        self._begun: "float | None" = None
        """When the statement began that runs."""
        self._exits = False
        """The program has ended itself by SystemExit."""
        self._send_ready({})

    def start(self) -> None:
        """Serve from now on. Never returns."""
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
        self._executor.release()
        if not self._exits:
            main_module.end_main()
        self.door.forget_interrupts()
        self.door.open()
        if sys.flags.inspect:
            # With PYTHONINSPECT set the interpreter does not exit for a SystemExit.
            main_module.run_exit_functions()
            _exit(0)
        raise SystemExit(0)

    def answer(self, request: "Message") -> None:
        """Carry out `request` and send its one reply."""
        kind = request["type"]
        if kind == "execute":
            self.door.forget_interrupts()
            self._execute(request["index"], request["until"])
        elif kind == "prepare":
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
        if self._publisher is not None:
            self._publisher.end_statement()
            self._hooks.run_missed()
        renewed = self._streams.end_statement() if self._streams is not None else {}
        reply = {
            "type": "finished",
            "outcome": finished.outcome,
            "seconds": seconds,
            "value": finished.value,
            "metadata": finished.metadata,
            "failure": finished.failure,
            "code": finished.code,
            "renewed": list(renewed),
            **self._audit.take(),
        }
        self._send_with_pipes(reply, renewed)

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

    def _receive_in_statement(self) -> None:
        """In the middle of a statement: carry out the requests that the server's signal announced."""
        while not self._is_waiting and self.door.is_here and self._channel.has_news():
            self.door.step_out(self._answer_in_statement)

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
        if self._streams is not None:
            self._streams.flush()
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
