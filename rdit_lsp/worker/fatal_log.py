"""The file to which `faulthandler` writes the stacks of an interpreter that SIGSEGV or its like ends.

User code that enables `faulthandler` itself takes it over, and has the text where it wants it. Knows
nothing of who reads the file.
"""

import posix
import sys

from .channel import move_high

_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC


class FatalLog:
    """The file, on a descriptor that stays the same."""

    descriptor: "int | None" = None
    """None where there is no such file."""

    def write_to(self, path: str) -> None:
        """Use the new file `path` from now on."""
        try:
            fd = posix.open(path, _FLAGS, 0o600)
        except OSError:
            return  # No descriptor is left; the program matters more.
        if self.descriptor is None:
            self.descriptor = move_high(fd)
            _enable(self.descriptor)
        else:
            # In a fork: a descriptor that the program has given to `faulthandler` meanwhile stays in use.
            posix.dup2(fd, self.descriptor, False)
            posix.close(fd)


def _enable(descriptor: int) -> None:
    known = sys.modules.get("faulthandler")
    import faulthandler

    if known is None:
        del sys.modules["faulthandler"]  # Plain Python has not imported it either.
    if not faulthandler.is_enabled():  # With `-X faulthandler` they go to stderr.
        faulthandler.enable(descriptor)
