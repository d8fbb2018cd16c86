"""Forks of this process: how one is made that is invisible to the program, and when one can be trusted.

Knows processes, threads and descriptors; knows nothing of messages or of what a fork is for.

*Invisible.* The fork is the child of a child that exits at once, so the program's `wait` never returns it
and the server, which adopts orphans, can reap it. Functions that were given to
`os.register_at_fork` do not run: nothing happens in the program, and `random` is not seeded anew. It
has a session of its own, so that signals for one process group do not reach the others.

*Trusted* is a fork only of a process that keeps nothing outside its memory, and in which no thread is
lost. What a native thread is for cannot be known, but libraries that support forks end their threads
before one (OpenBLAS) or name them (jemalloc): so the first child is made, and only if no thread is left
in the parent by then does it go on. GNU OpenMP, rayon and thread pools leave theirs, and would hang.
"""

import _signal
import gc
import posix as os
import sys
from _thread import _count as count_threads
from fcntl import F_GETFL, F_SETFL, fcntl
from stat import S_ISCHR, S_ISDIR, S_ISFIFO, S_ISREG, S_ISSOCK
from time import sleep

from .warning_filters import IGNORE, Filters

if False:
    from typing import Any, Callable, Collection, Iterator

_modules: "dict[str, Any]" = sys.modules

_SEEK_SET, _SEEK_CUR = 0, 1
_HARMLESS_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_LOOKS = 10
"""Looks at the list of threads, a millisecond apart: one that has ended stays in it for a moment."""

_HARMLESS_THREADS = ("jemalloc_bg_thd",)
"""Names of threads that their library starts anew in a child."""
_TIMERS = (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF)


class Refused(Exception):  # noqa: N818  (an answer, not an error)
    """There can be no fork now, or none to be trusted; the message says why, as "it has …"."""


class Forks:
    """Makes forks of this process."""

    def __init__(self) -> None:
        self._hooks = _hook_lists()
        self._unsafe_threads = 0
        """How many threads there were when some turned out not to survive a fork."""

    def make(self, own_descriptors: "Collection[int | None]") -> bool:
        """Fork. Returns False in this process, and True in the fork, of which this one has no trace.

        Raises Refused where the fork could not go on as this process would.
        """
        self._refuse_what_shows(own_descriptors)
        return self._make(self._refuse_threads)

    def make_any(self) -> bool:
        """Fork to inspect the memory: nothing else need work in such a fork. Returns as `make` does."""
        return self._make(lambda: None)

    def _make(self, check: "Callable[[], None]") -> bool:
        if self._hooks is None:
            raise Refused("it runs on an interpreter whose fork hooks cannot be held back")
        held = [list(hooks) for hooks in self._hooks]
        before = _signal.pthread_sigmask(_signal.SIG_BLOCK, {_signal.SIGCHLD})
        try:
            for hooks in self._hooks:
                hooks.clear()
            # From 3.12 on Python warns of forks in a process with threads; these are not the program's.
            with Filters(IGNORE):
                is_fork = _fork_twice(check)
        finally:
            for hooks, functions in zip(self._hooks, held):
                hooks[:] = functions
            _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
        if is_fork:
            _update_threading()
        return is_fork

    def _refuse_what_shows(self, own_descriptors: "Collection[int | None]") -> None:
        if count_threads():
            raise Refused("it has threads (%s)" % _thread_names())
        if len(_thread_ids()) >= self._unsafe_threads > 0:
            raise Refused("it has threads of a library that does not survive a fork")
        if _has_children():
            raise Refused("it has started processes")
        if any(_signal.getitimer(timer)[0] for timer in _TIMERS):
            raise Refused("it has set an alarm")
        process = _modules.get("multiprocessing.process")
        if process is not None and repr(process.__dict__.get("_process_counter")) != "count(1)":
            raise Refused("it has used multiprocessing")
        for descriptor in _descriptors():
            if descriptor not in own_descriptors:
                _refuse_descriptor(descriptor)
        with open("/proc/self/maps", "rb") as maps:
            for line in maps:
                if b" rw-s " in line or b" rwxs " in line:
                    raise Refused("it shares memory with other processes or a device")

    def _refuse_threads(self) -> None:
        for _ in range(_LOOKS):
            ids = _thread_ids()
            if all(name in _HARMLESS_THREADS for name in map(_thread_name, ids[1:])):
                return
            sleep(0.001)
        self._unsafe_threads = len(ids)
        raise Refused("it has threads of a library that does not survive a fork")


