"""Inspecting a namespace: the answers, and that nothing is changed, hung or flooded by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.inspecting import (
    VARIABLES,
    Inspector,
    completion,
    evaluation,
    hover,
    labels,
    signature,
)

if TYPE_CHECKING:
    from support.inspecting import Json
    from worker.conftest import Python


@pytest.fixture
def inspect(python: Python) -> Inspector:
    """Inspects programs of each interpreter."""
    return Inspector(python.executable)


either = pytest.mark.parametrize("gentle", [False, True], ids=["fork", "gentle"])

DATA = '''
import collections, math
from dataclasses import dataclass, field

number = 5
huge = 10 ** 5000
text = "abc" * 100
empty = set()
numbers = list(range(1000))
table = {"a": 1, "b": [1, 2, 3], 3: None}
pair = (1,)
Pair = collections.namedtuple("Pair", "x y")
named = Pair(1, "two")
counts = collections.Counter("aab")
queue = collections.deque([1, 2])
endless = []
endless.append(endless)

@dataclass
class Point:
    """A point.

    More of it.
    """
    x: int
    y: float = 1.0
    secret: str = field(default="s", repr=False)

    def move(self, dx, *, dy=2):
        "Move it."

    @property
    def size(self):
        return 7

    @classmethod
    def origin(cls, *parts): pass

point = Point(1, 2.0)

class Slots:
    __slots__ = ("a", "b")

slots = Slots()
slots.a = 3
error = ValueError("no", 1)

def add(a, b=1, *rest, c, d="x", **others):
    "Add."

_hidden = None
'''


@either
def test_variables(inspect: Inspector, gentle: bool) -> None:
    """The list would be in another order each time, or would hide what a value is."""
    (answer,) = inspect(DATA, VARIABLES, gentle=gentle)
    found = {each["name"]: (each["type"], each["summary"]) for each in answer["variables"]}
    assert found.pop("text") == ("str", f"'{('abc' * 34)[:100]}'… (300 characters)")
    kind, summary = found.pop("numbers")
    assert kind == "list"
    assert summary.startswith("[0, 1, 2, ")
    assert summary.endswith(", …] (1,000 items)")
    assert found.pop("math")[0] == "module"
    assert found.pop("collections")[0] == "module"
    assert found == {
        "number": ("int", "5"),
        "huge": ("int", "<int of about 5,000 digits>"),
        "empty": ("set", "set()"),
        "table": ("dict", "{'a': 1, 'b': [1, 2, 3], 3: None} (3 items)"),
        "pair": ("tuple", "(1,) (1 item)"),
        "named": ("Pair", "Pair(x=1, y='two') (2 items)"),
        "counts": ("collections.Counter", "Counter({'a': 2, 'b': 1}) (2 items)"),
        "queue": ("collections.deque", "deque([1, 2]) (2 items)"),
        "endless": ("list", "[[…]] (1 item)"),
        "point": ("Point", "Point(x=1, y=2.0)"),
        "slots": ("Slots", "Slots(a=3)"),
        "error": ("ValueError", "ValueError('no', 1)"),
        "_hidden": ("NoneType", "None"),
        "dataclass": found["dataclass"],
        "field": found["field"],
        "Pair": ("type", "Pair(x, y)"),
        "Point": ("type", "Point(x: int, y: float = 1.0, secret: str = 's')"),
        "Slots": ("type", "Slots()"),
        "add": ("function", "add(a, b=1, *rest, c, d='x', **others)"),
    }
    names = [each["name"] for each in answer["variables"]]
    assert names.index("_hidden") < names.index("dataclass") < names.index("collections")
    assert names.index("number") < names.index("point")


HOVERS: list[tuple[str, Json]] = [
    ("number", {"type": "int", "summary": "5", "text": "5"}),
    ("table['b'][-1]", {"type": "int", "summary": "3"}),
    ("table['b']", {"type": "list", "length": 3}),
    ("table[3]", {"type": "NoneType"}),
    ("point.y", {"type": "float", "summary": "2.0", "static": False}),
    ("point", {"text": "Point(x=1, y=2.0)"}),
    ("slots.a", {"summary": "3"}),
    ("error.args", {"summary": "('no', 1) (2 items)"}),
    ("math.pi", {"type": "float", "static": False}),
    ("math.hypot", {"static": True}),
    ("Point", {"doc": "A point.", "static": True}),
    ("point.move", {"signature": "Point.move(dx, *, dy=2)", "doc": "Move it."}),
    ("add", {"type": "function", "defined": {"file": "script.py", "line": 48}}),
    ("text", {"length": 300}),
]


@either
def test_hover(inspect: Inspector, gentle: bool) -> None:
    """The user would see something else than what the program holds."""
    questions = [hover(expression) for expression, _ in HOVERS]
    answers = inspect(DATA, *questions, gentle=gentle)
    for (expression, expected), answer in zip(HOVERS, answers, strict=True):
        assert {**answer, **expected, "found": True} == answer, expression


@either
def test_nothing_to_hover(inspect: Inspector, gentle: bool) -> None:
    """Calls would be made, or a value shown that is not there."""
    expressions = [
        "nothing",
        "point.nothing",
        "table['nothing']",
        "numbers[5000]",
        "add(1)",
        "number + 1",
        "[1]",
        "'abc'.upper",
        "(number",
        "",
        "len",
        "number." * 2000 + "real",
        "slots.b",
        "table[number]",
        "\udcff",
        "\0",
    ]
    answers = inspect(DATA, *map(hover, expressions), gentle=gentle)
    assert {} == {e: a for e, a in zip(expressions, answers, strict=True) if a != {"found": False}}


def test_property(inspect: Inspector) -> None:
    """In the program itself its code would run, or in a fork its value would be missing."""
    assert inspect(DATA, hover("point.size"))[0]["summary"] == "7"
    (answer,) = inspect(DATA, hover("point.size"), gentle=True)
    assert answer["type"] == "property"


def test_long_values_take_lines(inspect: Inspector) -> None:
    """Only one line of a long list could be seen."""
    source = "rows = [{'name': 'x' * 50, 'n': n} for n in range(500)]"
    source += "\nnumbers = list(range(30))"
    answer, numbers = inspect(source, hover("rows"), hover("numbers"))
    assert numbers["text"].startswith("[\n    0, 1, 2, 3, ")
    assert numbers["text"].endswith(", 28, 29,\n]")
    lines = answer["text"].split("\n")
    assert lines[0] == "["
    assert lines[1] == "    {'name': '" + "x" * 50 + "', 'n': 0},"
    assert lines[-2:] == ["    …", "]"]
    assert len(lines) < 50


COMPLETIONS: list[tuple[Json, dict[str, tuple[str, str | None]]]] = [
    (completion("point.", "m"), {"move": ("method", "Point.move(dx, *, dy=2)")}),
    (completion("point.", "o"), {"origin": ("method", "Point.origin(*parts)")}),
    (completion("point.", "s"), {"secret": ("variable", "'s'"), "size": ("property", None)}),
    (completion("slots.", "a"), {"a": ("property", None)}),
    (completion("math.", "hyp"), {"hypot": ("function", None)}),
    (completion('table["'), {"a": ("key", "1"), "b": ("key", "[1, 2, 3] (3 items)")}),
    (completion("table['", "B"), {"b": ("key", "[1, 2, 3] (3 items)")}),
    (completion("table["), {"'a'": ("key", "1"), "'b'": ("key", None), "3": ("key", None)}),
    (
        completion("add("),
        {
            "a=": ("keyword-argument", "a"),
            "b=": ("keyword-argument", "b=1"),
            "c=": ("keyword-argument", "c"),
            "d=": ("keyword-argument", "d='x'"),
        },
    ),
    (completion("", "numb"), {"number": ("variable", "5"), "numbers": ("variable", None)}),
    (completion("", "prin"), {"print": ("function", None)}),
    (completion("nothing."), {}),
    (completion("number["), {}),
    (completion("number("), {}),
]


@either
def test_completion(inspect: Inspector, gentle: bool) -> None:
    """Attributes that only the live value has would be missing."""
    answers = inspect(DATA, *(question for question, _ in COMPLETIONS), gentle=gentle)
    for (question, expected), answer in zip(COMPLETIONS, answers, strict=True):
        found = {item["label"]: (item["kind"], item.get("detail")) for item in answer["items"]}
        assert expected.keys() == found.keys(), question
        for label, (kind, detail) in expected.items():
            assert (kind, detail or found[label][1]) == found[label]
        assert answer["incomplete"] is False


@either
def test_what_source_shows_as_well(inspect: Inspector, gentle: bool) -> None:
    """A client could not leave out what another language server offers as well."""
    source = (
        "import math\n"
        "class A:\n    def __init__(self): self.known = 1\n    def f(self): pass\n"
        "a = A()\na.own = 1\nother = a\n"
    )
    attributes, module, names = inspect(
        source, completion("a."), completion("math."), completion("", "a"), gentle=gentle
    )
    by_label = {item["label"]: item.get("static", False) for item in attributes["items"]}
    assert (by_label["own"], by_label["known"], by_label["f"]) == (False, True, True)
    assert all(item["static"] for item in module["items"])
    by_label = {item["label"]: item.get("static", False) for item in names["items"]}
    assert (by_label["a"], by_label["abs"]) == (False, True)


SIGNATURES = [
    (signature("add", 0), "add(a, b=1, *rest, c, d='x', **others)", "a"),
    (signature("add", 7), "add(a, b=1, *rest, c, d='x', **others)", "*rest"),
    (signature("add", 1, "d"), "add(a, b=1, *rest, c, d='x', **others)", "d='x'"),
    (signature("add", 1, "z"), "add(a, b=1, *rest, c, d='x', **others)", "**others"),
    (signature("point.move", 0), "Point.move(dx, *, dy=2)", "dx"),
    (signature("point.move", 1), "Point.move(dx, *, dy=2)", None),
    (signature("Point.move", 1), "Point.move(self, dx, *, dy=2)", "dx"),
    (signature("Slots", 0), "Slots()", None),
    (signature("cached", 1), "slow(n, m=0)", "m=0"),
    (signature("caller", 0), "Caller(x)", "x"),
    (signature("positional", 1), "positional(a, /, b)", "b"),
    (signature("positional", 0, "a"), "positional(a, /, b)", None),
    (signature("len", 0), "len(obj, /)", "obj"),
    (signature("table.get", 1), "dict.get(key, default=None, /)", "default=None"),
    (signature("number", 0), None, None),
]


@either
def test_signature(inspect: Inspector, gentle: bool) -> None:
    """The argument under the cursor would be taken for another."""
    source = DATA + (
        "import functools\n"
        "@functools.lru_cache()\ndef slow(n, m=0): pass\ncached = slow\n"
        "class Caller:\n    def __call__(self, x): pass\ncaller = Caller()\n"
        "def positional(a, /, b): pass\n"
    )
    answers = inspect(source, *(question for question, _, _ in SIGNATURES), gentle=gentle)
    for (question, label, active), answer in zip(SIGNATURES, answers, strict=True):
        assert answer.get("label") == label, question
        at = answer.get("active")
        begin, end = answer["parameters"][at] if at is not None else (0, 0)
        assert (active or "") == answer.get("label", "")[begin:end], question


HOSTILE = """
import sys
called = []

