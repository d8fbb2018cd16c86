"""Messages of a worker, decoded: the one module that knows their fields.

A worker's messages may hold whatever user code managed to write into its socket. So each is decoded when it
is read, and one with a missing field or a field of another kind is a ProtocolError, which ends the worker:
never an exception where the reply is awaited. Knows no process, and only hands descriptors on.

Named tuples, since `rdit run` defines all of them before it runs anything: frozen dataclasses take ten
times as long.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from rdit_lsp.outputs.codec import display_from, failure_from
from rdit_lsp.worker.protocol import ProtocolError
from rdit_lsp.worker.statements import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rdit_lsp.outputs.display import Display
    from rdit_lsp.outputs.failure import Failure
    from rdit_lsp.outputs.stream import StreamName
    from rdit_lsp.process.channel import Message

T = TypeVar("T")

Stamp: TypeAlias = tuple[int, int, int]
"""When a file was changed, in nanoseconds, its size and its inode."""

Outcome: TypeAlias = Literal["ok", "error", "interrupted", "exit"]
"""How a statement ends by itself, or by an interrupt."""
_OUTCOMES = get_args(Outcome)

STREAMS: dict[int, StreamName] = {1: "stdout", 2: "stderr"}
"""The program's descriptors that the server reads, and what they are called."""


class Exited(NamedTuple):
    """In place of a reply: the process is gone. `code` as in `Popen.returncode`, -N for signal N."""

    code: int
    is_for_memory: bool = False
    """SIGKILL ended it, and the system has killed for want of memory since it began."""


# Replies: each answers one request.


class Ready(NamedTuple):
    """The interpreter has started, or a fork has become the program."""

    protocol: int
    python: str | None
    """`sys.executable`."""
    version: str
    libraries: tuple[str, ...]


class Prepared(NamedTuple):
    """The source compiles; these are its statements."""

    spans: tuple[Span, ...]


class Rejected(NamedTuple):
    """The source does not compile."""

    failure: Failure
    first: int
    """The lines, from 1, that the failure is about."""
    last: int


class Finished(NamedTuple):
    """A statement ended."""

    outcome: Outcome
    seconds: float
    value: Display | None
    """The value of an expression that is shown."""
    failure: Failure | None
    exit_code: int | None
    """With the outcome `exit`."""
    imported: Mapping[str, Stamp | None] = MappingProxyType({})
    """Files of the project that loaders read, as they were then; None for one that was not there."""
    lookups: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({})
    """Folder and name of each module that was looked for, and the entries for it that were there."""
    used: tuple[str, ...] = ()
    """Files that it read, wrote or listed, folders with a slash at their end; "*" for any."""
    changed: tuple[str, ...] = ()
    """Files that it made, wrote, renamed or removed, likewise."""
    found_no_figure: bool = False
    """It was to show matplotlib's figures, and none was open."""
    assigned: str | None = None
    """A short text of what a simple assignment has bound, where that was asked for."""


class Forked(NamedTuple):
    """A fork has been made; `fd` is the server's end of its socket."""

    fd: int


class Refusal(NamedTuple):
    """There can be no fork; the reason reads "it has …", or the like, and is meant for the user."""

    reason: str


class Environment(NamedTuple):
    """Environment variables were set; these are their former values."""

    before: Mapping[str, str | None]


class Answer(NamedTuple):
    """The answer to a question about the namespace."""

    answer: Mapping[str, Any]


Reply: TypeAlias = Ready | Prepared | Rejected | Finished | Forked | Refusal | Environment | Answer


# Events: they come between a request and its reply, or without one.


class Waiting(NamedTuple):
    """The first message of a fork: it waits to be used."""

    pid: int


class InspectionFork(NamedTuple):
    """A fork for inspection has been made, with the server's end of its socket, or could not be."""

    fd: int | None


class Inspectable(NamedTuple):
    """Whether a signal makes the program look for requests in the middle of a statement."""

    is_so: bool
    """False where it handles that signal itself."""


class InputRequest(NamedTuple):
    """User code waits for a line."""

    number: int
    password: bool


class Displayed(NamedTuple):
    """User code displayed something."""

    display: Display
    update: bool
    """In the place of the display with the same id."""
    number: int | None = None
    """To be acknowledged with this number; None if the worker does not wait for that."""


class Cleared(NamedTuple):
    """User code cleared what its statement has put out."""

    wait: bool
    """Only when something follows."""
    number: int | None = None
    """As `Displayed.number`."""


Event: TypeAlias = Waiting | InspectionFork | Inspectable | InputRequest | Displayed | Cleared


