"""Calls of user code that someone who only looks makes: each has a time limit, or is not made at all.

Meant for a process that is thrown away afterwards: whatever the code does to it is its own affair.
"""

from time import monotonic

from ..display.timelimit import Limit, TooLong
from .lookup import class_name


class Unknown(Exception):  # noqa: N818  (an answer, not an error of ours)
    """Code raised, took too long, or may not be asked; says which."""


class Asking:
    """Calls user code as long as there is time, or none at all."""

    def __init__(self, seconds, *, gentle):
        """`seconds` for all calls together; `gentle`: no call is made."""
        self.gentle = gentle
        self._end = monotonic() + seconds

    def ask(self, call, seconds=10.0):
        """What `call()` returns; it has `seconds` at most. Raises Unknown."""
        left = min(self._end - monotonic(), seconds)
        if self.gentle or left <= 0:
            raise Unknown("is not asked")
        try:
            with Limit(left) as limit:
                return limit.run(call)
        except TooLong:
            raise Unknown("takes too long") from None
        except BaseException as error:
            # Also what would end the process: it was made to be thrown away.
            raise Unknown("raised " + class_name(type(error))) from None
