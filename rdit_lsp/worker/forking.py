"""Copies of this process: how one is made that the program does not notice, and when one can be trusted.

Knows processes, threads and descriptors; knows nothing of messages or of what a copy is for.

*Unnoticed.* The copy is the child of a child that ends at once, so the program's `wait` never meets it
and the server, which adopts orphans, can wait for it. Functions that were given to
`os.register_at_fork` do not run: to the program nothing happens, and `random` is not seeded anew. It
has a session of its own, so that signals for one process group do not reach the others.

*Trusted* is a copy only of a process that keeps nothing outside its memory, and in which no thread is
lost. Threads cannot be asked what they are for, but libraries that are at home with forks end theirs
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

_modules = sys.modules

_SEEK_SET, _SEEK_CUR = 0, 1
_HARMLESS_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_LOOKS = 10
"""Looks at threads, a millisecond apart: one that has ended can be seen for a moment still."""

_HARMLESS_THREADS = ("jemalloc_bg_thd",)
"""Names of threads that their library starts anew in a child."""
_TIMERS = (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF)


class Refused(Exception):  # noqa: N818  (an answer, not an error)
    """There can be no copy now, or none to be trusted; the message says why, as "it has …"."""


class Forks:
    """Makes copies of this process."""

    def __init__(self):
        self._hooks = _hook_lists()
        self._unsafe_threads = 0
        """How many threads there were when some turned out not to survive a fork."""

    def make(self, own_descriptors):
        """Fork. Returns False in this process, and True in the copy, which this one never hears of.

        Raises Refused where the copy could not go on as this process would.
        """
        self._refuse_what_shows(own_descriptors)
        return self._make(self._refuse_threads)

    def make_any(self):
        """Fork for a look at the memory: of such a copy nothing is expected to work. As `make`."""
        return self._make(lambda: None)

    def _make(self, check):
        if self._hooks is None:
            raise Refused("it runs on an interpreter whose fork hooks cannot be held back")
        held = [list(hooks) for hooks in self._hooks]
        before = _signal.pthread_sigmask(_signal.SIG_BLOCK, {_signal.SIGCHLD})
        try:
            for hooks in self._hooks:
                hooks.clear()
            with _NoWarnings():
                is_copy = _fork_twice(check)
        finally:
            for hooks, functions in zip(self._hooks, held):
                hooks[:] = functions
            _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
        if is_copy:
            _tell_threading()
        return is_copy

    def _refuse_what_shows(self, own_descriptors):
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

    def _refuse_threads(self):
        for _ in range(_LOOKS):
            ids = _thread_ids()
            if all(name in _HARMLESS_THREADS for name in map(_thread_name, ids[1:])):
                return
            sleep(0.001)
        self._unsafe_threads = len(ids)
        raise Refused("it has threads of a library that does not survive a fork")


class _NoWarnings:
    """From 3.12 on Python warns of forks in a process with threads; this one is not the program's."""

    def __enter__(self):
        self._module = _modules.get("warnings")
        if self._module is not None:
            self._filters = self._module.filters
            self._module.filters = [("ignore", None, Warning, None, 0)]

    def __exit__(self, *_):
        if self._module is not None:
            self._module.filters = self._filters


def settle_descriptors():
    """In a copy: have every file that is open for reading at an offset of our own."""
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


def cut_off(kept):
    """In a copy that is only looked at: whatever it writes or asks for, to anybody, comes to nothing."""
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in _descriptors():
        if descriptor in kept or descriptor == null:
            continue
        try:
            if not _is_read_only_file(descriptor):
                os.dup2(null, descriptor, os.get_inheritable(descriptor))
        except OSError:
            continue  # Closed meanwhile: it is that of the folder that was listed.
    settle_descriptors()


def _fork_twice(check):
    """Fork a child that forks the copy. Returns whether this is the copy."""
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
        # Already out of this group when the copy begins: whoever ends the group must not end it.
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


def _reap(child):
    """Wait for `child`, and take the SIGCHLD it sent, which is blocked now, from the queue."""
    try:
        status = os.waitpid(child, 0)[1]
    except ChildProcessError:
        status = 0  # The program ignores SIGCHLD.
    if _signal.SIGCHLD in _signal.sigpending():
        _signal.sigtimedwait({_signal.SIGCHLD}, 0)
    return status


def _hook_lists():
    """The interpreter's own lists of what was given to `os.register_at_fork`; None where hidden."""
    mark = [].clear  # Callable, and like no other object.
    os.register_at_fork(before=mark, after_in_parent=mark, after_in_child=mark)
    lists = [found for found in gc.get_referrers(mark) if type(found) is list]
    for hooks in lists:
        hooks.remove(mark)
    return lists if len(lists) == 3 else None


def _tell_threading():
    """Have `threading` know the main thread by its new id, as its own fork hook does in newer versions."""
    threading = _modules.get("threading")
    if threading is not None:
        threading.main_thread()._set_native_id()


def _thread_ids():
    """Ids of all threads of this process, the main one first."""
    return sorted(map(int, os.listdir("/proc/self/task")))


def _thread_name(number):
    try:
        with open("/proc/self/task/%d/comm" % number) as file:
            return file.read().rstrip()
    except OSError:
        return _HARMLESS_THREADS[0]  # It ended meanwhile.


def _thread_names():
    threading = _modules.get("threading")
    if threading is None:
        return "unnamed"
    names = [thread.name for thread in threading.enumerate()]
    return ", ".join(names[1:4]) + (", …" if len(names) > 4 else "")


def _has_children():
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descriptors():
    return map(int, os.listdir("/proc/self/fd"))


def _refuse_descriptor(descriptor):
    try:
        mode = os.fstat(descriptor).st_mode
        name = os.readlink("/proc/self/fd/%d" % descriptor)
    except OSError:
        return  # That of the folder that was listed.
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


def _is_read_only_file(descriptor):
    mode = os.fstat(descriptor).st_mode
    if not S_ISREG(mode) and not S_ISDIR(mode):
        return False
    return fcntl(descriptor, F_GETFL) & os.O_ACCMODE == os.O_RDONLY