class Meta(type):
    def __getattribute__(cls, name):
        called.append(("Meta", name))
        raise RuntimeError
    def __repr__(cls):
        called.append("Meta repr")
        return "x"

def noted(name):
    def method(self, *args):
        called.append(name)
        raise RuntimeError(name)
    return method

class Hostile(metaclass=Meta):
    def __init__(self):
        object.__setattr__(self, "own", 1)
    for name in (
        "repr str getattr getattribute dir len bool hash eq iter getitem class_getitem call "
        "instancecheck format sizeof index int float reduce setattr contains keys"
    ).split():
        locals()["__" + name + "__"] = noted(name)
    locals()["__class__"] = property(noted("class"))
    shape = property(noted("shape"))
    dtype = property(noted("dtype"))
    __doc__ = property(noted("doc"))
    __signature__ = property(noted("signature"))
    columns = _fields = __wrapped__ = property(noted("other"))
    _ipython_key_completions_ = keys = noted("keys")

class Key(str):
    __eq__ = noted("eq")
    def __hash__(self):
        called.append("hash")
        return hash("own")

hostile = Hostile()
kind = Hostile
holder = {"key": hostile, 1: [hostile]}
odd = {Key("own"): 1}
class Derived(dict, metaclass=Meta):
    for name in ("repr", "iter", "len", "getitem", "missing", "contains"):
        locals()["__" + name + "__"] = noted(name)
    keys = items = values = noted("keys")
