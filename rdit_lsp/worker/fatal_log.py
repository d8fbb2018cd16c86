"""What the interpreter has to say when SIGSEGV or its like ends it: the lines it was at, in a file of ours.

`faulthandler` writes it from within the signal's handler. User code that enables it, too, takes it over,
and has its text where it wants it. Knows nothing of who reads the file.
"""

import posix
import sys

from .channel import move_high

_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC


class Faults:
    """Where the last words go."""

    descriptor = None
    """The file's, None where there is none."""

    def write_to(self, path):
        """Have them written to the new file `path` from now on."""
        try:
            fd = posix.open(path, _FLAGS, 0o600)
        except OSError:
            return  # No descriptor is left; the program matters more.
        if self.descriptor is None:
            self.descriptor = move_high(fd)
            _enable(self.descriptor)
        else:
            # In a copy: whatever the program has told `faulthandler` meanwhile holds on.
            posix.dup2(fd, self.descriptor, False)
            posix.close(fd)


def _enable(descriptor):
    known = sys.modules.get("faulthandler")
    import faulthandler

    if known is None:
        del sys.modules["faulthandler"]  # Plain Python has not imported it either.
    if not faulthandler.is_enabled():  # With `-X faulthandler` they go to stderr.
        faulthandler.enable(descriptor)
