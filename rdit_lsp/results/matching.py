"""Which statements are the same before and after an edit; pure."""

from __future__ import annotations

from collections import deque
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rdit_lsp.document.document import Block, Document, Statement
    from rdit_lsp.document.state_keys import Keys


_ALIKE = 0.7
"""Share of common characters (`SequenceMatcher.quick_ratio`) of an edited statement with what it was."""


_COMPARISONS = 400
"""Pairs of statements that are compared at most for one edit."""


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
