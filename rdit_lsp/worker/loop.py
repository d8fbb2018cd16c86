"""The worker's main loop: receive a request, have it done, reply.

Knows the messages and in which order things happen at a statement's end. It must not know how code is
run, shown or captured: it asks `executor` and `streams`.
"""

import gc
import os
import sys
from posix import _exit, close, getpid
from time import perf_counter

from . import executor, forking, protocol
from .channel import Channel, Disconnected
from .display import matplotlib_figures
from .display.publisher import Publisher
from .door import Door, unseen
from .fatal_log import Faults
from .forking import Forks, Refused
from .import_hooks import ImportHooks
from .project_imports import OwnModules
from .stdin import open_stdin
from .streams import Streams

fetch = None
"""Imports one of our modules that is seldom needed, by its name; put here by `loading`, which alone can."""

_FRAMES = 9 if sys.version_info < (3, 9) else 8 if sys.version_info < (3, 12) else 7
"""What stands before user code's own calls: the frames of bootstrap, serve, answer, two called
execute, enter and _evaluate; and up to 3.11 `eval`, and in 3.8 the `partial` that calls it."""


@unseen
def serve(fd):
    """Answer the server on socket `fd` until it hangs up; then the interpreter ends as usual."""
    channel = Channel(fd)
    worker = None
    try:
        worker = _Worker(channel, channel.receive())
        while True:
            worker.answer(channel.receive())
    except Disconnected:
        pass
    if worker is not None:
        worker.end()


