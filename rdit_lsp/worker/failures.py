"""What is reported of an exception: its name, value, frames, and the text that Python would print.

Knows exceptions and source text, nothing of messages. All of it may call user code (`__str__`,
`__repr__`, properties), so it is called through the door; `unprintable` is for when that fails too.
"""

import builtins
import sys
from _io import FileIO, StringIO

from .statements import lines_of

if False:
    from types import CodeType, TracebackType
    from typing import Any, Dict, Iterator, Optional, Tuple

    Failure = Dict[str, Any]
    Place = Tuple[str, int, Optional[int], Optional[int], Optional[int], str]
    """File, line, end line, column, end column, function."""

FRAMES = 1000
"""Of a deeper traceback, only this many frames are listed: the outermost and the innermost."""

LINE = 2000
"""Characters of a frame's source line that are sent."""

print_exception = sys.__excepthook__
_name = vars(type)["__name__"]
_traceback: "Any" = BaseException.__traceback__
_cause: "Any" = BaseException.__cause__
_context: "Any" = BaseException.__context__
_Group: "Any" = vars(builtins).get("BaseExceptionGroup")
_exceptions = _Group and _Group.exceptions
_WORKER = "_rdit_worker"
"""How the names of the worker's own modules begin."""


class CapturedStderr:
    """Collects what the interpreter itself writes to stderr; user code may have deleted `sys.stderr`."""

    def __enter__(self) -> "StringIO":
        self._kept = vars(sys).get("stderr", self)
        sys.stderr = captured = StringIO()
        return captured

    def __exit__(self, *_: object) -> None:
        if self._kept is self:
            del sys.stderr
        else:
            sys.stderr = self._kept


