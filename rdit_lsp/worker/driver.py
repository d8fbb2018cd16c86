"""Runs the program's code with nothing of rdit's below it: its caller is the interpreter, as of a file.

Knows how CPython calls things, nothing of statements or messages. In the main module of `python FILE`
`sys._getframe().f_back` is None. Designs that do not get there: `exec`, generators and coroutines have
their callers below them; another thread is not the main one; frames cannot be unlinked.

*No frame below.* The bootstrap ends by an exception, so the interpreter calls `sys.excepthook` from C, and
that is an object of C which iterates over `_LOOP`: it takes what is next from a list and calls it. Up to
3.11 calls of C functions count as recursion: `range` and `list` are called without that (in 3.8 nothing is,
so there the worker puts functions of its own for the limit in place).

*Between statements* code of a file unpacks an iterator in C, which raises an audit event, for which `_hook`
calls the worker. An audit hook is neither traced, profiled nor monitored; and one that raises StopIteration
ends the iterator as if it were empty, before any hook of the program's is called.
"""

import sys
from _functools import partial, reduce
from itertools import chain, repeat

if False:
    from types import FrameType
    from typing import Any, Callable, Dict, List

CALLS = 2
"""The calls below those of user code in 3.8, which count as recursion there."""

_EVENT = "rdit."
_ASIDE = _EVENT + "aside"
_queue: "List[Any]" = []
_base: "List[FrameType]" = []
"""The frame of rdit's below the program, where there is one."""
_LOOP: "Any" = chain.from_iterable(iter(_queue.pop, None))
_LAST = ("last_type", "last_value", "last_traceback", "last_exc")
"""What the interpreter sets in `sys` before it calls `sys.excepthook`."""


aside: "Any" = partial(map, sys.audit, (_ASIDE,))
"""`() = aside((call,))` calls `call()` unseen by the program's tracers, profilers and audit hooks."""


class _Loop(type):
    # Not methods: these would be frames.
    __index__ = staticmethod(partial(list, _LOOP))


class _Start(BaseException, metaclass=_Loop):
    __iter__ = staticmethod(_LOOP.__iter__)


def listen() -> None:
    """Have points reached from now on. There is no end to it."""
    sys.addaudithook(_hook)


def point(name: str, reach: "Callable[[], None]") -> "Any":
    """An iterator that calls `reach` whenever it is unpacked, and is empty then."""
    event = _EVENT + name
    _handlers[event] = reach
    return map(sys.audit, repeat(event))


def run(function: "Callable[[], None]", after: "Any") -> None:
    """Call `function`, which returns None and never raises, once this frame and all below have ended.

    `after` is a point that is reached then.
    """
    _queue[:] = [after, iter(function, None)]


def start(first: "Any") -> None:
    """Leave all frames, and come to the point `first`. Never returns.

    But where the interpreter is to go on with a prompt of its own (`-i`, PYTHONINSPECT): it does so only
    after a script that has come to its end. There the frames below stay, and this returns after `end`.
    """
    _queue[:] = [first]
    if sys.flags.inspect:
        _base.append(sys._getframe())
        try:
            list(_LOOP)
        except IndexError:
            return  # The queue is empty.
    hook: "Any" = range if sys.version_info >= (3, 9) else reduce
    sys.excepthook = hook
    raise _Start


def bottom() -> "FrameType":
    """The frame below all of the program's: at a point, that of the module."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_back not in _base:
        frame = frame.f_back
    return frame


def settle() -> None:
    """Call at the first point: leave no trace of how it was come to."""
    if _base:
        return
    sys.excepthook = sys.__excepthook__
    traceback = sys.last_traceback
    while traceback is not None:
        # To the end of the process they are held in C, and would hold what must go before, such as streams.
        traceback.tb_frame.clear()
        traceback = traceback.tb_next
    for name in _LAST:
        vars(sys).pop(name, None)


def end() -> None:
    """Drop all points: the interpreter keeps the hook longer than the streams."""
    _handlers.clear()
    _handlers[_ASIDE] = _call
    _queue.clear()


def _call(call: "Callable[[], object]") -> None:
    call()


_handlers: "Dict[str, Callable[..., object]]" = {_ASIDE: _call}


def _hook(event: str, arguments: "tuple[Any, ...]") -> None:
    reach = _handlers.get(event)
    if reach is not None:
        reach(*arguments)
        raise StopIteration