class Received(NamedTuple):
    """One message, and the pipes that came beside it."""

    content: Reply | Event
    pipes: Mapping[StreamName, int]
    """Reading ends of the pipes that its streams are on from now on; empty for those that stay."""


def decode(message: Message, take_fd: Callable[[], int]) -> Received:
    """Decode a message. Raises ProtocolError for what is none.

    `take_fd` gives the descriptors that came beside it, in their order, and raises ProtocolError when there
    is none left.
    """
    kind = message.get("type")
    try:
        if kind in _WITH_DESCRIPTOR:
            return Received(_WITH_DESCRIPTOR[kind](take_fd()), {})
        content = _DECODERS[kind](message)
        pipes = {STREAMS[number]: take_fd() for number in message.get("renewed", ())}
    except _WRONG_SHAPE as error:
        raise ProtocolError(f"a message of type {kind!r:.40} with {error!r:.80}") from error
    return Received(content, pipes)


_WRONG_SHAPE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What decoding raises where a field is not what it should be, or is nested too deep."""


def _ready(message: Message) -> Ready:
    return Ready(
        _whole(message["protocol"]),
        _optional(_text, message["python"]),
        _text(message["version"]),
        _texts(message["libraries"]),
    )


def _prepared(message: Message) -> Prepared:
    spans = message["spans"]
    return Prepared(tuple(Span(_whole(a), _whole(b), _of(bool, c)) for a, b, c in spans))


def _rejected(message: Message) -> Rejected:
    failure = failure_from(message["failure"])
    return Rejected(failure, _whole(message["first"]), _whole(message["last"]))


def _finished(message: Message) -> Finished:
    value = message["value"]
    if message["outcome"] not in _OUTCOMES:
        raise ValueError(message["outcome"])
    return Finished(
        outcome=message["outcome"],
        seconds=_number(message["seconds"]),
        value=None if value is None else display_from("result", value, message.get("metadata")),
        failure=_optional(failure_from, message["failure"]),
        exit_code=_optional(_whole, message["code"]),
        imported={
            _text(path): _optional(_stamp, stamp) for path, stamp in message["imported"].items()
        },
        lookups={
            (_text(folder), _text(name)): _texts(found)
            for folder, name, found in message["lookups"]
        },
        used=_texts(message["used"]),
        changed=_texts(message["changed"]),
        found_no_figure=message.get("noFigure") is True,
        assigned=_optional(_text, message.get("assigned")),
    )


def _environment(message: Message) -> Environment:
    before = message["before"].items()
    return Environment({_text(name): _optional(_text, value) for name, value in before})


def _answer(message: Message) -> Answer:
    return Answer(_object(message["answer"]))


def _shown(message: Message) -> Displayed | Cleared:
    number = _optional(_whole, message.get("number"))
    if "clear" in message:
        return Cleared(message["clear"] == "wait", number)
    display = display_from("display", message["data"], message.get("metadata"), message.get("id"))
    return Displayed(display, message.get("update") is True, number)


_DECODERS: Mapping[object, Callable[[Message], Reply | Event]] = {
    "ready": _ready,
    "prepared": _prepared,
    "rejected": _rejected,
    "finished": _finished,
    "refused": lambda message: Refusal(_text(message["reason"])),
    "environ": _environment,
    "looked": _answer,
    "waiting": lambda message: Waiting(_whole(message["pid"])),
    "blind": lambda _: InspectionFork(None),
    "inspectable": lambda message: Inspectable(_of(bool, message["is_so"])),
    "input": lambda message: InputRequest(_whole(message["number"]), bool(message["password"])),
    "display": _shown,
}
_WITH_DESCRIPTOR: Mapping[object, Callable[[int], Reply | Event]] = {
    "forked": Forked,
    "glanced": InspectionFork,
}


def _optional(decode: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else decode(value)


def _text(value: Any) -> str:
    return _of(str, value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _of(list, value)))


def _stamp(value: Any) -> Stamp:
    modified, size, inode = _of(list, value)
    return _whole(modified), _whole(size), _whole(inode)


def _whole(value: Any) -> int:
    return _of(int, value)


def _number(value: Any) -> float:
    return float(value) if type(value) is int else _of(float, value)


def _object(value: Any) -> Message:
    return _of(dict, value)


def _of(kind: type[T], value: Any) -> T:
    if type(value) is not kind:  # JSON has no subclasses, and `True` is no number.
        raise TypeError(f"{value!r:.40} where {kind.__name__} belongs")
    return value