def without_worker_frames(error: "BaseException") -> "BaseException":
    """Take the worker's frames out of the tracebacks of `error`, its cause and its context."""
    seen = set()
    pending = [error]
    while pending:
        each = pending.pop()
        if not issubclass(type(each), BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        _traceback.__set__(each, _user_frames(traceback_of(each)))
        pending += [_cause.__get__(each), _context.__get__(each)]
        if _Group is not None and issubclass(type(each), _Group):
            pending += _exceptions.__get__(each)
    return error


def begin_in(error: "BaseException", code: "CodeType") -> "BaseException":
    """Have the traceback of `error` begin with the call of `code`, past the event loop's calls."""
    traceback = traceback_of(error)
    while traceback is not None and traceback.tb_frame.f_code is not code:
        traceback = traceback.tb_next
    if traceback is not None:
        _traceback.__set__(error, traceback)
    return error


def name_of(value: object) -> str:
    """The name of the class of `value`, past its metaclass."""
    return _name.__get__(type(value))


def traceback_of(error: "BaseException") -> "TracebackType | None":
    """The traceback of `error`, past attributes that its class defines."""
    return _traceback.__get__(error)


def import_early() -> None:
    """Import what `describe` needs, outside the door: an interrupt cannot leave it half imported."""
    try:
        import linecache  # noqa: F401  (needed later)

        if sys.version_info >= (3, 13):
            import traceback  # noqa: F401  (the interpreter's own printing needs it)
    except BaseException:
        return  # The user may have another module named `linecache`, `traceback` or `tokenize`.


def describe(error: "BaseException", path: str, source: str) -> "Failure":
    """The failure `error` as a dict; its tracebacks must hold no frames of the worker.

    `source` is the text that runs as `path`, which need not be what is on disk.
    """
    lines = _Lines(path, source)
    frames = [_frame(place, lines.text(place[0], place[1])) for place in _places(error, lines)]
    if len(frames) > FRAMES:
        frames = frames[: FRAMES // 2] + frames[-FRAMES // 2 :]
    return {
        "name": name_of(error),
        "value": _value(error),
        "frames": frames,
        "text": as_printed(error, path, source),
    }


def keep_as_last(error: "BaseException") -> None:
    """Set what Python sets of the exception that has ended a program, for its prompt (`-i`)."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, traceback_of(error)
    if sys.version_info >= (3, 12):
        sys.last_exc = error


def print_failed_hook(failed: "BaseException", error: "BaseException") -> None:
    """Write to stderr, as Python does, that `sys.excepthook` raised `failed` when called with `error`."""
    sys.stderr.write("Error in sys.excepthook:\n")
    print_exception(type(failed), failed, traceback_of(failed))
    sys.stderr.write("\nOriginal exception was:\n")
    print_exception(type(error), error, traceback_of(error))


def unprintable(error: "BaseException") -> "Failure":
    """The failure `error`, described without calling user code."""
    name = name_of(error)
    return {"name": name, "value": "", "frames": [], "text": name + ": <unprintable exception>\n"}


def as_printed(error: "BaseException", path: str, source: str) -> str:
    """The text that `python FILE` would print on stderr for `error`."""
    if is_on_disk(path, source):
        return _as_python_prints(error)
    # Before 3.13 Python's own printing reads source lines from disk and nowhere else.
    try:
        import traceback

        show_in_tracebacks(path, source)
        return "".join(traceback.format_exception(type(error), error, traceback_of(error)))
    except Exception:
        return _as_python_prints(error)  # The user may have another module named `traceback`.


def is_on_disk(path: str, source: str) -> bool:
    """Whether `path` holds exactly `source`; a path like <stdin> holds nothing, as under Python."""
    if path.startswith("<"):
        return True
    try:
        with FileIO(path) as file:  # Not `open`, which user code may have replaced.
            data = file.readall()
    except (OSError, ValueError):
        return False
    return _plain(data.decode("utf-8", "replace")) == _plain(source)


def show_in_tracebacks(path: str, source: str) -> None:
    """Make `linecache`, and so tracebacks and `inspect`, read `source` as the text of `path`."""
    import linecache

    lines = lines_of(source)
    # No modification time: `linecache.checkcache` then leaves the entry alone.
    linecache.cache[path] = (sum(map(len, lines)), None, [line + "\n" for line in lines], path)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").lstrip("\ufeff")


def _user_frames(traceback: "TracebackType | None") -> "TracebackType | None":
    parts = []
    while traceback is not None:
        # User code may have put anything under this name, or run in a dict of its own kind.
        name = dict.get(traceback.tb_frame.f_globals, "__name__")
        if type(name) is not str or not name.startswith(_WORKER):
            parts.append(traceback)
        traceback = traceback.tb_next
    following = None
    for part in reversed(parts):
        part.tb_next = following
        following = part
    return following


def _as_python_prints(error: "BaseException") -> str:
    with CapturedStderr() as captured:
        print_exception(type(error), error, traceback_of(error))
    return captured.getvalue()


def _value(error: "BaseException") -> str:
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"


def _line_of_another(file: str, line: int) -> str:
    try:
        import linecache

        return linecache.getline(file, line)
    except Exception:
        return ""  # The user may have another module named `linecache` or `tokenize`.


class _Lines:
    """Source lines by file and number, split once for all frames."""

    def __init__(self, path: str, source: str) -> None:
        self._path = path
        self._source = source
        self._lines: "list[str] | None" = None

    def character(self, file: str, line: int, column: int) -> int:
        """Column in characters of a column in UTF-8 bytes, which is how the interpreter counts."""
        text = self._line(file, line)
        return len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def text(self, file: str, line: int) -> str:
        """The line, without the space around it."""
        return self._line(file, line).strip()

    def _line(self, file: str, line: int) -> str:
        if file != self._path:
            return _line_of_another(file, line)
        if self._lines is None:
            self._lines = lines_of(self._source)
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""


def _places(error: "BaseException", lines: "_Lines") -> "Iterator[Place]":
    """(file, line, end line, column, end column, function) of each frame, outermost first."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        begin = max((error.offset or 1) - 1, 0)
        end = getattr(error, "end_offset", None)
        end = end - 1 if end and end > 0 and error.end_lineno == error.lineno else None
        yield error.filename, error.lineno, None, begin, end, "<module>"
    traceback = traceback_of(error)
    while traceback is not None:
        code = traceback.tb_frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        line, end_line, column, end_column = _position(traceback)
        file = code.co_filename
        if end_line is not None and column is not None and end_column is not None:
            column = lines.character(file, line, column)
            end_column = lines.character(file, end_line, end_column)
        yield file, line, end_line, column, end_column, name
        traceback = traceback.tb_next


def _position(traceback: "TracebackType") -> "tuple[int, int | None, int | None, int | None]":
    """Line, end line, column and end column, in bytes, of the call; None where they are not known."""
    line = traceback.tb_lineno
    positions = getattr(traceback.tb_frame.f_code, "co_positions", None)
    if positions is None or traceback.tb_lasti < 0:
        return line, None, None, None
    from itertools import islice

    found = next(islice(positions(), traceback.tb_lasti // 2, None), (None,) * 4)
    start, end_line, column, end_column = found
    if start != line or end_line is None or column is None or end_column is None:
        return line, None, None, None
    return line, end_line, column, end_column


def _frame(place: "Place", text: str) -> "dict[str, Any]":
    file, line, end_line, column, end_column, function = place
    frame = {"file": file, "line": line, "function": function}
    if text:
        frame["text"] = text[:LINE]
    if column is not None:
        frame["column"] = column
    if end_line is not None:
        frame["endLine"] = end_line
    if end_column is not None:
        frame["endColumn"] = end_column
    return frame
