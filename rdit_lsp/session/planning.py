"""What one `rdit/execute` asks for, and which statements that makes it run.

Pure: `plan` looks at a document, its results' keys and where the live namespace stands, and decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from rdit_lsp.document.document import Document, PlacedStatement
    from rdit_lsp.document.state_keys import Chain, Key

Scope: TypeAlias = Literal["file", "stale", "toHere", "statement", "range", "cell", "fromHere"]
Policy: TypeAlias = Literal["commit_always", "commit_on_success", "rollback_always"]
WayBackKind: TypeAlias = Literal["live", "kept", "checkpoint", "start"]


class RequestError(Exception):
    """A request that makes no sense for this document; the message is a sentence for the user."""


@dataclass(frozen=True)
class Request:
    """The decoded `ExecuteParams`, without uri and version."""

    scope: Scope = "file"
    fresh: bool = True
    lines: tuple[int, int] | None = None
    """First and last line, from 1."""
    line: int | None = None
    """The line, from 1, of the position given."""
    stop_on_error: bool = True
    timeout: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = "commit_always"
    """What is taken back: nothing, a run that fails, or every run."""
    automatic: bool = False
    """Asked for by a save or a key stroke, not by a person."""

    @property
    def whole(self) -> bool:
        """Whether it promises what a clean run gives, so the file must compile as a whole."""
        return self.scope in ("file", "stale", "toHere")

    @property
    def anchor(self) -> int:
        """The line the request is about."""
        if self.line is not None:
            return self.line
        if self.lines is not None:
            return self.lines[1] if self.scope == "toHere" else self.lines[0]
        raise RequestError(f"scope {self.scope!r} needs a position or a lineRange.")


@dataclass(frozen=True)
class WayBack:
    """Where a run resumed."""

    kind: WayBackKind
    line: int | None = None


@dataclass(frozen=True)
class Plan:
    """What to run, and from where."""

    scope: Sequence[PlacedStatement]
    """The statements whose results the run answers with."""
    todo: Sequence[PlacedStatement]
    """Those of them to run, in order."""
    restart: bool
    """In an empty namespace."""
    checkpoint: Key | None
    """The state to return to first; None to carry on in the live namespace, or with `restart`."""
    way_back: WayBack | None
    """For runs that promise what a clean run gives."""

    @property
    def is_kept(self) -> bool:
        """Whether nothing has to run."""
        return self.way_back is not None and self.way_back.kind == "kept"

    @property
    def leaves_live(self) -> bool:
        """Whether it begins in another state than the live namespace is in."""
        return self.restart or self.checkpoint is not None


def check(request: Request, document: Document) -> None:
    """Refuse a request that makes no sense. Raises RequestError."""
    _check_lines(request, document)
    if request.scope not in ("file", "stale"):
        statements_in_scope(request, document)


def statements_in_scope(request: Request, document: Document) -> Sequence[PlacedStatement]:
    """The statements a request is about. Raises RequestError when there are none where there must be."""
    placed = document.placed
    if request.scope in ("file", "stale"):
        return placed
    if request.scope == "range":
        first, last = request.lines or (request.anchor, request.anchor)
        return [p for p in placed if p.first <= last and p.last >= first]
    anchor = request.anchor
    if request.scope == "toHere":
        return [p for p in placed if p.first <= anchor]
    if request.scope == "cell":
        first, last = document.cell(anchor)
        return [p for p in placed if first <= p.first <= last]
    here = _at_or_after(placed, anchor)
    if here is None:
        raise RequestError(f"there is no statement at line {anchor} or after it.")
    if request.scope == "fromHere":
        return [p for p in placed if p.first >= here.first]
    return [p for p in placed if p.first <= here.last and p.last >= here.first]


def plan(
    request: Request,
    document: Document,
    chain: Chain,
    live: Key | None,
    saved: Container[Key],
    is_fresh: Callable[[PlacedStatement], bool],
    ends_run: Callable[[PlacedStatement], bool],
) -> Plan:
    """Decide what `request` runs.

    `chain` holds the document's keys; `live` is the state of the live
    namespace, None without one, and `saved` has the states that can be returned to. `is_fresh` tells
    whether a statement's result is what a clean run gives, `ends_run` whether a clean run would end
    there.
    """
    if request.scope == "file" and request.fresh:
        # Everything, whatever that is: the interpreter that comes up will say.
        return Plan((), (), restart=True, checkpoint=None, way_back=WayBack("start"))
    scope = statements_in_scope(request, document)
    if request.scope not in ("stale", "toHere"):
        runnable = [p for p in scope if not p.statement.is_broken]
        return Plan(scope, runnable, restart=live is None, checkpoint=None, way_back=None)
    due = _due(request, scope, is_fresh, ends_run)
    if not due:
        return Plan(scope, (), restart=False, checkpoint=None, way_back=WayBack("kept"))
    kind, start = way_back_to(due[0].index, chain, live, saved)
    todo = document.placed[start : due[-1].index + 1]
    return Plan(
        scope,
        todo,
        restart=kind == "start",
        checkpoint=chain[start] if kind == "checkpoint" else None,
        way_back=WayBack(kind, todo[0].first),
    )


def way_back_to(
    index: int, chain: Chain, live: Key | None, saved: Container[Key]
) -> tuple[WayBackKind, int]:
    """The deepest state at or before statement `index` of the chain that can be had at once.

    Returns how it is had, and the index of the statement that comes next in it.
    """
    for start in range(index, -1, -1):
        if chain[start] == live:
            return "live", start
        if chain[start] in saved:
            return "checkpoint", start
    return "start", 0


def _due(
    request: Request,
    scope: Sequence[PlacedStatement],
    is_fresh: Callable[[PlacedStatement], bool],
    ends_run: Callable[[PlacedStatement], bool],
) -> Sequence[PlacedStatement]:
    """From the first statement that must run up to the last one."""
    first = last = None
    for number, placed in enumerate(scope):
        if not is_fresh(placed):
            first = number if first is None else first
            last = number
        elif first is None and request.stop_on_error and ends_run(placed):
            break  # A clean run ends here, so nothing below has a result in it.
    if first is None or last is None:
        return ()
    return scope[first : last + 1]


def _check_lines(request: Request, document: Document) -> None:
    total = len(document.lines)
    named = [*(request.lines or ()), *([] if request.line is None else [request.line])]
    if request.lines is not None and request.lines[0] > request.lines[1]:
        raise RequestError(
            f"lineRange goes from {request.lines[0]} to {request.lines[1]}, which is backwards."
        )
    if named and min(named) > total:
        raise RequestError(f"line {min(named)} is outside the document, which has {total} lines.")
    if named and min(named) < 1:
        raise RequestError(f"line {min(named)} does not exist: lines count from 1.")


def _at_or_after(placed: Sequence[PlacedStatement], line: int) -> PlacedStatement | None:
    return next((p for p in placed if p.last >= line), None)