derived = Derived()
function = lambda a=hostile: None
function.__wrapped__ = hostile
class Number(int):
    __repr__ = __str__ = __eq__ = __bool__ = __format__ = noted("number")
number = Number(4)
class Text(str):
    __repr__ = __str__ = __len__ = __getitem__ = __eq__ = __hash__ = noted("text")
text = Text("t")
del called[:]
"""
NAMES = ("hostile", "kind", "holder", "odd", "derived", "function", "number", "text")
QUESTIONS = [
    VARIABLES,
    completion("", ""),
    *(hover(name) for name in NAMES),
    *(completion(name + end) for name in NAMES for end in (".", "[", "['", "(")),
    *(signature(name) for name in NAMES),
    *(
        hover(name + end)
        for name in NAMES
        for end in (".own", ".shape", "[0]", "['own']", "[1][0]")
    ),
]


def test_gentle_calls_nothing(inspect: Inspector) -> None:
    """An inspection would change the program, which goes on with what was changed."""
    answers = inspect(HOSTILE, *QUESTIONS, gentle=True)
    assert inspect.called == []
    summaries = {each["name"]: each["summary"] for each in answers[0]["variables"]}
    assert summaries["hostile"] == "Hostile(own=1)"
    assert summaries["number"] == "4"
    assert summaries["text"] == "'t'"
    assert summaries["holder"] == "{'key': Hostile(own=1), 1: [Hostile(own=1)]} (2 items)"


def test_hostile_objects_have_answers(inspect: Inspector) -> None:
    """One bad object in the namespace, and there would be no answer about any other."""
    answers = inspect(HOSTILE, *QUESTIONS)
    summaries = {each["name"]: each["summary"] for each in answers[0]["variables"]}
    assert summaries["hostile"] == "<Hostile whose repr raised RuntimeError: repr>"


def test_code_that_hangs_or_ends_the_process(inspect: Inspector) -> None:
    """The answer about everything else would be lost with it."""
    source = """
