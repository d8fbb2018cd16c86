"""What is kept of a document's results from one program to the next, and how they come back.

A record has the text, its results, and how each of the program states came about that they led to. So it is
found out by the rules of every day (`freshness`) which of them are right for another text, in other
surroundings, with other files: the results go back to the statements of the text that they were kept with,
and that text is then edited to be the present one. Pure; knows neither files nor bytes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from rdit_lsp.document import document as documents
from rdit_lsp.document.state_keys import OFF_PATH, Beginning, Beyond, Step
from rdit_lsp.outputs.display import Display

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from rdit_lsp.document.document import Document
    from rdit_lsp.document.state_keys import Key, Keys, Origin
    from rdit_lsp.results.result import Result
    from rdit_lsp.results.results import Results

MOST = 1000
"""Results that are kept beside those that are shown: of statements that were edited since."""

_PIECE = 50
"""Results that are recorded at once: a key stroke must not wait for many."""

_CUT_SHORT = "It was still running when this was kept."


async def _no_pause() -> None:
    """Go on at once."""


@dataclass(frozen=True)
class Kept:
    """A result as it was."""

    result: Result
    """A copy of it, whose outputs do not grow any more. Its key means nothing."""
    state: int | None = None
    """The state that it led to, as an index into those of the record; None for one off every path."""
    place: tuple[int, int] | None = None
    """Index and first line, from 1, of the statement that shows it; None where it is not shown."""
    updates: Mapping[str, Display] = field(default_factory=dict)
    """Displays that it has put in the place of others, by their names."""


@dataclass(frozen=True)
class Record:
    """The results of one document."""

    text: str
    """The document's text."""
    meanings: Sequence[Sequence[str]]
    """Groups of texts of statements that mean the same, where they are not the same text."""
    states: Sequence[Origin]
    """Program states; `before` is an index into them, of one that comes earlier."""
    results: Sequence[Kept]
    """Those that are shown first, then the others, the newest first."""


async def record_of(
    results: Results, pause: Callable[[], Awaitable[None]] = _no_pause
) -> Record | None:
    """The record of the results as they are now; None without any.

    Thousands of them take a while: `pause` is awaited between a few each. One that changes meanwhile is
    recorded as it is when its turn comes, which is as right.
    """
    if not results:
        return None
    document, states, meanings = results.document, _States(results.states.keys), _Meanings()
    kept = []
    for number, (result, place) in enumerate(_to_keep(results).items()):
        state = states.add(result.key)
        updates = {**results.shared.links.updates(result)}
        kept.append(Kept(_copy(result), state, place, updates))
        meanings.add(result.text, results.states.keys)
        if number % _PIECE == _PIECE - 1:
            await pause()
    for text in (*states.texts(), *(s.text for s in document.statements)):
        meanings.add(text, results.states.keys)
    return Record(document.text, meanings.found(), states.found, kept)


def bring_back(record: Record, results: Results) -> None:
    """Let `results`, of which there are none yet, be those of a record, as far as its text has them."""
    document, keys = results.document, results.states.keys
    is_same = record.text == document.text
    before = document if is_same else documents.open_document(document.uri, 0, record.text)
    results.take(before, under_way=False)
    for texts in record.meanings:
        keys.merge_syntax(texts)
    keys_of_states = _reach(record.states, keys)
    for kept in record.results:
        kept.result.key = OFF_PATH if kept.state is None else keys_of_states[kept.state]
        kept.result.restored = True
        _place(kept, before, results)
    for kept in reversed(record.results):  # What is kept last is forgotten last.
        results.ledger.keep(kept.result)
    _link(record.results, results)
    if not is_same:
        now = documents.replace_text(before, document.version, document.text)
        results.take(now, under_way=False)


def _to_keep(results: Results) -> dict[Result, tuple[int, int] | None]:
    """The results to keep, those that are shown first, with their places."""
    document = results.document
    shown: dict[Result, tuple[int, int] | None] = {}
    for index, result in enumerate(results.ledger.shown_at(document.statements)):
        if result is not None:
            shown[result] = index, document.firsts[index]
    newest = islice(reversed([*results.ledger.kept]), len(shown) + MOST)
    return shown | dict.fromkeys(islice((r for r in newest if r not in shown), MOST))


class _Meanings:
    """Texts by what they mean."""

    def __init__(self) -> None:
        self._groups: dict[int, dict[str, None]] = {}

    def add(self, text: str, keys: Keys) -> None:
        """Add a text, which may be there already."""
        self._groups.setdefault(keys.syntax(text), {})[text] = None

    def found(self) -> list[list[str]]:
        """Groups of texts that mean the same, where they are not the same text."""
        return [[*group] for group in self._groups.values() if len(group) > 1]


class _States:
    """Program states with all that lead to them, in an order in which each comes after the one before."""

    def __init__(self, keys: Keys) -> None:
        self.found: list[Origin] = []
        self._keys = keys
        self._indexes: dict[Key, int] = {}

    def add(self, key: Key) -> int | None:
        """The index of a state, which is added if need be; None for one off every path."""
        if key == OFF_PATH:
            return None
        missing: list[tuple[Key, Origin]] = []
        while key not in self._indexes:
            origin = self._keys.origin(key)
            missing.append((key, origin))
            if isinstance(origin, Beginning):
                break
            key = origin.before
        for each, origin in reversed(missing):
            self._indexes[each] = len(self.found)
            self.found.append(_with_before(origin, self._indexes))
        return self._indexes[missing[0][0] if missing else key]

    def texts(self) -> Iterator[str]:
        """The texts of the statements that lead to them."""
        return (origin.text for origin in self.found if isinstance(origin, Step))


def _with_before(origin: Origin, names: Mapping[int, int] | Sequence[int]) -> Origin:
    """An origin whose earlier state has another name."""
    if isinstance(origin, Step):
        before, text, part, read = origin
        return Step(names[before], text, part, read)
    return origin if isinstance(origin, Beginning) else Beyond(names[origin.before])


def _reach(states: Sequence[Origin], keys: Keys) -> list[Key]:
    found: list[Key] = []
    for origin in states:
        found.append(keys.reach(_with_before(origin, found)))
    return found


def _copy(result: Result) -> Result:
    """A result that stays as it is now; one that runs is one that did not finish."""
    copied = result.copy()
    if copied.status == "running":
        copied.status, copied.note, copied.ran_at = "interrupted", _CUT_SHORT, time.time()
    return copied


def _place(kept: Kept, document: Document, results: Results) -> None:
    """Show a result at its statement, unless there is none at that place any more."""
    index, first = kept.place or (0, 0)
    if first and index < len(document.firsts) and document.firsts[index] == first:
        results.ledger.show(document.statements[index], kept.result)


def _link(kept: Sequence[Kept], results: Results) -> None:
    """Link the results that have updated displays to those that hold them."""
    names = {name for each in kept for name in each.updates}
    holders = {
        output.id: each.result
        for each in (kept if names else ())
        for output in each.result.captured
        if isinstance(output, Display) and output.id in names
    }
    for each in kept:
        for name, display in each.updates.items():
            if name in holders:
                results.shared.links.update(holders[name], each.result, display)
