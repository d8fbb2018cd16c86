"""Diagnostics: where code failed and what it warned of, at the lines that did it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls import uris

from rdit_lsp.document.positions import to_units
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.render.look import look
from rdit_lsp.render.summary import caveats
from rdit_lsp.results.line_references import warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdit_lsp.document.positions import Encoding
    from rdit_lsp.outputs.failure import Frame
    from rdit_lsp.results.snapshot import Snapshot, View

_SOURCE = "rdit"
_RELATED = 20
"""Frames listed beside an error: the innermost. A recursion has a thousand."""
_INDENT = re.compile(r"\s*")


def diagnostics(snapshot: Snapshot, path: str, encoding: Encoding) -> list[types.Diagnostic]:
    """The diagnostics of a document that runs as the file `path`."""
    found: list[types.Diagnostic] = []
    for view in snapshot.views:
        found += _warnings(view, snapshot, path, encoding)
        for output in view.outputs:
            if isinstance(output, Failure) and view.status == "error":
                found.append(_of_failure(output, view, snapshot, path, encoding))
        if view.status == "crashed":
            message = view.note or "Python ended here."
            where = _whole_line(view.first, snapshot, encoding)
            found.append(_diagnostic(where, message, types.DiagnosticSeverity.Error, "crashed"))
    return found


def _of_failure(
    failure: Failure, view: View, snapshot: Snapshot, path: str, encoding: Encoding
) -> types.Diagnostic:
    inside = [f for f in failure.frames if f.file == path and _is_within(f, view)]
    # The frames of a stale result have line numbers of an earlier text; its statement's are current.
    moved = view.stale_reason is not None or not inside
    where = (
        _whole_line(view.mark_line or view.first, snapshot, encoding)
        if moved
        else _range_of(inside[-1], snapshot, encoding)
    )
    message = f"{failure.name}: {failure.value}" if failure.value else failure.name
    message = "\n".join([message, *(f"({caveat})" for caveat in caveats(view))])
    severity = types.DiagnosticSeverity
    is_stale = view.stale_reason is not None and look(view) == "stale"
    diagnostic = _diagnostic(
        where, message, severity.Warning if is_stale else severity.Error, failure.name
    )
    others = [f for f in failure.frames if not inside or f is not inside[-1]]
    diagnostic.related_information = [
        related
        for frame in others[-_RELATED:]
        if (related := _related(frame, snapshot, path, encoding)) is not None
    ]
    return diagnostic


def _is_within(frame: Frame, view: View) -> bool:
    return view.index == -1 or view.first <= frame.line <= view.last


def _related(
    frame: Frame, snapshot: Snapshot, path: str, encoding: Encoding
) -> types.DiagnosticRelatedInformation | None:
    if frame.file == path:
        uri, where = snapshot.document.uri, _range_of(frame, snapshot, encoding)
    elif Path(frame.file).is_absolute():
        uri = uris.from_fs_path(frame.file) or ""
        start = types.Position(frame.line - 1, 0)
        where = types.Range(start, types.Position(frame.line, 0))
    else:
        return None  # <string>, <frozen …>: an editor cannot open it.
    return types.DiagnosticRelatedInformation(
        types.Location(uri, where), f"in {frame.function}: {frame.text or ''}".rstrip(": ")
    )


def _warnings(
    view: View, snapshot: Snapshot, path: str, encoding: Encoding
) -> Iterator[types.Diagnostic]:
    """What the `warnings` module printed about lines of this document."""
    for output in view.outputs:
        if not isinstance(output, Stream) or output.name != "stderr":
            continue
        for match in warnings(output):
            line = view.lines.get(int(match["line"]), int(match["line"]))
            if match["file"] != path or line > len(snapshot.document.lines):
                continue
            yield _diagnostic(
                _whole_line(line if view.stale_reason is None else view.first, snapshot, encoding),
                f"{match['kind']}: {match['text']}",
                types.DiagnosticSeverity.Warning,
                match["kind"],
            )


def _range_of(frame: Frame, snapshot: Snapshot, encoding: Encoding) -> types.Range:
    lines = snapshot.document.lines
    if frame.column is None or frame.line > len(lines):
        return _whole_line(min(frame.line, len(lines)), snapshot, encoding)
    end_line = min(frame.end_line or frame.line, len(lines))
    end_text = lines[end_line - 1]
    end_column = len(end_text) if frame.end_column is None else frame.end_column
    return types.Range(
        types.Position(frame.line - 1, to_units(lines[frame.line - 1], frame.column, encoding)),
        types.Position(end_line - 1, to_units(end_text, end_column, encoding)),
    )


def _whole_line(line: int, snapshot: Snapshot, encoding: Encoding) -> types.Range:
    """The line from its first character that is not white space to its end."""
    text = snapshot.document.lines[line - 1]
    indent = _INDENT.match(text)
    start = to_units(text, indent.end() if indent else 0, encoding)
    end = to_units(text, len(text), encoding)
    return types.Range(types.Position(line - 1, start), types.Position(line - 1, end))


def _diagnostic(
    where: types.Range, message: str, severity: types.DiagnosticSeverity, code: str
) -> types.Diagnostic:
    return types.Diagnostic(where, message, severity, code=code, source=_SOURCE)
