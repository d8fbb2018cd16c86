"""The user's stdout and stderr: ordinary pipes on descriptors 1 and 2, read by the server.

Knows descriptors and which processes may hold them, not statements. It guarantees two things.

*Attribution.* What a statement's threads and child processes write after it has ended is still that
statement's. A child keeps the pipe it inherited, so when a statement may have left one behind, the
statements after it get new pipes; a thread is recognised by its native id when it writes. Statements
that leave nothing behind, nearly all, share one pair of pipes.

*Timeliness without a thread, a timer or a signal*, as on a terminal: what ends a line goes out at once, and
so does a piece of a line, as long as the program writes seldom and nothing else could write into that line.
A program that writes a lot counts as a flood: its text then goes out line by line, by C code alone but for
one call a line. What is held back is at most a piece of a line, and that only in a flood. Designs that do
not do: a nudge by a signal, which ends `sleep` and `poll` in C and tears lines; a buffer in shared memory,
which has no order with what children and C code write to the descriptor.
"""

import _signal
import io
import posix as os  # Not `os`, whose functions user code may have replaced.
import sys
from _thread import _count as count_threads
from _thread import get_ident, get_native_id
from fcntl import F_DUPFD_CLOEXEC, fcntl
from resource import RUSAGE_CHILDREN, getrusage
from time import monotonic

from .project_imports import file_of

if False:
    from typing import Any, Callable, Collection, TextIO

_PRICE = 0.001
"""Seconds of the allowance that a write takes which goes out at once."""
_ALLOWANCE = 0.1
"""Seconds that may be taken before they have passed, and those for which a flood is left alone."""

_modules = sys.modules
_STANDARD = io.__file__.rpartition("/")[0] + "/lib-dynload"

_write = io.BufferedWriter.write
_flush = io.BufferedWriter.flush


