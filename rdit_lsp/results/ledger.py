"""All results of a session: what was shown of each statement, and what can be shown again.

Pure state without a clock or a process; only the session changes it. A result is tied to a statement,
not to a line. It also stays known by its key when its statement is edited or removed, so that undoing
the edit shows it again, fresh, with nothing run.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from rdit_lsp.document.state_keys import OFF_PATH, Key
from rdit_lsp.outputs.outputs import Stream
from rdit_lsp.results.outcome import REPEATABLE, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from weakref import WeakSet

    from rdit_lsp.document.document import Block, Document, Statement
    from rdit_lsp.document.state_keys import Keys
    from rdit_lsp.outputs.outputs import Display, Output
    from rdit_lsp.results.line_references import LineReferences
    from rdit_lsp.results.snapshot import View


_ALIKE = 0.7
"""Share of common characters (`SequenceMatcher.quick_ratio`) of an edited statement with what it was."""

_COMPARISONS = 400
"""Pairs of statements that are compared at most for one edit."""

_KEPT = 2000
"""How many results that no statement shows now are kept for an undo."""


@dataclass(eq=False)
class Result:
    """How a statement ended, or runs now, and what it put out."""

    text: str
    """The statement's text when it ran."""
    status: Status = "running"
    first: int = 1
    """The statement's first line when it ran."""
    key: Key = OFF_PATH
    """The state it led to."""
    outputs: list[Output] = field(default_factory=list)
    seconds: float | None = None
    exit_code: int | None = None
    imports: Mapping[str, bytes] = field(default_factory=dict)
    """Files of the project that it imported, and what was in them."""
    mentions: LineReferences | None = None
    """The lines of the document that the outputs speak of."""
    shows_parts: bool | None = None
    """It has a part of a figure, and shows the figure for it or not; None where it has none."""
    updates: dict[str, Display] = field(default_factory=dict)
    """What it has put in the place of other statements' displays, by their ids."""
    updated_by: WeakSet[Result] | None = None
    """Other statements' results that have done so with displays of this one; None without any."""
    note: str | None = None
    """A sentence of rdit's own about it."""
    reused: bool = False
    """The last run found it still valid and did not run it again."""
    off_path: bool = False
    """It came from a state that a clean run of the text of that time does not pass through."""
    caught_interrupt: bool = False
    """It ended of its own accord, but after an interrupt, which no clean run has."""
    superseded: bool = False
    """A later run from the top ended before it came to this statement."""
    view: View | None = None
    """How it was last seen; None when something about it has changed since."""

    def changed(self) -> None:
        """Note that something about it is different now."""
        self.view = None


class Ledger:
    """Which result each statement shows."""

    def __init__(self) -> None:
        self._shown: dict[Statement, Result] = {}
        self._kept: OrderedDict[Key, Result] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there is any result, shown or kept."""
        return bool(self._shown or self._kept)

    def get(self, statement: Statement) -> Result | None:
        """The result shown at `statement`."""
        return self._shown.get(statement)

    def shown_at(self, statements: Iterable[Statement]) -> list[Result | None]:
        """The results shown at `statements`."""
        return list(map(self._shown.get, statements))

    def show(self, statement: Statement, result: Result) -> None:
        """Let `statement` show `result`, which may still be running."""
        self._shown[statement] = result

    def keep(self, result: Result) -> None:
        """Remember a result that ended of its own accord by the key it was produced to."""
        if result.key == OFF_PATH or result.status not in REPEATABLE:
            return
        self._kept[result.key] = result
        self._kept.move_to_end(result.key)
        while len(self._kept) > _KEPT + len(self._shown):
            self._kept.popitem(last=False)

    def recall(self, statement: Statement, key: Key) -> Result | None:
        """The kept result for `key`, shown at `statement` from now on.

        Not in place of one that runs just now, nor of what the same text gave out of order since: the
        person who asked for that wants to see it.
        """
        shown = self._shown.get(statement)
        if shown is not None and (shown.key == key or shown.status == "running"):
            return shown
        if (
            shown is not None
            and shown.text == statement.text
            and (shown.off_path or shown.superseded)
        ):
            return shown
        kept = self._kept.get(key) if key != OFF_PATH else None
        if kept is None or kept.key != key:
            return shown
        self._shown[statement] = kept
        kept.changed()
        return kept

    def forget(self) -> None:
        """Drop everything, and the files behind it."""
        for result in (*self._shown.values(), *self._kept.values()):
            for output in result.outputs:
                if isinstance(output, Stream):
                    output.discard()
        self._shown.clear()
        self._kept.clear()

    def move(
        self, removed: Iterable[Statement], pairs: Iterable[tuple[Statement, Statement]]
    ) -> None:
        """Carry results over after an edit: from each pair's first statement to its second."""
        carried = {statement: self._shown.pop(statement, None) for statement in removed}
        for source, target in pairs:
            result = carried.get(source)
            if result is not None:
                self._shown[target] = result