import sys
class Hangs:
    def __repr__(self):
        while True: pass
class Exits:
    def __repr__(self): sys.exit()
class Endless:
    def __dir__(self):
        while True: yield "x"
    def __getattr__(self, name): return self
class Odd:
    def __repr__(self): return 5
    def __dir__(self): return ["x" * 10**6, "good", "no name", type("Text", (str,), {})("better")]
hangs, exits, endless, odd, last = Hangs(), Exits(), Endless(), Odd(), 1
"""
    variables, listed, some, found = inspect(
        source, VARIABLES, completion("endless."), completion("odd."), hover("endless.a.b.shape")
    )
    summaries = {each["name"]: each["summary"] for each in variables["variables"]}
    assert summaries["hangs"] == "<Hangs whose repr takes too long>"
    assert summaries["exits"] == "<Exits whose repr raised SystemExit>"
    assert summaries["odd"] == (
        "<Odd whose repr raised TypeError: __repr__ returned non-string (type int)>"
    )
    assert summaries["last"] == "1"
    assert "__dir__" in labels(listed)
    assert labels(some) == ["better", "good"]
    assert found["type"] == "Endless"


@either
def test_answers_are_small(inspect: Inspector, gentle: bool) -> None:
    """A large program would fill the pipe, the editor and the screen."""
    source = """
for number in range(20_000):
    globals()["variable_%d" % number] = "é😀" * 100
class Many: pass
many = Many()
many.__dict__.update(("attribute_%d" % n, "😀" * 1000) for n in range(20_000))
keys = {"key_%d" % n * 20: n for n in range(200_000)}
deep = []
for _ in range(100_000): deep = [deep]
wide = list(range(3_000_000))
words = "x" * 50_000_000
nested = {"a": wide, "b": [words] * 1000}
def call(a=words, b=wide, *, c="😀" * 10**6): "doc " * 10**6
call.__annotations__ = {"a": words}
del _
"""
    names = ("many", "keys", "deep", "wide", "words", "nested", "call")
    questions = [VARIABLES, completion("many."), completion("keys['"), completion("")]
    questions += [hover(name) for name in names] + [signature("call")]
    answers = inspect(source, *questions, gentle=gentle)
    assert max(inspect.sizes) < 130_000
    assert [answer.get("incomplete", True) for answer in answers[:4]] == [True] * 4
    assert answers[0]["omitted"] > 10_000
    assert all(answer["found"] for answer in answers[4:])


def test_from_deep_down(inspect: Inspector) -> None:
    """A program that is deep in a recursion could not be inspected."""
    answers = inspect(DATA, VARIABLES, hover("point"), completion("point."), depth=960)
    assert answers[1]["text"] == "Point(x=1, y=2.0)"
    assert "move" in labels(answers[2])


@either
def test_low_limits_and_broken_builtins(inspect: Inspector, gentle: bool) -> None:
    """Changes of user code to the interpreter would break the worker."""
    source = DATA + (
        "import builtins, sys\n"
        "builtins.len = builtins.repr = builtins.sorted = builtins.isinstance = None\n"
        "sys.modules.clear()\n"
        "getattr(sys, 'set_int_max_str_digits', id)(640)\n"
        "sys.setrecursionlimit(60)\n"
        "sys.stdout = sys.stderr = None\n"
    )
    answers = inspect(source, VARIABLES, hover("point"), gentle=gentle)
    assert answers[1]["text"] == "Point(x=1, y=2.0)"


@either
def test_modules_that_load_late(inspect: Inspector, gentle: bool) -> None:
    """Listing what a module has would import all of it."""
    source = """
