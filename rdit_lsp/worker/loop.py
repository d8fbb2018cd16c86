"""The worker's main loop: receive a request, have it done, reply.

Knows the messages and in which order things happen at a statement's end. It must not know how code is
run, shown or captured: it asks `executor` and `streams`.
"""

import os
import sys
from posix import close, getpid
from time import perf_counter

from . import drawing, executor, protocol
from .channel import Channel, Disconnected
from .door import Door, unseen
from .modules import OwnModules
from .publisher import Publisher
from .stdin import open_stdin
from .streams import Streams

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
        self._asked = 0
        """How many lines were asked for and displays sent; tells an answer that comes too late."""
        self._heard = 0
        """The number of the last answer."""
        argv = start["argv"]
        executor.become_main(argv, start["path"], is_file=start["is_file"])
        executor.allow_for_our_frames(_FRAMES)
        drawing.draw_as(**start["figures"])
        if start["capture"]:
            self._streams = Streams()
        if start["ask_input"]:
            sys.stdin = sys.__stdin__ = open_stdin(self._ask)
        self._publisher = None
        if start["show_values"]:
            self._publisher = Publisher(
                self.door, self._send_display, start["home"].rpartition("/")[0]
            )
            self._publisher.install()
        self._executor = executor.Executor(
            self.door,
            start["path"],
            start["home"].rpartition("/")[0],
            show_values=start["show_values"],
            print_failures=not start["capture"],
        )
        self._modules = OwnModules()
        channel.send(
            {
                "type": "ready",
                "protocol": protocol.VERSION,
                "python": sys.executable,
                "version": ".".join(map(str, sys.version_info[:3])),
                "pid": getpid(),
            }
        )

    def end(self):
        """Leave the process to user code's own endings: threads, `atexit`, finalisers."""
        self._executor.release()
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
        try:
            self._channel.send(reply, list(renewed.values()))
        finally:
            for reading in renewed.values():
                close(reading)

    def _send_display(self, message, *, wait):
        if not wait:
            self._flush_and_send(message)
            return
        self._asked += 1
        message["number"] = self._asked
        self.door.step_out(lambda: self._flush_and_send(message))
        self._answered(message["number"])

    def _flush_and_send(self, message):
        if self._streams is not None:
            self._streams.flush()
        self._channel.send(message)

    def _ask(self, password):
        """A line from the person at the editor, asked for from within user code."""
        self._asked += 1
        question = {"type": "input", "password": password, "number": self._asked}
        self.door.step_out(lambda: self._channel.send(question))
        return self._answered(question["number"]).get("line")

    def _answered(self, number):
        """The answer to message `number`, empty where code in a signal handler took it meanwhile.

        An interrupt ends the wait.
        """
        while self._heard < number:
            self._channel.wait()
            answer = self.door.step_out(self._channel.receive)
            self._heard = answer.get("number", 0)
            if self._heard == number:
                return answer
        return {}


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