def settle_descriptors() -> None:
    """In a fork: open files anew, so that this process has an offset of its own in each."""
    for descriptor in _descriptors():
        try:
            mode = os.fstat(descriptor).st_mode
            if not S_ISREG(mode) and not S_ISDIR(mode):
                continue
            flags = fcntl(descriptor, F_GETFL)
            offset = os.lseek(descriptor, 0, _SEEK_CUR)
            again = os.open("/proc/self/fd/%d" % descriptor, flags | os.O_CLOEXEC)
        except OSError:
            continue  # It cannot be opened twice, such as a directory that is gone.
        os.lseek(again, offset, _SEEK_SET)
        os.dup2(again, descriptor, os.get_inheritable(descriptor))
        fcntl(descriptor, F_SETFL, flags)
        os.close(again)


def cut_off(kept: "Collection[int]") -> None:
    """In a fork that is only inspected: put /dev/null in the place of all that leads to other processes."""
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in _descriptors():
        if descriptor in kept or descriptor == null:
            continue
        try:
            if not _is_read_only_file(descriptor):
                os.dup2(null, descriptor, os.get_inheritable(descriptor))
        except OSError:
            continue  # Closed meanwhile: the descriptor with which the folder was listed.
    settle_descriptors()


def _fork_twice(check: "Callable[[], None]") -> bool:
    """Fork a child that forks the fork to keep. Returns whether this is the one to keep."""
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        raise Refused("it could not be forked: %s" % error.strerror) from None
    if child == 0:
        os.close(writing)
        if not os.read(reading, 1):
            os._exit(0)
        os.close(reading)
        # Already out of this group when the fork begins: a signal for the group must not end it.
        os.setsid()
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            os._exit(1)
        os.setsid()
        return True
    os.close(reading)
    try:
        check()
        os.write(writing, b"+")
    finally:
        os.close(writing)
        ended = _reap(child)
    if ended:
        raise Refused("it could not be forked twice")
    return False


def _reap(child: int) -> int:
    """Wait for `child`, and take the SIGCHLD it sent, which is blocked now, from the queue."""
    try:
        status = os.waitpid(child, 0)[1]
    except ChildProcessError:
        status = 0  # The program ignores SIGCHLD.
    if _signal.SIGCHLD in _signal.sigpending():
        _signal.sigtimedwait({_signal.SIGCHLD}, 0)
    return status


def _hook_lists() -> "list[list[Any]] | None":
    """The interpreter's own lists of what was given to `os.register_at_fork`; None where not found."""
    mark = [].clear  # Callable, and like no other object.
    os.register_at_fork(before=mark, after_in_parent=mark, after_in_child=mark)
    lists = [found for found in gc.get_referrers(mark) if type(found) is list]
    for hooks in lists:
        hooks.remove(mark)
    return lists if len(lists) == 3 else None


def _update_threading() -> None:
    """Give `threading` the new id of the main thread, as its own fork hook does in newer versions."""
    threading = _modules.get("threading")
    if threading is not None:
        threading.main_thread()._set_native_id()


def _thread_ids() -> "list[int]":
    """Ids of all threads of this process, the main one first."""
    return sorted(map(int, os.listdir("/proc/self/task")))


def _thread_name(number: int) -> str:
    try:
        with open("/proc/self/task/%d/comm" % number) as file:
            return file.read().rstrip()
    except OSError:
        return _HARMLESS_THREADS[0]  # It ended meanwhile.


def _thread_names() -> str:
    threading = _modules.get("threading")
    if threading is None:
        return "unnamed"
    names = [thread.name for thread in threading.enumerate()]
    return ", ".join(names[1:4]) + (", …" if len(names) > 4 else "")


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descriptors() -> "Iterator[int]":
    return map(int, os.listdir("/proc/self/fd"))


def _refuse_descriptor(descriptor: int) -> None:
    try:
        mode = os.fstat(descriptor).st_mode
        name = os.readlink("/proc/self/fd/%d" % descriptor)
    except OSError:
        return  # Closed meanwhile: the descriptor with which the folder was listed.
    if S_ISSOCK(mode):
        raise Refused("it has a socket open")
    if S_ISFIFO(mode):
        raise Refused("it has a pipe open")
    if S_ISCHR(mode) and (name in _HARMLESS_DEVICES or os.isatty(descriptor)):
        return
    if S_ISREG(mode) and not _is_read_only_file(descriptor):
        raise Refused("it has %s open for writing" % name)
    if not S_ISREG(mode) and not S_ISDIR(mode):
        raise Refused("it has %s open" % name)


def _is_read_only_file(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    if not S_ISREG(mode) and not S_ISDIR(mode):
        return False
    return fcntl(descriptor, F_GETFL) & os.O_ACCMODE == os.O_RDONLY