import types
called = []
late = types.ModuleType("late")
def _late(name):
    called.append(name)
    raise AttributeError(name)
late.__getattr__ = _late
late.__dir__ = lambda: ["plain", "heavy"]
late.plain = 1
"""
    items, variables = inspect(source, completion("late."), VARIABLES, gentle=gentle)
    assert inspect.called == []
    assert [name for name in labels(items) if not name.startswith("_")] == (
        ["plain"] if gentle else ["heavy", "plain"]
    )
    assert [each["summary"] for each in variables["variables"] if each["name"] == "late"] == [""]


@either
def test_lone_surrogates(inspect: Inspector, gentle: bool) -> None:
    """The answer could not be sent."""
    source = (
        "odd = '\\udcff' * 3\nholder = {odd: odd}\nclass A: pass\na = A()\nsetattr(a, odd, odd)"
    )
    answers = inspect(
        source, VARIABLES, hover("odd"), completion("holder['"), completion("a."), gentle=gentle
    )
    assert answers[1]["text"] == "'\\udcff\\udcff\\udcff'"
    assert labels(answers[2]) == ["\udcff" * 3]


def test_pages_of_lists(inspect: Inspector) -> None:
    """A long list could be seen at its beginning only."""
    page = {"what": "table", "expression": "numbers", "first": 998, "count": 5}
    answer, none, variables = inspect(DATA, page, {**page, "expression": "table"}, VARIABLES)
    assert (["", "value"], [["998", "998"], ["999", "999"]], 1000) == (
        answer["columns"],
        answer["rows"],
        answer["total"],
    )
    assert {"found": False} == none
    tables = {each["name"] for each in variables["variables"] if each.get("table")}
    assert {"numbers", "pair", "named", "endless"} <= tables
    assert not {"number", "text", "table", "point"} & tables


EVALUATED = [
    ("number + 1", "6"),
    ("  sorted(table['b'])[-1] ", "3"),
    ("[*map(str, range(2))]", "['0', '1']"),
    ("print('said')", "said\n"),
    ("print('said', end='') or 5", "said\n5"),
    ("None", ""),
    ("point", "Point(x=1, y=1.0)"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("nowhere", "NameError: name 'nowhere' is not defined"),
    ("exit(3)", "SystemExit: 3"),
]


def test_evaluation(inspect: Inspector) -> None:
    """What a person asks of the program would not be what an interactive interpreter says."""
    questions = [evaluation(expression) for expression, _ in EVALUATED]
    answers = inspect(DATA + "\npoint = Point(1)\n", *questions)
    assert [text for _, text in EVALUATED] == [answer["text"] for answer in answers]
    assert [True] * 3 == [answer.get("error") for answer in answers[-3:]]
    assert "int" == answers[0]["type"]


def test_evaluation_is_bounded(inspect: Inspector) -> None:
    """An endless expression would never be answered, or a long one flood the editor."""
    endless, long = inspect(
        DATA, evaluation("[0 for _ in iter(int, 1)]", 0.05), evaluation("print('x' * 10**6)")
    )
    assert ("It took more than 0 s.", True) == (endless["text"], endless["error"])
    assert len(long["text"]) < 21_000


def test_nested_data_is_laid_out(inspect: Inspector) -> None:
    """Nested data would be one endless line."""
    (answer,) = inspect(DATA, evaluation("{'a' * 50: list(range(20)), 'b' * 50: 1}"))
    lines = answer["text"].split("\n")
    assert ("{", "}") == (lines[0], lines[-1])
    assert len(lines) == 4


def test_gentle_evaluation_only_looks_up(inspect: Inspector) -> None:
    """Where there is no fork, an expression would do something to the program itself."""
    looked_up, refused = inspect(
        DATA, evaluation("number"), evaluation("numbers.clear()"), gentle=True
    )
    assert "5" == looked_up["text"]
    assert {} == refused