class _Worker:
    """What one document's process holds."""

    def __init__(self, channel, start):
        """Get ready as the `start` request says, and say so."""
        self._channel = channel
        channel.home = start["home"]
        self.door = Door()
        self._streams = None
        self._faults = Faults()
        self._asked = 0
        """How many lines were asked for and displays sent; tells an answer that comes too late."""
        self._heard = 0
        """The number of the last answer."""
        self._is_asking = False
        """An answer is waited for, so a signal alone says nothing of what there is to receive."""
        argv = start["argv"]
        executor.become_main(argv, start["path"], is_file=start["is_file"])
        executor.allow_for_our_frames(_FRAMES)
        matplotlib_figures.draw_as(**start["figures"])
        if start["capture"]:
            self._streams = Streams()
            self._faults.write_to(start["faults"])
        if start["ask_input"]:
            sys.stdin = sys.__stdin__ = open_stdin(self._ask, self.door)
        folder = start["home"].rpartition("/")[0]
        self._executor = executor.Executor(
            self.door,
            start["path"],
            folder,
            show_values=start["show_values"],
            print_failures=not start["capture"],
        )
        self._publisher = self._hooks = None
        if start["show_values"]:
            self._hooks = ImportHooks()
            self._publisher = Publisher(self.door, self._send_display, folder)
            self._publisher.serve(self._hooks)
            self._executor.serve(self._hooks)
            self._hooks.install()
        self._modules = OwnModules()
        self._forks = Forks() if start["checkpoints"] and self._streams is not None else None
        if self._forks is not None:
            self._streams.on_nudge = self._glance_if_asked
        self._collects = None
        """In a copy that waits: whether the program collects garbage."""
        self._say_ready({})

    def end(self):
        """Leave the process to user code's own endings: threads, `atexit`, finalisers."""
        self._executor.release()
        self.door.forget_interrupts()
        self.door.leave_open()

    @unseen
    def answer(self, request):
        """Do what `request` asks and send its one reply."""
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
            self._glance()
        elif kind == "look":
            self._channel.send(self._looked(request["question"], gentle=True))
        elif kind not in ("input", "shown"):  # An answer for which an interrupt ended the wait.
            raise protocol.ProtocolError(f"no such request: {kind}")

    def _prepared(self, source, whole):
        try:
            spans = self._executor.prepare(source, whole=whole)
        except executor.Rejected as rejected:
            return {
                "type": "rejected",
                "failure": rejected.failure,
                "first": rejected.first,
                "last": rejected.last,
            }
        if self._publisher is not None:
            self._publisher.look_at(source)
        return {"type": "prepared", "spans": [tuple(span) for span in spans]}

    @unseen
    def _execute(self, index, until):
        begin = perf_counter()
        finished = self._executor.execute(index, until)
        seconds = perf_counter() - begin
        if self._publisher is not None:
            self._publisher.end_statement()
            self._hooks.catch_up()
        renewed = self._streams.end_statement() if self._streams is not None else {}
        reply = {
            "type": "finished",
            "outcome": finished.outcome,
            "seconds": seconds,
            "value": finished.value,
            "metadata": finished.metadata,
            "failure": finished.failure,
            "code": finished.code,
            "modules": self._modules.imported(),
            "renewed": list(renewed),
        }
        self._send_with_pipes(reply, renewed)

    def _fork(self):
        """Make a copy of this process that waits, on a socket of its own that the server gets.

        Returns in this process; and in the copy, too, when that is to be the program.
        """
        try:
            if self._forks is None:
                raise Refused("it was started without checkpoints")
            if self._executor.asked_for is not None:
                raise Refused("it has asked for " + self._executor.asked_for)
            mine, other = self._channel.branch()
        except (Refused, OSError) as error:
            self._channel.send({"type": "refused", "reason": str(error)})
            return
        own = {self._channel.descriptor, mine, other, *self._streams.descriptors}
        own.add(self._faults.descriptor)
        try:
            is_copy = self._forks.make(own)
        except Refused as refused:
            self._channel.send({"type": "refused", "reason": str(refused)})
            close(other)
            close(mine)
            return
        if is_copy:
            close(other)
            self._wait_as_copy(mine)
            return
        close(mine)
        try:
            self._channel.send({"type": "forked"}, [other])
        finally:
            close(other)

    def _glance_if_asked(self):
        """From within user code: let the server look, if that is why it has sent a signal."""
        while not self._is_asking and self.door.is_here and self._channel.has_news():
            self.door.step_out(self._receive_within)

    def _receive_within(self):
        request = self._channel.receive()
        if request["type"] == "glance":
            self._glance()
        elif request["type"] not in ("input", "shown"):  # An answer that comes too late.
            raise protocol.ProtocolError(f"no request for now: {request['type']}")

    def _glance(self):
        """Make a copy of this process, wherever it is, that only answers questions."""
        try:
            if self._forks is None:
                raise Refused("it was started without checkpoints")
            mine, other = self._channel.branch()
        except (Refused, OSError):
            self._channel.send({"type": "blind"})
            return
        fetch("inspection.answers")  # Before the fork, so that the next copy has it, too.
        try:
            is_copy = self._forks.make_any()
        except Refused:
            self._channel.send({"type": "blind"})
        else:
            if is_copy:
                close(other)
                self._wait_as_copy(mine, is_whole=False)
            self._channel.send({"type": "glanced"}, [other])
        finally:
            close(other)
            close(mine)

    def _looked(self, question, *, gentle):
        """The answer to a question about the namespace; `gentle`: without running the program's code."""
        answer = fetch("inspection.answers").answer
        found = answer(self._executor.namespace, question, gentle=gentle)
        return {"type": "looked", "answer": found}

    def _wait_as_copy(self, fd, *, is_whole=True):
        """Be a copy that waits on socket `fd`: to be copied in turn, or to become the program.

        Nothing of the program runs meanwhile, nor at the end if it is never wanted. One that is not
        whole, because a statement had begun, can only be asked questions.
        """
        try:
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
                    # It is of no other use from now on: what it runs must not reach anybody else.
                    forking.cut_off({self._channel.descriptor})
                    is_whole = False
                    self._channel.send(self._looked(request["question"], gentle=False))
                elif request["type"] == "fork" and is_whole:
                    self._fork()
                elif request["type"] == "resume" and is_whole:
                    self._resume(request)
                else:
                    raise protocol.ProtocolError(f"no such request of a copy: {request['type']}")
        except BaseException:
            # Whatever it is, in particular the end of the server's wish for this copy.
            _exit(0)

    def _resume(self, request):
        """Become the program."""
        self._channel.home = request["home"]
        self._faults.write_to(request["faults"])
        renewed = self._streams.begin_anew()
        if self._collects:
            gc.enable()
        self._collects = None
        self._say_ready(renewed)

    def _say_ready(self, renewed):
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

    def _send_with_pipes(self, message, renewed):
        """Send a message and the reading ends of the pipes that begin now."""
        try:
            self._channel.send(message, list(renewed.values()))
        finally:
            for reading in renewed.values():
                close(reading)

    def _send_display(self, message, *, wait):
        if not wait:
            self._flush_and_send(message)
            return
        self._asked += 1
        message["number"] = self._asked
        self._answered(message["number"], lambda: self._flush_and_send(message))

    def _flush_and_send(self, message):
        if self._streams is not None:
            self._streams.flush()
        self._channel.send(message)

    def _ask(self, password):
        """A line from the person at the editor, asked for from within user code."""
        self._asked += 1
        question = {"type": "input", "password": password, "number": self._asked}
        answer = self._answered(question["number"], lambda: self._channel.send(question))
        return answer.get("line")

    def _answered(self, number, send):
        """Do `send`, which sends message `number`, and wait for the answer; an interrupt ends the wait.

        The answer is empty where code in a signal handler took it meanwhile.
        """
        # Before it is sent: from then on a nudge may find the answer, which is not its business.
        was_asking, self._is_asking = self._is_asking, True
        try:
            self.door.step_out(send)
            while self._heard < number:
                self._channel.wait()
                answer = self.door.step_out(self._channel.receive)
                if answer["type"] == "glance":
                    self.door.step_out(self._glance)
                    continue
                self._heard = answer.get("number", 0)
                if self._heard == number:
                    return answer
            return {}
        finally:
            self._is_asking = was_asking


def _set_environment(values):
    """Set environment variables (None removes one). Returns what they were."""
    before = {}
    for name, value in values.items():
        before[name] = os.environ.get(name)
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before
