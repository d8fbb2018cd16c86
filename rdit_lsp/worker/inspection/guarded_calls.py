"""Calls of user code for an inspection: each has a time limit, or is not made at all.

Meant for a process that is discarded afterwards, so the code may do anything to it.
"""

from time import monotonic

from ..display.timelimit import Limit, TooLong
from .lookup import class_name

if False:
    from typing import Callable, TypeVar

    T = TypeVar("T")


class Unknown(Exception):  # noqa: N818  (an answer, not an error)
    """The code raised, took too long, or may not be called; the message says which."""


class GuardedCalls:
    """Calls user code as long as there is time, or never."""

    def __init__(self, seconds: float, *, gentle: bool) -> None:
        """`seconds` for all calls together; `gentle`: make none."""
        self.gentle = gentle
        self._end = monotonic() + seconds

    def run(self, call: "Callable[[], T]", seconds: float = 10.0) -> "T":
        """Return `call()`, which may take `seconds` at most. Raises Unknown."""
        left = min(self._end - monotonic(), seconds)
        if self.gentle or left <= 0:
            raise Unknown("is not asked")
        try:
            with Limit(left) as limit:
                return limit.run(call)
        except TooLong:
            raise Unknown("takes too long") from None
        except BaseException as error:
            # Also SystemExit: the process is discarded afterwards anyway.
            raise Unknown("raised " + _said(error)) from None


def _said(error: BaseException) -> str:
    name = class_name(type(error))
    try:
        with Limit(1.0) as limit:
            text = str.__str__(limit.run(lambda: str(error)))
    except BaseException:
        return name  # Code in the exception's class that fails as well.
    return " ".join((name + (": " + text if text else "")).split())[:200]