class LateWriter(io.BufferedWriter):
    """Writes at once what is seldom, and attributes a thread's output to the statement that started it.

    Threads other than the main one do not share its buffer: what they left there could be pushed out
    only after their statement's pipe has gone from the descriptor.
    """

    def __init__(self, fd: int, raw: "io.FileIO") -> None:
        super().__init__(raw)
        self.fd = fd
        """The descriptor that all the program writes to: 1 or 2."""
        self.text: "io.TextIOWrapper | None" = None
        """The text stream whose pieces come here, one by one except in a flood."""
        self.is_unbuffered = False
        """Each piece goes out at once, as the program's command line asks (`-u`)."""
        self._main = get_ident()
        self._process = os.getpid()
        self._taken = 0.0
        """The time up to which the allowance has been taken."""
        self._flood_until = 0.0
        """When a flood is looked at again; 0 where there is none."""
        self._buffers_lines = False
        """The text stream's own `line_buffering`, outside floods."""
        self._pipe: "int | None" = None
        """The descriptor of the present pipe; None in a fork that waits."""
        self._routes: "dict[int, int]" = {}
        """Native thread id to the descriptor of the pipe of the statement that started it."""
        self._old: "set[int]" = set()
        """Descriptors of earlier pipes that threads may still write to."""
        self._inodes: "set[int]" = set()
        """Those of all pipes that this stream has had."""
        self._is_in_place = True
        """Of a fork: the program had not put anything else on the descriptor."""
        self._take(_high(fd))

    def write(self, data: "Any") -> int:
        """As of any buffered writer, with the moment of flushing as above."""
        if get_ident() != self._main:
            return self._write_from_thread(data)
        written = _write(self, data)
        if self.is_unbuffered:
            _flush(self)
            return written
        now = monotonic()
        if self._flood_until:
            if now < self._flood_until:
                return written  # At a line's end the text stream flushes, as on a terminal.
            self._end_flood()
        taken = max(self._taken, now) + _PRICE
        is_seldom = taken - now < _ALLOWANCE
        if is_seldom:
            self._taken = taken
        if b"\n" in data or (is_seldom and self._is_alone()):
            _flush(self)
        if not is_seldom and data[-1:] == b"\n" and not count_threads():
            # Not within a line: the text stream flushes what it has when it is configured.
            self._begin_flood(now)
        return written

    def settle(self) -> None:
        """At a statement's end: the next one has the whole allowance."""
        self._taken = 0.0
        if self._flood_until:
            self._end_flood()

    def _is_alone(self) -> bool:
        """Whether neither a thread nor another process can write between two pieces of a line."""
        if count_threads() or os.getpid() != self._process:
            return False
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return True
        return False

    def _begin_flood(self, now: float) -> None:
        self._buffers_lines = getattr(self.text, "line_buffering", False)
        if self._configure(True, False):
            self._flood_until = now + _ALLOWANCE

    def _end_flood(self) -> None:
        self._flood_until = 0.0
        self._configure(self._buffers_lines, True)

    def _configure(self, line_buffering: bool, write_through: bool) -> bool:
        assert self.text is not None, "set when the stream is made"
        try:
            self.text.reconfigure(line_buffering=line_buffering, write_through=write_through)
        except ValueError:
            return False  # User code has closed the text stream, or has put its own in its place.
        return True

    def renew(self, threads: "Collection[int]") -> "int | None":
        """Put a new pipe on the descriptor, and return its reading end.

        `threads` keep the present one. None when user code has put something else there.
        """
        if self._is_redirected():
            return None
        reading, writing = os.pipe()
        try:
            high = _high(writing)
        except OSError:
            os.close(reading)
            os.close(writing)
            return None  # Out of descriptors: the old pipe stays in use.
        assert self._pipe is not None, "statements end in a program, not in a fork that waits"
        for thread in threads:
            self._routes.setdefault(thread, self._pipe)
        _flush_quietly(self)
        self._old.add(self._pipe)
        # First this, then the descriptor: a thread that writes meanwhile must not take the new pipe
        # on the descriptor for something that user code has put there.
        self._take(high)
        os.dup2(writing, self.fd)
        os.close(writing)
        return reading

    def put_back(self) -> None:
        """Where user code has restored the pipe of an earlier statement, put the present one there."""
        try:
            inode = os.fstat(self.fd).st_ino
            if inode != self._inode and inode in self._inodes and self._pipe is not None:
                os.dup2(self._pipe, self.fd)
        except OSError:
            return  # User code has closed it, and it stays closed.

    def forget(self, living: "Collection[int]") -> None:
        """Close the pipes that only threads other than the `living` ones wrote to."""
        for thread in [thread for thread in self._routes if thread not in living]:
            del self._routes[thread]
        unused = self._old.difference(self._routes.values())
        for fd in unused:
            _close_quietly(fd)
        self._old -= unused

    @property
    def descriptors(self) -> "set[int | None]":
        """Those that are open for this stream alone; None may be among them."""
        return {self._pipe, *self._old, self.fd} - {self.fd if self._is_redirected() else None}

    def let_go(self) -> None:
        """In a fork: hold no pipe open, and write nowhere until `begin_anew`."""
        if self._pipe is None:
            return  # A fork of a fork.
        self._routes.clear()
        held = {self._pipe, *self._old}
        self._old.clear()
        if self._is_redirected():
            self._is_in_place = False
        else:
            null = os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)
            os.dup2(null, self.fd)
            os.close(null)
        self._pipe = None
        for fd in held:
            _close_quietly(fd)

    def begin_anew(self) -> int:
        """In a fork that becomes the program: make a new pipe. Returns its reading end."""
        self._process = os.getpid()
        reading, writing = os.pipe()
        self._inodes.clear()
        self._take(_high(writing))
        if self._is_in_place:
            os.dup2(writing, self.fd)
        os.close(writing)
        return reading

    def _write_from_thread(self, data: "Any") -> int:
        _flush(self)  # What the main thread wrote comes first.
        present = self.fd if self._pipe is None else self._pipe
        fd = self._routes.setdefault(get_native_id(), present)
        if fd == present and self._is_redirected():
            fd = self.fd
        try:
            return _write_all(fd, data)
        except OSError:
            if fd == self.fd:
                raise
            # User code has closed descriptors that are not its own.
            self._routes[get_native_id()] = self.fd
            return _write_all(self.fd, data)

    def _is_redirected(self) -> bool:
        try:
            # Any of this stream's pipes will do: another thread may put a new one there at this moment.
            return os.fstat(self.fd).st_ino not in self._inodes
        except OSError:
            return True

    def _take(self, pipe: int) -> None:
        self._inode = os.fstat(pipe).st_ino
        self._inodes.add(self._inode)
        self._pipe = pipe