def replaced_statements(old: Document, new: Document) -> tuple[list[Statement], list[Statement]]:
    """The statements of `old` that are not in `new`, and those of `new` that are not in `old`.

    The two share all blocks but those between a common beginning and a common end.
    """
    before, after = list(old.blocks), list(new.blocks)
    start = _common(before, after)
    end = min(_common(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    removed = [s for b in before[start : len(before) - end] for s in b.statements]
    added = [s for b in after[start : len(after) - end] for s in b.statements]
    return removed, added


def _common(one: list[Block], other: list[Block]) -> int:
    """How many items at the beginning of both lists are the same objects.

    By halving: comparing slices is much faster than comparing items one by one in Python.
    """
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def match(
    removed: Sequence[Statement],
    added: Sequence[Statement],
    keys: Keys,
    ran_as: Callable[[Statement], str | None],
) -> list[tuple[Statement, Statement]]:
    """Pairs of statements that are the same one before and after an edit, each used once.

    First those of equal text, then those that are again what they were when they ran (`ran_as` tells),
    then those of equal syntax or in equal numbers, which were edited in place, then the most alike.
    """
    pairs = _pair_by_text(removed, added, lambda statement: statement.text)
    left, new = _rest(removed, added, pairs)
    pairs += _pair_by_text(left, new, ran_as)
    left, new = _rest(left, new, pairs)
    if len(left) == len(new):
        for old, statement in zip(left, new, strict=True):
            keys.same_syntax(old.text, statement.text)
        return [*pairs, *zip(left, new, strict=True)]
    return pairs + _pair_the_most_alike(left, new)


def _pair_by_text(
    removed: Sequence[Statement],
    added: Sequence[Statement],
    text_of: Callable[[Statement], str | None],
) -> list[tuple[Statement, Statement]]:
    waiting: dict[str | None, deque[Statement]] = {}
    for statement in removed:
        waiting.setdefault(text_of(statement), deque()).append(statement)
    return [
        (waiting[statement.text].popleft(), statement)
        for statement in added
        if waiting.get(statement.text)
    ]


def _rest(
    removed: Sequence[Statement],
    added: Sequence[Statement],
    pairs: Sequence[tuple[Statement, Statement]],
) -> tuple[list[Statement], list[Statement]]:
    taken = {statement for pair in pairs for statement in pair}
    return [s for s in removed if s not in taken], [s for s in added if s not in taken]


def _pair_the_most_alike(
    removed: Sequence[Statement], added: Sequence[Statement]
) -> list[tuple[Statement, Statement]]:
    if len(removed) * len(added) > _COMPARISONS:
        return []  # So much is different that nothing is the same statement any more.
    alike = sorted(
        (
            (SequenceMatcher(None, old.text, new.text).quick_ratio(), -i, -j)
            for i, old in enumerate(removed)
            for j, new in enumerate(added)
        ),
        reverse=True,
    )
    pairs: dict[int, int] = {}
    for ratio, i, j in alike:
        if ratio >= _ALIKE and -i not in pairs and -j not in pairs.values():
            pairs[-i] = -j
    return [(removed[i], added[j]) for i, j in pairs.items()]
