"""State keys: names for program states, computed from content alone.

Pure. The empty namespace has a key; running a statement takes key `k` to the key of `(k, the
statement's syntax)`. A result is fresh exactly when the key it was produced to is the key its statement
has now, so an undo makes it fresh again and a comment changes nothing.

Keys are small integers handed out in order, one for every pair ever seen, so that equal keys mean equal
histories without trusting a hash. For results that are to be found again tomorrow or by another process,
`Keys.origin` gives one step of such a history, and `Keys.reach` makes it again there.
"""

from __future__ import annotations
import __future__

import ast
import marshal
import warnings
from functools import lru_cache
from itertools import count
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from rdit_lsp.document.document import Statement
    from rdit_lsp.document.project_files import Dependency, Fingerprint

Key: TypeAlias = int

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | __future__.annotations.compiler_flag
"""Annotations are taken as text, since they are just that after `from __future__ import annotations`."""

OFF_PATH: Key = -1
"""A state that no clean run of any text reaches, such as the middle of an interrupted statement."""

_BEYOND = "beyond"
"""The step past an error or an exit, where a clean run ends."""


class Beginning(NamedTuple):
    """An empty namespace."""

    surroundings: str
    """The name of interpreter, folder, arguments and variables, hashed."""


class Beyond(NamedTuple):
    """Going on where a clean run ends."""

    before: Key


class Step(NamedTuple):
    """Running a statement."""

    before: Key
    text: str
    """Its text, or another one that means the same."""
    part: int
    read: frozenset[tuple[Dependency, Fingerprint]]
    """What it imported of the project's files, or looked for, and what was in them."""


Origin: TypeAlias = Beginning | Beyond | Step


class Keys:
    """Hands out the keys of one session."""

    def __init__(self, fingerprint: Callable[[Dependency], bytes]) -> None:
        """`fingerprint` gives the content of a file of the user's project, hashed."""
        self._next = count(1)
        self._fingerprint = fingerprint
        self._imports: dict[tuple[Key, Hashable], frozenset[Dependency]] = {}
        self._states: dict[tuple[Key, Hashable], Key] = {}
        self._syntax_of_text: dict[str, int] = {}
        self._syntax_of_digest: dict[bytes, int] = {}
        self._text_of_syntax: dict[int, str] = {}
        self._origins = _Origins(self._states, self._text_of_syntax)
        self._reached_starts: dict[str, Key] = {}
        """Keys of empty namespaces that `reach` was asked for, by the name of their surroundings."""

    def origin(self, key: Key) -> Origin:
        """How the state `key`, which was handed out, comes about."""
        return self._origins.of(key)

    def reach(self, origin: Origin) -> Key:
        """The key of the state that comes about in this way."""
        if isinstance(origin, Beginning):
            return self._reach_start(origin.surroundings)
        if isinstance(origin, Beyond):
            return self.beyond(origin.before)
        before, text, part, read = origin
        if not read:
            return self._intern(before, (self.syntax(text), part))
        self.imported(before, text, part, (file for file, _ in read))
        return self._intern(before, ((self.syntax(text), part), read))

    def start(self, surroundings: Hashable) -> Key:
        """The key of an empty namespace in these surroundings (interpreter, folder, arguments …)."""
        if self._reached_starts and (0, surroundings) not in self._states:
            reached = self._reached_starts.get(_name_of(surroundings))
            if reached is not None:
                self._states[0, surroundings] = reached
        return self._intern(0, surroundings)

    def after(self, key: Key, text: str, part: int = 0) -> Key:
        """The key of the state that `text`'s statement number `part` makes of state `key`.

        What it imports there of the project's files, so far as is known, is part of it, as it is now.
        """
        return self.after_reading(key, text, part, {})

    def after_reading(
        self, key: Key, text: str, part: int, read: Mapping[Dependency, bytes]
    ) -> Key:
        """As `after`, where it has imported what has these fingerprints, which may be others now."""
        if key == OFF_PATH:
            return OFF_PATH
        step = (self.syntax(text), part)
        files = self._imports.get((key, step))
        if files is None:
            return self._intern(key, step)
        contents = ((f, read[f] if f in read else self._fingerprint(f)) for f in files)
        return self._intern(key, (step, frozenset(contents)))

    def beyond(self, key: Key) -> Key:
        """The key of going on where a clean run ends, with an error or an exit: on no chain."""
        return self._intern(key, _BEYOND)

    def imported(self, key: Key, text: str, part: int, files: Iterable[Dependency]) -> None:
        """Note that in state `key` this statement imported these files, or looked for them."""
        if key != OFF_PATH:
            step = (self.syntax(text), part)
            known = self._imports.get((key, step), frozenset())
            self._imports[key, step] = known | frozenset(files)

    def syntax(self, text: str) -> int:
        """A number for what `text` means to the compiler: comments and layout do not count.

        A text seen for the first time gets a number of its own; `same_syntax` merges two. Compiling
        every statement of a file up front would cost more than running most of them.
        """
        known = self._syntax_of_text.get(text)
        if known is None:
            known = self._syntax_of_text[text] = next(self._next)
            self._text_of_syntax[known] = text
        return known

    def same_syntax(self, old: str, new: str) -> bool:
        """Whether two texts mean the same; if so, `new` shares the number of `old` from now on."""
        if old == new:
            return True
        digest = _digest(old)
        if digest is None or digest != _digest(new):
            return False
        self._syntax_of_text[new] = self._syntax_of_digest.setdefault(digest, self.syntax(old))
        return True

    def merge_syntax(self, texts: Iterable[str]) -> None:
        """Let texts share a number of which `same_syntax` has found out before that they mean the same."""
        first, *others = texts
        self._syntax_of_text.update(dict.fromkeys(others, self.syntax(first)))

    def _reach_start(self, name: str) -> Key:
        if name not in self._reached_starts:
            starts = (step for before, step in self._states if before == 0)
            known = next((step for step in starts if _name_of(step) == name), Beginning(name))
            self._reached_starts[name] = self._intern(0, known)
        return self._reached_starts[name]

    def _intern(self, key: Key, step: Hashable) -> Key:
        known = self._states.get((key, step))
        if known is None:
            known = self._states[key, step] = next(self._next)
        return known