class Streams:
    """The captured pair. `end_statement` is the moment that separates one statement's output."""

    def __init__(self) -> None:
        self._writers = (
            LateWriter(1, _raw(sys.stdout)),
            LateWriter(2, _raw(sys.stderr)),
        )
        self._texts = (_text(self._writers[0], sys.stdout), _text(self._writers[1], sys.stderr))
        sys.stdout, sys.stderr = self._texts
        sys.__stdout__, sys.__stderr__ = self._texts  # type: ignore[misc]  # Not final: this starts them.
        self._known_threads: "set[int]" = set()
        self._reaped = _faults_of_reaped_children()
        self._c = _CStdout()

    def end_statement(self) -> "dict[int, int]":
        """Flush everything written so far. Returns `{fd: read end}` of the pipes that begin now."""
        self.flush()
        for writer in self._writers:
            writer.settle()
            writer.put_back()
        threads = self._threads_left_behind()
        if not threads and not self._may_have_left_children():
            return {}
        renewed = {}
        for writer in self._writers:
            try:
                reading = writer.renew(threads)
            except OSError:
                continue  # Out of descriptors: the old pipe stays in use.
            if reading is not None:
                renewed[writer.fd] = reading
        return renewed

    @property
    def descriptors(self) -> "set[int | None]":
        """Those that are open for the two streams alone."""
        return self._writers[0].descriptors | self._writers[1].descriptors

    def let_go(self) -> None:
        """In a fork: hold none of the pipes open."""
        for writer in self._writers:
            writer.let_go()

    def begin_anew(self) -> "dict[int, int]":
        """In a fork that becomes the program: make new pipes. Returns `{fd: read end}`."""
        self._known_threads = set()
        self._reaped = _faults_of_reaped_children()
        return {writer.fd: writer.begin_anew() for writer in self._writers}

    def flush(self) -> None:
        """Write out what Python and C have buffered."""
        for text in self._texts:
            _flush_quietly(text)
        self._c.flush()

    def _threads_left_behind(self) -> "set[int]":
        """Native ids of the threads that this statement started and that still run."""
        if not count_threads() and not self._known_threads:
            for writer in self._writers:
                writer.forget(())
            return set()
        living = _native_thread_ids()
        for writer in self._writers:
            writer.forget(living)
        started = living - self._known_threads - {get_native_id()}
        self._known_threads = (self._known_threads & living) | started
        return started

    def _may_have_left_children(self) -> bool:
        """Whether a process may be alive that this statement or an earlier one started.

        A child that has exited and was reaped may have left a child of its own, such as a daemon; that
        one was reaped shows in the page faults of reaped children. Where SIGCHLD is ignored nothing shows.
        """
        faults = _faults_of_reaped_children()
        if faults != self._reaped or _signal.getsignal(_signal.SIGCHLD) is _signal.SIG_IGN:
            self._reaped = faults
            return True
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True


class OwnStreams:
    """The pair as Python has made it, for a program that writes to the terminal itself."""

    def __init__(self) -> None:
        self._texts = [text for text in (sys.stdout, sys.stderr) if text is not None]
        self._c = _CStdout()

    def flush(self) -> None:
        """Write out what Python and C have buffered."""
        for text in self._texts:
            _flush_quietly(text)
        self._c.flush()


class _CStdout:
    """The stream `stdout` of C, once C code may have used it."""

    def __init__(self) -> None:
        self._flush: "Callable[[], object] | None" = None
        self._modules = 0

    def flush(self) -> None:
        """Call C's `fflush(stdout)`, by way of ctypes."""
        if len(_modules) != self._modules:
            self._modules = len(_modules)
            if self._flush is None and _has_foreign_extension():
                self._flush = _c_flusher()
        if self._flush is not None:
            self._flush()


def _raw(stream: "TextIO") -> "io.FileIO":
    raw = io.FileIO(stream.fileno(), "w", closefd=False)
    raw.name = stream.name
    return raw


def _text(writer: "LateWriter", original: "Any") -> "io.TextIOWrapper":
    text = io.TextIOWrapper(
        writer,
        encoding=original.encoding,
        errors=original.errors,
        newline="\n",
        line_buffering=original.line_buffering,
        write_through=True,
    )
    writer.text, writer.is_unbuffered = text, original.write_through
    text.mode = "w"  # type: ignore[misc]  # Settable on this class, as Python does with its own.
    return text


def _flush_quietly(text: "Any") -> None:
    try:
        text.flush()
    except (OSError, ValueError, RuntimeError):
        # User code closed the stream or its descriptor, or a display was sent from within a write: what
        # the worker needs is not lost, and the code that wrote gets the error from its own write.
        pass


def _close_quietly(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        pass  # User code has closed it.


def _high(fd: int) -> int:
    """A duplicate of `fd` above the numbers that user code gets, or any where that is not allowed."""
    for lowest in (700, 150):
        try:
            return fcntl(fd, F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue  # Above this process's limit of open files.
    return fcntl(fd, F_DUPFD_CLOEXEC, 3)


def _write_all(fd: int, data: "Any") -> int:
    view = memoryview(data).cast("B")
    while view:
        view = view[os.write(fd, view) :]
    return len(data)


def _native_thread_ids() -> "set[int]":
    try:
        return set(map(int, os.listdir("/proc/self/task")))
    except OSError:
        return set()  # No such folder on this system: threads write to the current statement.


def _faults_of_reaped_children() -> int:
    return getrusage(RUSAGE_CHILDREN).ru_minflt


def _has_foreign_extension() -> bool:
    """Whether ctypes or an extension module from outside the standard library is loaded."""
    if "ctypes" in _modules:
        return True
    for module in list(_modules.values()):
        file = file_of(module)
        if file is not None and file.endswith(".so") and not file.startswith(_STANDARD):
            return True
    return False


def _c_flusher() -> "Callable[[], object] | None":
    try:
        import ctypes

        c = ctypes.CDLL(None)
        stdout = ctypes.c_void_p.in_dll(c, "stdout")
        flush = c.fflush
    except Exception:
        return None  # No ctypes, or a module of that name by the user: C's output comes when C sends it.
    flush.argtypes = [ctypes.c_void_p]
    return lambda: flush(stdout)
