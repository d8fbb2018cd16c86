"""State keys: names for program states, computed from content alone.

Pure. The empty namespace has a key; running a statement takes key `k` to the key of `(k, the
statement's syntax)`. A result is fresh exactly when the key it was produced to is the key its statement
has now, so an undo makes it fresh again and a comment changes nothing.

Keys are small integers handed out in order, one for every pair ever seen, so that equal keys mean equal
histories without trusting a hash. For results that are to be found again tomorrow or by another process,
`Keys.digest` gives a name for the same state that follows from its history alone.
"""

from __future__ import annotations
import __future__

import ast
import marshal
import sys
import warnings
from functools import lru_cache
from itertools import count
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from rdit_lsp.document.document import Statement
    from rdit_lsp.document.project_files import Dependency

Key = int

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | __future__.annotations.compiler_flag
"""Annotations are taken as text, since they are just that after `from __future__ import annotations`."""

_DIGESTS = "rdit states 1"
"""What digests are made by; another number for another way of making them."""

OFF_PATH: Key = -1
"""A state that no clean run of any text reaches, such as the middle of an interrupted statement."""


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
        self._digests = Digests(self._states, self._syntax_of_text)

    def digest(self, key: Key) -> bytes | None:
        """32 bytes that name the state `key` in every process of this release; None off every path.

        States of equal digests are the same. The reverse need not hold between releases of Python, whose
        compilers differ.
        """
        return None if key == OFF_PATH else self._digests.of(key)

    def start(self, surroundings: Hashable) -> Key:
        """The key of an empty namespace in these surroundings (interpreter, folder, arguments …)."""
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
        return self._intern(key, "beyond")

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


class Digests:
    """Digests of states, chained from the empty namespace; worked out when they are asked for.

    Interning stays what it is: a hash of each statement at each key stroke would cost more than both.
    """

    def __init__(
        self,
        states: Mapping[tuple[Key, Hashable], Key],
        syntax_of_text: Mapping[str, int],
    ) -> None:
        """`states` and `syntax_of_text` as `Keys` has them; both only grow."""
        self._states = states
        self._syntax_of_text = syntax_of_text
        self._origins: dict[Key, tuple[Key, Hashable]] = {}
        self._texts: dict[int, str] = {}
        self._known: dict[Key, bytes] = {}

    def of(self, key: Key) -> bytes:
        """The digest of a state that was handed out."""
        if key not in self._known:
            self._look_back()
            chain = []
            while key not in self._known and key:
                chain.append(key)
                key, _ = self._origins[key]
            for each in reversed(chain):
                self._known[each] = self._step(*self._origins[each])
            key = chain[0]
        return self._known[key]

    def _look_back(self) -> None:
        if len(self._origins) < len(self._states):
            self._origins = {key: origin for origin, key in self._states.items()}
        # Of texts that mean the same, any will do.
        self._texts = {number: text for text, number in self._syntax_of_text.items()}

    def _step(self, before: Key, step: Hashable) -> bytes:
        import hashlib  # Takes half as long to import as Python takes to start.

        beginning = repr((_DIGESTS, sys.version_info[:2])).encode()
        found = hashlib.sha256(self._known[before] if before else beginning)
        found.update(_canonical(step if before == 0 else self._meaning(step)))
        return found.digest()

    def _meaning(self, step: Hashable) -> Hashable:
        """A step with its syntax in the place of the number for it."""
        if not isinstance(step, tuple):
            return step
        first, second = step
        if isinstance(first, tuple):
            return self._meaning(first), second
        text = self._texts[first]
        return _digest(text) or text, second


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
