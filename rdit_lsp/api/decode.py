"""JSON of rdit's own messages → frozen dataclasses, or one sentence that says what is wrong with it.

The shapes are those of `docs/protocol.md`. Pure; knows no session beyond the `Request` that a run is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast, get_args

from rdit_lsp.export.model import Format
from rdit_lsp.session.planning import Policy, Request, Scope
from rdit_lsp.settings.configuration import can_be_environment

if TYPE_CHECKING:
    from collections.abc import Mapping


class MessageError(Exception):
    """A message does not have the right shape; the text is a sentence for the user."""


@dataclass(frozen=True)
class Options:
    """`initializationOptions`."""

    result_notifications: bool = False
    input: bool = False
    images: bool | None = None
    """Its hovers show `data:` images; None where it does not say."""
    clipboard: bool = False
    """It puts the text of `rdit/copyResult` on its clipboard."""
    other_server: bool = False
    """Another server completes Python in it, too."""
    trusted: bool = True
    """Code may be run for it, as its workspace is trusted."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """All of section `rdit`."""

    @classmethod
    def decode(cls, raw: object) -> Options:
        """What a client says of itself; invalid values are ignored."""
        section = section_of(raw) or {}
        images = section.get("images")
        return cls(
            result_notifications=section.get("resultNotifications") is True,
            input=section.get("input") is True,
            images=images if isinstance(images, bool) else None,
            clipboard=section.get("clipboard") is True,
            other_server=section.get("otherServer") is True,
            trusted=section.get("trusted") is not False,
            settings=section,
        )


@dataclass(frozen=True)
class ExecuteParams:
    """The argument of `rdit/execute`."""

    uri: str
    version: int | None
    request: Request

    @classmethod
    def decode(cls, raw: object) -> ExecuteParams:
        """Raises MessageError."""
        found = _object(raw)
        lines = _line_range(found)
        scope = found.get("scope")
        if scope is None:
            scope = "range" if lines is not None else "file"
        on_error = found.get("onError", "stop")
        if on_error not in ("stop", "continue"):
            raise MessageError(f"onError is {on_error!r}, not stop or continue.")
        policy = found.get("transactionPolicy", "commit_always")
        request = Request(
            scope=cast("Scope", _one_of("scope", scope, get_args(Scope))),
            fresh=_of_type(found, "fresh", bool, default=True),
            lines=lines,
            line=_line_of_position(found),
            stop_on_error=on_error == "stop",
            timeout=_timeout(found),
            env=_environment(found),
            policy=cast("Policy", _one_of("transactionPolicy", policy, get_args(Policy))),
        )
        if request.line is None and lines is None and scope not in ("file", "stale"):
            raise MessageError(f"scope {scope!r} needs a position or a lineRange.")
        return cls(_uri(found), _of_type(found, "version", int), request)


@dataclass(frozen=True)
class DocumentParams:
    """The argument of commands that need nothing but a document."""

    uri: str

    @classmethod
    def decode(cls, raw: object) -> DocumentParams:
        """Raises MessageError."""
        return cls(_uri(_object(raw)))


@dataclass(frozen=True)
class StatusParams:
    """The argument of `rdit/status`."""

    uri: str | None
    """None for every document."""

    @classmethod
    def decode(cls, raw: object) -> StatusParams:
        """Raises MessageError."""
        found = {} if raw is None else raw
        if isinstance(found, dict) and found.get("uri") is None:
            return cls(None)
        return cls(_uri(_object(found)))


@dataclass(frozen=True)
class TableParams:
    """The argument of `rdit/table`."""

    uri: str
    name: str
    first: int
    """The number of the first row, from 0."""
    count: int

    @classmethod
    def decode(cls, raw: object) -> TableParams:
        """Raises MessageError."""
        found = _object(raw)
        name = found.get("name")
        if not isinstance(name, str) or not name.isidentifier():
            raise MessageError("`name` must be the name of a variable.")
        return cls(_uri(found), name, _row(found, "first", 0), _row(found, "count", 100))


def _row(found: Mapping[str, Any], key: str, default: int) -> int:
    number = found.get(key, default)
    if type(number) is not int or number < 0:
        raise MessageError(f"`{key}` must be a whole number from 0 on.")
    return number


@dataclass(frozen=True)
class CheckpointParams:
    """The argument of `rdit/checkpoint`."""

    uri: str
    name: str | None

    @classmethod
    def decode(cls, raw: object) -> CheckpointParams:
        """Raises MessageError."""
        found = _object(raw)
        return cls(_uri(found), _of_type(found, "name", str))


@dataclass(frozen=True)
class RestoreParams:
    """The argument of `rdit/restore`."""

    uri: str
    checkpoint: str

    @classmethod
    def decode(cls, raw: object) -> RestoreParams:
        """Raises MessageError."""
        found = _object(raw)
        wanted = found.get("checkpointId")
        if isinstance(wanted, bool) or not isinstance(wanted, str | int):
            raise MessageError(f"checkpointId is {wanted!r}, not the id of a checkpoint.")
        return cls(_uri(found), str(wanted))


@dataclass(frozen=True)
class ResultsParams:
    """The argument of `rdit/results`."""

    uri: str
    lines: tuple[int, int] | None
    picture_files: bool
    """Pictures as files, not as data."""

    @classmethod
    def decode(cls, raw: object) -> ResultsParams:
        """Raises MessageError."""
        found = _object(raw)
        as_files = _of_type(found, "pictureFiles", bool, default=False)
        return cls(_uri(found), _line_range(found), as_files)


@dataclass(frozen=True)
class PlaceParams:
    """The argument of `rdit/openOutput`, `rdit/openPicture` and `rdit/copyResult`: a statement."""

    uri: str
    line: int
    """From 1."""
    show: bool
    """Have the client open the file, beside answering its path."""

    @classmethod
    def decode(cls, raw: object) -> PlaceParams:
        """Raises MessageError."""
        found = _object(raw)
        line = _line_of_position(found)
        if line is None:
            raise MessageError("a position is expected: whose output is meant?")
        return cls(_uri(found), line, _of_type(found, "show", bool, default=True))


@dataclass(frozen=True)
class EvaluateParams:
    """The argument of `rdit/evaluate`."""

    uri: str
    expression: str

    @classmethod
    def decode(cls, raw: object) -> EvaluateParams:
        """Raises MessageError."""
        found = _object(raw)
        expression = _of_type(found, "expression", str, default="")
        if not expression.strip():
            raise MessageError("an expression is expected: what is to be evaluated?")
        return cls(_uri(found), expression)


@dataclass(frozen=True)
class ExportParams:
    """The argument of `rdit/export`."""

    uri: str
    to: Format
    output: str | None
    show: bool

    @classmethod
    def decode(cls, raw: object) -> ExportParams:
        """Raises MessageError."""
        found = _object(raw)
        to = _one_of("to", found.get("to", "html"), get_args(Format))
        show = _of_type(found, "show", bool, default=False)
        return cls(_uri(found), cast("Format", to), _output(found), show)


@dataclass(frozen=True)
class ImportParams:
    """The argument of `rdit/import`."""

    uri: str
    output: str | None
    show: bool

    @classmethod
    def decode(cls, raw: object) -> ImportParams:
        """Raises MessageError."""
        found = _object(raw)
        uri = _uri(found)
        if not uri.startswith("file:"):
            raise MessageError(f"uri is {uri!r}, not that of a file.")
        return cls(uri, _output(found), _of_type(found, "show", bool, default=False))


def section_of(settings: object) -> dict[str, Any] | None:
    """Section `rdit` of settings, which are nested under that name or are the section itself."""
    if not isinstance(settings, dict):
        return None
    section = settings.get("rdit", settings)
    return section if isinstance(section, dict) else None


def input_text(reply: object) -> str | None:
    """The line in the reply to `rdit/input`, None for end of file."""
    text = reply.get("text") if isinstance(reply, dict) else None
    return text if isinstance(text, str) else None


def _object(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise MessageError("one object is expected as argument.")
    return raw


def _uri(found: dict[str, Any]) -> str:
    uri = found.get("uri")
    if not isinstance(uri, str) or not uri:
        raise MessageError(f"uri is {uri!r}, not a document's uri.")
    return uri


def _output(found: dict[str, Any]) -> str | None:
    output: str | None = _of_type(found, "output", str)
    if output is not None and not os.path.isabs(output):
        raise MessageError(f"output is {output!r}, not an absolute path.")
    return output


def _line_range(found: dict[str, Any]) -> tuple[int, int] | None:
    raw = found.get("lineRange")
    if raw is None:
        return None
    if isinstance(raw, dict) and _is_line(raw.get("from")) and _is_line(raw.get("to")):
        return raw["from"], raw["to"]
    raise MessageError(f"lineRange is {raw!r}, not {{from, to}} with two line numbers.")


def _line_of_position(found: dict[str, Any]) -> int | None:
    raw = found.get("position")
    if raw is None:
        return None
    if isinstance(raw, dict) and _is_line(raw.get("line")):
        return int(raw["line"]) + 1
    raise MessageError(f"position is {raw!r}, not an LSP position.")


def _timeout(found: dict[str, Any]) -> float | None:
    timeout = found.get("timeout")
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    # The comparison is written so that it also refuses NaN, which JSON readers let through.
    if timeout is not None and not (is_number and timeout > 0):
        raise MessageError(f"timeout is {timeout!r}, not a number of seconds above 0.")
    return timeout


def _environment(found: dict[str, Any]) -> dict[str, str]:
    raw = found.get("env")
    if raw is None:
        return {}
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise MessageError(f"env is {raw!r}, not an object of strings.")
    if not can_be_environment(raw):
        raise MessageError(f"env is {raw!r}, which cannot be environment variables.")
    return raw


def _one_of(key: str, value: object, choices: tuple[str, ...]) -> object:
    if value not in choices:
        raise MessageError(f"{key} is {value!r}, not one of {', '.join(choices)}.")
    return value


def _of_type(found: dict[str, Any], key: str, kind: type, default: Any = None) -> Any:
    value = found.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise MessageError(f"{key} is {value!r}, not {kind.__name__}.")
    return value


def _is_line(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