class Chain:
    """The keys along a document's statements, worked out as far as they are asked for.

    After an edit only what follows it is worked out again.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._statements: Sequence[Statement] = ()
        self._known: list[Key] = [OFF_PATH]

    def follow(self, start: Key, statements: Sequence[Statement]) -> None:
        """From now on, be the chain of `statements` from the state `start`."""
        if statements is self._statements and start == self._known[0]:
            return
        same = 0
        if start == self._known[0]:
            limit = min(len(self._known) - 1, len(statements))
            while same < limit and statements[same] is self._statements[same]:
                same += 1
        self._known = [start, *self._known[1 : same + 1]]
        self._statements = statements

    def forget(self) -> None:
        """Work everything out again: what the keys stand on has changed."""
        self._known = self._known[:1]

    def forget_after(self, key: Key) -> None:
        """Work out again what follows the state `key`: more is known of the step from there."""
        if key in self._known:
            del self._known[self._known.index(key) + 1 :]

    def index(self, key: Key, likely: int) -> int | None:
        """The index of the statement that comes next in state `key`; None if no part leads there.

        `likely` is looked at first.
        """
        end = len(self._statements)
        if likely <= end and self[likely] == key:
            return likely
        self[end]
        return self._known.index(key) if key in self._known else None

    def keys(self) -> set[Key]:
        """All that have been worked out."""
        return set(self._known)

    def after(self, indexes: range) -> list[Key]:
        """The keys after these statements, which follow one another."""
        self[indexes.stop]
        return self._known[indexes.start + 1 : indexes.stop + 1]

    def __getitem__(self, index: int) -> Key:
        """The key before statement `index`, which is the one after statement `index - 1`."""
        known = self._known
        while len(known) <= index:
            statement = self._statements[len(known) - 1]
            known.append(self._keys.after(known[-1], statement.text, statement.part))
        return known[index]


class _Origins:
    """The origins of the states of one session, worked out when they are asked for."""

    def __init__(
        self, states: Mapping[tuple[Key, Hashable], Key], texts: Mapping[int, str]
    ) -> None:
        """`states` as `Keys` has them, and a text for each number of a syntax; both only grow."""
        self._states = states
        self._texts = texts
        self._steps: dict[Key, tuple[Key, Hashable]] = {}

    def of(self, key: Key) -> Origin:
        """The origin of a state that was handed out."""
        if key not in self._steps:
            self._steps = {key: step for step, key in self._states.items()}
        before, step = self._steps[key]
        if before == 0:
            return Beginning(_name_of(step))
        if not isinstance(step, tuple):
            return Beyond(before)
        first, second = step
        if isinstance(first, tuple):
            (syntax, part), read = first, second
        else:
            (syntax, part), read = step, frozenset()
        return Step(before, self._texts[syntax], part, read)


def _name_of(surroundings: Hashable) -> str:
    """A name for surroundings, equal in every process. It gives nothing away: variables can be secret."""
    import hashlib  # Takes half as long to import as Python takes to start.

    if isinstance(surroundings, Beginning):
        return surroundings.surroundings
    return hashlib.sha256(_canonical(surroundings)).hexdigest()


def _canonical(value: object) -> bytes:
    """Bytes that are equal for equal values, whatever the order in which a set gives its members."""
    if isinstance(value, tuple):
        return b"(%b)" % b",".join(map(_canonical, value))
    if isinstance(value, frozenset):
        return b"{%b}" % b",".join(sorted(map(_canonical, value)))
    return ascii(value).encode()


@lru_cache(maxsize=1024)
def _digest(text: str) -> bytes | None:
    """What the compiler makes of `text` with all line numbers left out; None if it rejects it.

    Two texts with equal digests run alike, unless they look at their own text or line numbers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They are shown when the statement runs, not here.
            body = ast.parse(text).body
            # Compiled as "exec", an expression without effects leaves no trace, but it has a value.
            code = compile(ast.Interactive(body), "", "single", _FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    hides = b";" if body and _hides_value(body[-1], text) else b""
    # Marshal's version 2 writes no back-references, which depend on more than the value.
    return hides + marshal.dumps(_without_positions(code), 2)


def _hides_value(last: ast.stmt, text: str) -> bool:
    """Whether the last statement of `text` ends with `;`: then its value is not shown."""
    line = text.split("\n")[(last.end_lineno or 1) - 1]
    rest = line.encode("utf-8", "surrogatepass")[last.end_col_offset :].decode("utf-8", "ignore")
    return rest.partition("#")[0].lstrip(" \t\f)").startswith(";")


def _ordered(constant: object) -> object:
    """A constant without positions, and without the order of a set, which differs between processes."""
    if isinstance(constant, CodeType):
        return _without_positions(constant)
    if isinstance(constant, frozenset):
        return "frozenset", *sorted(constant, key=lambda member: marshal.dumps(member, 2))
    return constant


def _without_positions(code: CodeType) -> CodeType:
    constants = tuple(map(_ordered, code.co_consts))
    if hasattr(code, "co_linetable"):
        return code.replace(co_consts=constants, co_firstlineno=1, co_linetable=b"")
    return code.replace(co_consts=constants, co_firstlineno=1)
